"""The pictures by day as tables, for screen readers, keyboard and paper: the grid, the shares, the key."""

from collections.abc import Sequence
from typing import Final

from charts.day_columns import INFUSION_WORDS
from charts.day_shares import DayShare
from charts.heat_rows import CellKind, HeatCell, HeatPanel, HeatRow
from grading.scale import Toxicity
from pages.committee.safety_parts.links import patient_link, patient_links, unfolds
from pages.committee.safety_parts.opened import Day, day_address
from pages.committee.safety_parts.view import View
from pages.parts import tiles
from pages.parts.wording import infusion_words, sentence_case
from trial.safety_rows import GRADES

KEY_WORDS: Final = ("none", "grade 1", "grade 2", "grade 3", "grade 4", "death")


def key() -> str:
    """All six tiles, hatching, and what is not settled."""
    shown = [
        *((tiles.grade_tile(grade, grade), words) for grade, words in enumerate(KEY_WORDS)),
        (tiles.grade_tile(None, None), "no assessment"),
        (tiles.grade_tile(None, 0), "not graded yet"),
        (tiles.grade_tile(None, 3), "not settled: at least 3"),
    ]
    pairs = [
        tiles.piece("span", tile, tiles.piece("span", text=words), classes="vigil-key-pair")
        for tile, words in shown
    ]
    return tiles.piece("div", *pairs, classes="vigil-key")


def grid_tables(view: View, toxicity: Toxicity, rows: Sequence[HeatRow]) -> str:
    """Patients as rows, days as columns; each cell opens its day, each name its patient."""
    return "".join(_grid_table(view, toxicity, rows, number) for number in view.filter.infusions)


def _grid_table(view: View, toxicity: Toxicity, rows: Sequence[HeatRow], number: int) -> str:
    days = range(view.window + 1)
    body = [
        [patient_link(row.study_code), *_panel(view, toxicity, row.panels[number - 1], len(days))]
        for row in rows
    ]
    caption = f"{toxicity.label} after the {infusion_words(number)}: worst grade by day since the infusion"
    table = tiles.table(caption, ("Patient", *(str(day) for day in days)), body, numbers=True)
    return tiles.piece("div", table, classes="vigil-heat-table")


def _panel(view: View, toxicity: Toxicity, panel: HeatPanel, days: int) -> list[str]:
    if panel.note:
        return [tiles.piece("span", text=panel.note, classes="vigil-heat-note"), *[""] * (days - 1)]
    return [_cell(view, toxicity, cell) for cell in panel.cells]


def _cell(view: View, toxicity: Toxicity, cell: HeatCell) -> str:
    if cell.kind is CellKind.DOT:
        return tiles.piece("span", text="·", role="img", aria_label=cell.words.partition(": ")[2])
    tile = tiles.grade_tile(cell.grade, cell.at_least, toxicity=toxicity.label, small=True)
    address = day_address(view, Day(toxicity, cell.study_code, cell.number, cell.day))
    return tiles.piece(
        "a", tile, href=address, target="_self", aria_label=cell.words, classes="vigil-heat-link"
    )


def share_table(toxicity: Toxicity, shares: Sequence[DayShare]) -> str:
    """How many patients at each worst grade, by day; days on which somebody was assessed."""
    rows = [
        [
            tiles.cell(f"{sentence_case(INFUSION_WORDS[share.number])}, day {share.day}"),
            *(who(share.by_grade[grade], share.number) for grade in GRADES),
            who(share.ungraded, share.number),
            tiles.cell(str(share.assessed)),
        ]
        for share in shares
        if share.assessed
    ]
    heads = ("Day", *(f"Grade {grade}" for grade in GRADES), "Not graded", "Assessed")
    caption = f"{toxicity.label}: patients by worst grade of the day; a number opens its patients"
    return tiles.table(caption, heads, rows, numbers=True)


def who(codes: Sequence[str], number: int | None = None) -> str:
    """A number that unfolds its patients; 0 unfolds nothing."""
    return unfolds(str(len(codes)), patient_links(codes, number)) if codes else tiles.cell("0")
