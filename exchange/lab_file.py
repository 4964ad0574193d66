"""The laboratory file: one row for each result, read row by row; what is refused is listed, never guessed."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from actions.lab_imports import LabLine
from db.inputs import Problem
from db.inputs_lab import COLUMNS, LabResultIn
from exchange.rejected import RejectedRow
from exchange.tables import Table, open_table
from grading.units import Analyte
from trial.laboratory import LabRow

REQUIRED: Final = ("patient_id", "taken_at", "analyte", "value", "unit")
Progress = Callable[[float], None]
_Place = tuple[Analyte, datetime]


@dataclass(frozen=True, slots=True)
class LoadedLabs:
    """The rows that stand, by study code in the order of the file; those refused; identical ones left out."""

    by_patient: Mapping[str, Sequence[LabLine]]
    rejected: list[RejectedRow]
    repeated: int


def load_lab_file(path: Path, *, progress: Progress | None = None) -> LoadedLabs:
    """Read a whole file. Raises FileProblem where it cannot be read at all."""
    rejected: list[RejectedRow] = []
    by_patient: defaultdict[str, list[LabLine]] = defaultdict(list)
    with open_table(path, COLUMNS, REQUIRED) as table:
        for line, typed in _typed_rows(table, rejected, progress):
            entry, problems = LabResultIn.check(typed)
            if entry is None:
                found = (Problem(one.field, typed.get(one.field, ""), one.sentence) for one in problems)
                rejected.append(RejectedRow(line, tuple(found)))
            else:
                by_patient[entry.patient_id].append(LabLine(line, entry.row))
    repeated = 0
    kept: dict[str, Sequence[LabLine]] = {}
    for code, lines in by_patient.items():
        kept[code], again = _judge_together(lines, rejected)
        repeated += again
    return LoadedLabs(kept, rejected, repeated)


def _typed_rows(
    table: Table, rejected: list[RejectedRow], progress: Progress | None
) -> Iterator[tuple[int, dict[str, str]]]:
    for batch in table.batches():
        for line, cells in zip(batch.lines, batch.rows, strict=True):
            if len(cells) == len(table.columns):
                yield line, dict(zip(table.columns, cells, strict=True))
                continue
            sentence = f"The row has {len(cells)} cells and the header has {len(table.columns)}."
            rejected.append(RejectedRow(line, (Problem("", None, f"{sentence} Check its commas."),)))
        if progress:
            progress(table.fraction_read)


def _judge_together(lines: Sequence[LabLine], rejected: list[RejectedRow]) -> tuple[list[LabLine], int]:
    """Identical rows of one analyte and moment count once; different ones are all refused."""
    by_place: defaultdict[_Place, list[LabLine]] = defaultdict(list)
    for line in lines:
        by_place[line.row.analyte, line.row.taken_at].append(line)
    kept: list[LabLine] = []
    repeated = 0
    for group in by_place.values():
        if all(line.row == group[0].row for line in group):
            kept.append(group[0])
            repeated += len(group) - 1
        else:
            rejected += [_differing(line, group) for line in group]
    return kept, repeated


def _differing(line: LabLine, group: Sequence[LabLine]) -> RejectedRow:
    other = group[1] if line is group[0] else group[0]
    sentence = f"Line {other.line} has the same analyte at the same time with other values. Keep one."
    return RejectedRow(line.line, (Problem("value", _shown(line.row), sentence),))


def _shown(row: LabRow) -> str:
    return f"{row.value:.15g}"
