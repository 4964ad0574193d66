"""The tables behind the pictures of grades and rates; every number unfolds its patients."""

from collections.abc import Sequence

from pages.committee.safety_parts.tables import who
from pages.parts import tiles
from trial.safety_rows import GRADES
from trial.safety_worst import GradedRow


def grade_row_table(caption: str, rows: Sequence[GradedRow], grades: Sequence[int] = (1, 2, 3)) -> str:
    """A line for each row: the counts by grade, who is not graded, whose window is open, the rates."""
    heads = (
        "",
        *(f"Grade {grade}" for grade in GRADES),
        "Not graded",
        "Complete",
        "Open",
        *(f"Grade ≥{grade}" for grade in grades),
    )
    body = [
        [
            tiles.cell(row.label),
            *(who(codes) for codes in row.by_grade),
            who(row.not_graded),
            tiles.cell(str(len(row.complete))),
            who(row.pending),
            *(_rate(row, grade) for grade in grades),
        ]
        for row in rows
    ]
    return tiles.table(f"{caption}; a number opens its patients", heads, body, numbers=True)


def _rate(row: GradedRow, grade: int) -> str:
    rate = tiles.cell(row.rate(grade).in_words)
    early = row.early_from(grade)
    return rate + (tiles.cell(" early: ") + who(early) if early else "")
