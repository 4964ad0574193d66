"""What moved in a report: lines that came, went or changed, and days that stand in no table."""

from dataclasses import replace

import pytest

from charts.heat_rows import CellKind, HeatCell, HeatPanel, HeatRow
from grading.scale import Toxicity
from reports.committee_moved import moved_days, moved_tables
from reports.committee_rows import HeatGrid
from reports.committee_table import Cell, ReportTable, table_of

ROWS: list[tuple[Cell, ...]] = [("CART-001", 3, "day 2"), ("CART-004", 3, None), ("CART-004", 4, "day 9")]


def events(*rows: tuple[Cell, ...]) -> list[ReportTable]:
    return [table_of("events", "Events", ("Patient", "Grade", "From"), rows)]


@pytest.mark.parametrize(
    ("now", "moved"),
    [
        (ROWS, []),
        # One line more, between the others: it alone has moved.
        ([ROWS[0], ("CART-003", 4, "day 5"), *ROWS[1:]], [("Events", "not there", "CART-003; 4; day 5")]),
        (ROWS[1:], [("Events", "CART-001; 3; day 2", "not there")]),
        (
            [("CART-001", 4, "day 2"), ("CART-004", 3, "day 8"), ROWS[2]],
            [("Events: CART-001, Grade", "3", "4"), ("Events: CART-004, From", "not recorded", "day 8")],
        ),
        (
            [ROWS[0], ("CART-005", 3, None), ROWS[2]],
            [
                ("Events", "not there", "CART-005; 3; not recorded"),
                ("Events", "CART-004; 3; not recorded", "not there"),
            ],
        ),
    ],
)
def test_a_line_that_came_does_not_move_the_others(
    now: list[tuple[Cell, ...]], moved: list[tuple[str, str, str]]
) -> None:
    assert list(moved_tables(events(*ROWS), events(*now))) == moved


def test_a_table_of_a_patient_s_own_is_told_line_by_line() -> None:
    assert list(moved_tables([], events(ROWS[0]))) == [("Events", "not there", "CART-001; 3; day 2")]


CELL = HeatCell("CART-001", 1, 4, CellKind.GRADE, 1, 1, "")


def grid(*cells: HeatCell) -> list[HeatGrid]:
    row = HeatRow("CART-001", (HeatPanel(1, cells), HeatPanel(2, (), "no second infusion")))
    return [HeatGrid(toxicity=Toxicity.CRS, rows=(row,))]


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (replace(CELL, grade=2, at_least=2), "grade 2"),
        (replace(CELL, grade=None, at_least=2), "grade ≥2"),
        (replace(CELL, grade=None, at_least=0), "not graded"),
        (replace(CELL, kind=CellKind.GAP, grade=None, at_least=None), "no assessment"),
        (replace(CELL, kind=CellKind.DOT, grade=None, at_least=None), "nothing due"),
    ],
)
def test_a_day_of_the_heat_map_is_told_though_it_stands_in_no_table(now: HeatCell, words: str) -> None:
    assert list(moved_days(grid(CELL), grid(CELL))) == []
    assert list(moved_days(grid(CELL), grid(now))) == [
        ("CRS by day: CART-001, first infusion, day 4", "grade 1", words)
    ]


def test_a_day_that_is_gone_is_told_too() -> None:
    assert list(moved_days(grid(CELL), grid())) == [
        ("CRS by day: CART-001, first infusion, day 4", "grade 1", "not there")
    ]
