"""Laboratory results as they stand, graded by CTCAE against the patient's baseline.

Nothing is stored: results are graded whenever they are read. `trial.blood_counts` grades ICAHT from the same
rows, `trial.laboratory_scores` makes the bedside scores.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from grading.ctcae_tables import COUNTS, Term
from grading.ctcae_v5 import TERMS, grade_lab
from grading.scale import Grade
from grading.units import Analyte, convert, factor, read_spelling
from trial.calendar import day_of


class LabRow(NamedTuple):
    """One result as it stands, in its own unit; the laboratory's limits are in the same unit."""

    analyte: Analyte
    taken_at: datetime
    value: float
    unit: str
    lln: float | None = None
    uln: float | None = None
    stable_id: str = ""


class GradedRow(NamedTuple):
    """A result with its CTCAE grade; None for an analyte that CTCAE does not grade here."""

    row: LabRow
    grade: Grade[Term] | None


def baselines(rows: Iterable[LabRow], before: datetime | None) -> dict[Analyte, LabRow]:
    """The last result of each analyte before a moment; before the first infusion is known, there is none."""
    found: dict[Analyte, LabRow] = {}
    for row in rows:
        known = found.get(row.analyte)
        is_before = before is not None and row.taken_at < before
        if is_before and (known is None or row.taken_at > known.taken_at):
            found[row.analyte] = row
    return found


def grade_row(row: LabRow, baseline: LabRow | None) -> GradedRow:
    """Grade one result against its own limits and the patient's baseline."""
    if row.analyte not in TERMS:
        return GradedRow(row, None)
    before = None if row.analyte in COUNTS else in_unit_of(row, baseline)
    return GradedRow(row, _graded(row.analyte, row.value, row.unit, row.lln, row.uln, before))


def grade_rows(rows: Iterable[LabRow], known: Mapping[Analyte, LabRow]) -> list[GradedRow]:
    """Grade results in the order given; `known` are the patient's baselines."""
    return [grade_row(row, known.get(row.analyte)) for row in rows]


# Results repeat, among patients and at every look: each is graded once.
_graded = lru_cache(maxsize=1 << 16)(grade_lab)


def in_unit_of(row: LabRow, baseline: LabRow | None) -> float | None:
    """The baseline in the unit of a result; a baseline of 0 is no measure of anything."""
    if baseline is None or not baseline.value:
        return None
    if baseline.unit == row.unit:
        return baseline.value
    wanted = factor(row.analyte, read_spelling(row.analyte, row.unit))
    return float(convert(row.analyte, baseline.value, baseline.unit) / wanted)


def worst_by_day(
    graded: Iterable[GradedRow], infused_at: datetime, zone: ZoneInfo
) -> dict[tuple[Analyte, int], GradedRow]:
    """The result with the worst proved grade of each analyte and day since an infusion."""
    rising = sorted((one for one in graded if one.grade is not None), key=_rank)
    return {(one.row.analyte, day_of(one.row.taken_at, infused_at, zone)): one for one in rising}


def _rank(one: GradedRow) -> tuple[int, int]:
    return (0, 0) if one.grade is None else (one.grade.at_least, one.grade.at_most)
