"""What later changes of the data moved in a report, at its own cut-off."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from charts.heat_rows import CellKind, HeatCell
from reports.committee_rows import HeatGrid
from reports.committee_table import ORDINALS, Cell, ReportTable

Moved = tuple[str, str, str]
"""What it is, what the report says, what it would say now."""

_NOT_THERE: Final = "not there"
_Row = tuple[Cell, ...]


def moved_tables(then: Sequence[ReportTable], now: Sequence[ReportTable]) -> Iterator[Moved]:
    """Each figure that differs; a line that came or went is told whole."""
    before = {table.name: table.rows for table in then}
    for table in now:
        old = before.get(table.name, ())
        for kind, *places in SequenceMatcher(None, old, table.rows, autojunk=False).get_opcodes():
            if kind != "equal":
                from_old, to_old, from_new, to_new = places
                yield from _moved_rows(table, old[from_old:to_old], table.rows[from_new:to_new])


def _moved_rows(table: ReportTable, old: Sequence[_Row], new: Sequence[_Row]) -> Iterator[Moved]:
    """Lines of the same first cell are compared cell by cell, the others have come or gone."""
    left = list(old)
    for row in new:
        match = next((one for one in left if one[0] == row[0]), None)
        if match is None:
            yield (table.title, _NOT_THERE, _line(row))
            continue
        left.remove(match)
        for head, before, after in zip(table.heads, match, row, strict=True):
            if before != after:
                yield (f"{table.title}: {row[0]}, {head}", _shown(before), _shown(after))
    for row in left:
        yield (table.title, _line(row), _NOT_THERE)


def moved_days(then: Sequence[HeatGrid], now: Sequence[HeatGrid]) -> Iterator[Moved]:
    """Each day of the heat maps that differs: most of them are in no table."""
    before, after = _days(then), _days(now)
    for key in dict.fromkeys((*before, *after)):
        old, new = before.get(key, _NOT_THERE), after.get(key, _NOT_THERE)
        if old != new:
            toxicity, code, number, day = key
            yield (f"{toxicity} by day: {code}, {ORDINALS[number]} infusion, day {day}", old, new)


def _days(grids: Sequence[HeatGrid]) -> dict[tuple[str, str, int, int], str]:
    return {
        (grid.toxicity.label, row.study_code, panel.number, cell.day): _cell_words(cell)
        for grid in grids
        for row in grid.rows
        for panel in row.panels
        for cell in panel.cells
    }


def _cell_words(cell: HeatCell) -> str:
    if cell.kind is CellKind.GAP:
        return "no assessment"
    if cell.kind is CellKind.DOT:
        return "nothing due"
    return "not graded" if cell.text == "?" else f"grade {cell.text}"


def _line(row: _Row) -> str:
    return "; ".join(_shown(cell) for cell in row)


def _shown(value: Cell) -> str:
    return "not recorded" if value is None else str(value)
