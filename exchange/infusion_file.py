"""The infusion file: one row for each infusion, with what is known of the patient."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from actions.imports import InfusionRow
from db.inputs import InfusionIn, PatientIn, Problem
from exchange.rejected import RejectedRow
from exchange.tables import open_table

COLUMNS: Final = (
    "patient_id",
    "infusion_number",
    "infused_at",
    "sex",
    "age_years",
    "weight_kg",
    "dose_cells_per_kg",
    "lot",
    "baseline_ice",
)
REQUIRED: Final = ("patient_id", "infusion_number", "infused_at")
_OF_PATIENT: Final = ("sex", "age_years")


@dataclass(frozen=True, slots=True)
class LoadedInfusions:
    """The rows that stand, those that were refused, and how many identical ones were left out."""

    rows: list[InfusionRow]
    rejected: list[RejectedRow]
    repeated: int


def load_infusion_file(path: Path) -> LoadedInfusions:
    """Read a whole file. Raises FileProblem where it cannot be read at all."""
    rows: list[InfusionRow] = []
    rejected: list[RejectedRow] = []
    with open_table(path, COLUMNS, REQUIRED) as table:
        for batch in table.batches():
            for line, cells in zip(batch.lines, batch.rows, strict=True):
                if len(cells) != len(table.columns):
                    sentence = f"The row has {len(cells)} cells and the header has {len(table.columns)}."
                    rejected.append(RejectedRow(line, (Problem("", None, f"{sentence} Check its commas."),)))
                    continue
                typed = dict(zip(table.columns, cells, strict=True))
                row, problems = _read_row(line, typed)
                if row is None:
                    rejected.append(RejectedRow(line, problems))
                else:
                    rows.append(row)
    return _judge_together(rows, rejected)


def _read_row(line: int, typed: Mapping[str, str]) -> tuple[InfusionRow | None, tuple[Problem, ...]]:
    of_infusion = {name: text for name, text in typed.items() if name not in _OF_PATIENT}
    of_patient = {name: typed[name] for name in _OF_PATIENT if name in typed}
    infusion, problems = InfusionIn.check(of_infusion)
    patient, more = PatientIn.check({"study_code": typed["patient_id"], **of_patient})
    if infusion is not None and patient is not None:
        return InfusionRow(line, patient, infusion), ()
    # What is wrong with the code is said once, under the name of its column.
    more = [one for one in more if one.field != "study_code"]
    found = [Problem(one.field, typed.get(one.field, ""), one.sentence) for one in (*problems, *more)]
    return None, tuple(found)


def _judge_together(rows: list[InfusionRow], rejected: list[RejectedRow]) -> LoadedInfusions:
    """Identical rows count once; different ones for one infusion are both refused."""
    by_infusion: defaultdict[tuple[str, int], list[InfusionRow]] = defaultdict(list)
    for row in rows:
        by_infusion[row.infusion.patient_id, row.infusion.infusion_number].append(row)
    kept: list[InfusionRow] = []
    repeated = 0
    for group in by_infusion.values():
        first = group[0]
        if all((row.patient, row.infusion) == (first.patient, first.infusion) for row in group):
            kept.append(first)
            repeated += len(group) - 1
        else:
            rejected += _differing(group)
    return LoadedInfusions(kept, rejected, repeated)


def _differing(group: list[InfusionRow]) -> Iterator[RejectedRow]:
    for row in group:
        other = group[1] if row is group[0] else group[0]
        sentence = f"Line {other.line} has the same infusion with other values. Keep one."
        number = str(row.infusion.infusion_number)
        yield RejectedRow(row.line, (Problem("infusion_number", number, sentence),))
