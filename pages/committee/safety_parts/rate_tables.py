"""The tables behind the pictures of grades and rates; every number unfolds its patients."""

from collections.abc import Sequence

from pages.committee.safety_parts.tables import who
from pages.committee.safety_parts.view import View
from pages.parts import tiles
from pages.parts.wording import infusion_words
from trial.reference_rates import REFERENCE_RATES
from trial.safety_rows import GRADES, Course
from trial.safety_worst import GradedRow, Shift, worst_grades


def grade_row_table(caption: str, rows: Sequence[GradedRow], grades: Sequence[int] = (1, 2, 3)) -> str:
    """The counts by grade, who is not graded and whose window is open; then the rates."""
    return _count_table(caption, rows) + _rate_table(rows, grades)


def _count_table(caption: str, rows: Sequence[GradedRow]) -> str:
    heads = ("", *(f"Grade {grade}" for grade in GRADES), "Not graded", "Complete", "Open")
    body = [
        [
            tiles.cell(row.label),
            *(who(codes) for codes in row.by_grade),
            who(row.not_graded),
            tiles.cell(str(len(row.complete))),
            who(row.pending),
        ]
        for row in rows
    ]
    return tiles.table(f"{caption}; a number opens its patients", heads, body, numbers=True)


def _rate_table(rows: Sequence[GradedRow], grades: Sequence[int]) -> str:
    heads = ("", *(f"Grade {grade} or more" for grade in grades))
    body = [[tiles.cell(row.label), *(_rate(row, grade) for grade in grades)] for row in rows]
    return tiles.table("Rates of the complete patients with 95 % limits", heads, body, numbers=True)


def _rate(row: GradedRow, grade: int) -> str:
    rate = tiles.piece("div", text=row.rate(grade).in_words)
    early = row.early_from(grade)
    return rate + (tiles.piece("div", tiles.cell("early: "), who(early)) if early else "")


def shift_tables(shifts: Sequence[Shift]) -> str:
    """One table for each toxicity: rows are the first infusion, columns the second and "infused once"."""
    return "".join(_shift_table(shift) for shift in shifts)


def _shift_table(shift: Shift) -> str:
    firsts = list(dict.fromkeys(cell.first for cell in shift.cells))
    seconds = list(dict.fromkeys(cell.second for cell in shift.cells))
    cells = {(cell.first, cell.second): cell for cell in shift.cells}
    once = dict(shift.waiting)
    rows = [
        [
            tiles.cell(f"First: {_grade(first)}"),
            *(_shift_cell(cells[first, second].codes, cells[first, second].is_barred) for second in seconds),
            who(once[first]),
        ]
        for first in firsts
    ]
    heads = ("", *(f"Second: {_grade(second)}" for second in seconds), "Infused once")
    caption = f"{shift.toxicity.label}: {shift.twice} infused twice; a number opens its patients"
    return tiles.table(caption, heads, rows, numbers=True)


def _shift_cell(codes: Sequence[str], is_barred: bool) -> str:
    return tiles.cell("barred") if is_barred and not codes else who(codes)


def _grade(grade: int | None) -> str:
    return "not graded" if grade is None else f"grade {grade}"


def reference_table(view: View, graded: Sequence[Course]) -> str:
    """This trial's rates and the published ones with source, scale and number of patients."""
    rows = [
        [
            tiles.cell(f"{toxicity.label}, {infusion_words(number)}"),
            *(_rate(row, grade) for grade in (1, 3)),
            tiles.cell("ASTCT 2019"),
            tiles.cell("this trial, complete patients"),
        ]
        for toxicity in view.filter.toxicities
        for number in view.filter.infusions
        for row in [worst_grades(graded, toxicity, number, view.window)]
    ]
    rows += [
        [
            tiles.cell(f"{one.toxicity.label}, {one.study}"),
            tiles.cell(one.words(one.any_percent)),
            tiles.cell(one.words(one.from_3_percent)),
            tiles.cell(one.scale),
            tiles.cell(one.source),
        ]
        for one in REFERENCE_RATES
        if one.toxicity in view.filter.toxicities
    ]
    heads = ("", "Any grade", "Grade 3 or more", "Scale", "Source")
    return tiles.table("Rates with 95 % limits", heads, rows, numbers=True)
