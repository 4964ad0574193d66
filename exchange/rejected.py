"""Rows of a file that were refused, and the list in which a person finds them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from db.inputs import Problem
from exchange.tables import neutralise, writing_table
from grading.settings import DEFAULT_SETTINGS

REJECTED_COLUMNS: Final = ("line", "column", "value", "problem")


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One row that was refused: the line it begins on, and everything to put right in it.

    urgent  it names a vasopressor, oxygen or fever: a sick patient may be behind it, so it is listed first
    """

    line: int
    problems: tuple[Problem, ...]
    urgent: bool = False


def rejected_path(of: Path) -> Path:
    """Where the rejected rows of a file are listed: `graded.rejected.csv` beside `graded.csv`."""
    return of.with_name(f"{of.stem}.rejected.csv")


def write_rejected(path: Path, rows: Iterable[RejectedRow]) -> None:
    """Write the list; a header alone where nothing was refused."""
    with writing_table(path, REJECTED_COLUMNS) as table:
        table.writerows(rejected_lines(rows))


def rejected_lines(rows: Iterable[RejectedRow]) -> Iterator[tuple[object, ...]]:
    """A line of the list for each problem: urgent rows first, then by line of the file."""
    for row in sorted(rows, key=lambda row: (not row.urgent, row.line)):
        for problem in row.problems:
            value = neutralise("" if problem.value is None else str(problem.value))
            yield row.line, neutralise(problem.field), value, problem.sentence


def names_a_sign(typed: Mapping[str, str]) -> bool:
    """Whether a row, readable or not, names a vasopressor, oxygen or fever."""
    if typed.get("vasopressors", "").strip() not in ("", "none"):
        return True
    if typed.get("oxygen_device", "").strip() not in ("", "room_air"):
        return True
    return (
        _number(typed.get("oxygen_l_per_min", "")) > 0
        or _number(typed.get("temperature_c", "")) >= DEFAULT_SETTINGS.fever_c
    )


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return -1.0
