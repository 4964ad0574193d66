"""A table of the committee's report: what every file of it is made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import TypeAdapter

ORDINALS: Final = {1: "first", 2: "second"}
INFUSIONS: Final = tuple(ORDINALS)
_FIRST: Final = ("overview", "completeness", "rule_", "grade_3_events", "deaths")

Cell = str | int | float | None


class Part(StrEnum):
    """The open part is for everyone on the committee's list; the closed part holds efficacy."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """One table. `name` is short enough for a sheet of a workbook; None in a row is "not recorded"."""

    name: str
    title: str
    part: Part
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    @property
    def comes_first(self) -> bool:
        """Whether it is of the numbers that a member reads before any picture."""
        return self.name.startswith(_FIRST)


_ADAPTER: Final = TypeAdapter(tuple[ReportTable, ...])


def tables_to_json(tables: Sequence[ReportTable]) -> Any:  # noqa: ANN401 -- JSON
    """The tables as JSON values."""
    return _ADAPTER.dump_python(tuple(tables), mode="json")


def tables_from_json(stored: Any) -> tuple[ReportTable, ...]:  # noqa: ANN401 -- JSON
    """The tables again, equal to what was stored."""
    return _ADAPTER.validate_python(stored)


def table_of(
    name: str,
    title: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    note: str = "",
    part: Part = Part.OPEN,
) -> ReportTable:
    """A table from any rows."""
    cells = tuple(tuple(row) for row in rows)
    return ReportTable(name=name, title=title, part=part, heads=tuple(heads), rows=cells, note=note)
