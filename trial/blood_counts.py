"""Neutrophils after an infusion: the lowest of each day, and early and late ICAHT with what ends them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from grading.icaht import LATE_DAYS, Icaht, grade_early, grade_late
from grading.scale import Grade
from grading.spells import lowest_by_day
from grading.units import Analyte, convert
from trial.calendar import day_of
from trial.laboratory import LabRow
from trial.treatments import Treatment, lymphodepletion_at, next_therapy_at


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCourse:
    """What the grading of blood counts needs to know of a patient beside the counts.

    infused_at      infusion number -> its time
    died_on         the hospital's date of the death
    progressed_on   of the first progression or relapse
    left_on         of withdrawal, or when the patient was lost to follow-up
    new_therapy_on  of the first new lymphoma therapy
    """

    infused_at: Mapping[int, datetime]
    treatments: Sequence[Treatment] = ()
    died_on: date | None = None
    progressed_on: date | None = None
    left_on: date | None = None
    new_therapy_on: date | None = None


class IcahtGrades(NamedTuple):
    """Early and late ICAHT after one infusion: two grades, never one.

    next_therapy_day  ends both windows: the next lymphodepletion, else the next infusion, or a new therapy
    last_day          ends the late window: death, progression, or the last follow-up
    """

    early: Grade[Icaht]
    late: Grade[Icaht]
    next_therapy_day: int | None = None
    last_day: int | None = None


def baseline_before(course: TrialCourse, lymphodepletion_days: int) -> datetime | None:
    """The moment that ends the time before treatment: the first lymphodepletion, else the first infusion."""
    first = course.infused_at.get(1)
    if first is None:
        return None
    return lymphodepletion_at(course.treatments, first, lymphodepletion_days) or first


def lowest_anc_by_day(rows: Iterable[LabRow], infused_at: datetime, zone: ZoneInfo) -> dict[int, float]:
    """The lowest neutrophil count of each day since an infusion, in cells/uL; days before it are negative."""
    return lowest_by_day(
        (day_of(row.taken_at, infused_at, zone), _cells_per_ul(row.value, row.unit))
        for row in rows
        if row.analyte is Analyte.ANC
    )


@lru_cache(maxsize=1 << 14)
def _cells_per_ul(value: float, unit: str) -> float:
    return float(convert(Analyte.ANC, value, unit) * 1000)


def grade_icaht(
    rows: Iterable[LabRow],
    course: TrialCourse,
    number: int,
    *,
    now: datetime,
    zone: ZoneInfo,
    lymphodepletion_days: int,
) -> IcahtGrades:
    """Early and late ICAHT after one infusion, as far as they are known now.

    The lymphodepletion of the second infusion, else that infusion, or a new therapy ends both windows of the
    first; a death too; progression, withdrawal and loss to follow-up end the late one.
    """
    infused_at = course.infused_at[number]
    counts = lowest_anc_by_day(rows, infused_at, zone)
    therapy_day = _next_therapy_day(course, number, zone, lymphodepletion_days)
    died_day = _day(course.died_on, infused_at, zone)
    ends = (died_day, _day(course.progressed_on, infused_at, zone), _day(course.left_on, infused_at, zone))
    last_day = min((day for day in ends if day is not None), default=None)
    today = day_of(now, infused_at, zone)
    is_over = any(day is not None and day <= today for day in (last_day, therapy_day))
    return IcahtGrades(
        early=grade_early(counts, died_day, therapy_day),
        late=grade_late(counts, last_day, therapy_day, still_observed=not is_over and today <= LATE_DAYS[1]),
        next_therapy_day=therapy_day,
        last_day=last_day,
    )


def _next_therapy_day(
    course: TrialCourse, number: int, zone: ZoneInfo, lymphodepletion_days: int
) -> int | None:
    infused_at = course.infused_at[number]
    began = next_therapy_at(
        course.treatments, infused_at, course.infused_at.get(number + 1), lymphodepletion_days
    )
    days = (
        None if began is None else day_of(began, infused_at, zone),
        _day(course.new_therapy_on, infused_at, zone),
    )
    return min((day for day in days if day is not None), default=None)


def _day(on: date | None, infused_at: datetime, zone: ZoneInfo) -> int | None:
    """Days since the infusion; what happened before it ends nothing after it."""
    day = None if on is None else (on - infused_at.astimezone(zone).date()).days
    return None if day is None or day < 0 else day
