"""The worst grade of each of the hospital's days, kept in `patient_day` and rebuildable from the grades."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, bindparam, delete, insert, select, update
from sqlmodel import Session

from db.models import Record
from grading.scale import Toxicity
from trial.calendar import day_of

_DAYS: Final = Record.metadata.tables["patient_day"]
_FROM_ON: Final = select(_DAYS).where(
    _DAYS.c.infusion_id == bindparam("of_infusion"), _DAYS.c.on_date >= bindparam("from_on")
)
_INSERT: Final = insert(_DAYS)
_DELETE: Final = delete(_DAYS).where(_DAYS.c.id == bindparam("row_id"))
_UPDATE: Final = update(_DAYS).where(_DAYS.c.id == bindparam("row_id"))


@dataclass(frozen=True, slots=True)
class DayGrade:
    """One grade of one assessment, as a day's worst is taken from it."""

    assessed_at: datetime
    scale: Toxicity
    grade: int | None
    at_least: int


@dataclass(frozen=True, slots=True)
class WorstOfDay:
    """The worst proved grade of one toxicity on one date of the hospital.

    `settled` where an assessment of the day is settled at that worst: only then is it shown without
    "at least", and a worst of 0 as 0 (clinical rules, section 3).
    """

    scale: Toxicity
    on_date: date
    days_since_infusion: int
    worst_at_least: int
    settled: bool
    assessments: int


def worst_of_days(grades: Iterable[DayGrade], infused_at: datetime, zone: ZoneInfo) -> list[WorstOfDay]:
    """Both toxicities of each day that has an assessment, by scale and date."""

    def day(one: DayGrade) -> tuple[Toxicity, date]:
        return one.scale, one.assessed_at.astimezone(zone).date()

    return [
        _worst(scale, on_date, list(of_day), infused_at, zone)
        for (scale, on_date), of_day in groupby(sorted(grades, key=day), key=day)
    ]


def rewrite_days(
    session: Session, infusion_id: int, worst: Iterable[WorstOfDay], from_on: date | None
) -> int:
    """Make the stored days from `from_on` on (None: all) equal to `worst`; returns how many rows changed."""
    wanted = {(one.scale.value, one.on_date): one for one in worst}
    stored = _load(session, infusion_id, from_on)
    gone = [{"row_id": row_id} for key, (row_id, _) in stored.items() if key not in wanted]
    new = [_values(one) | {"infusion_id": infusion_id} for key, one in wanted.items() if key not in stored]
    other = [
        _values(wanted[key]) | {"row_id": row_id}
        for key, (row_id, one) in stored.items()
        if key in wanted and wanted[key] != one
    ]
    connection = session.connection()
    for statement, rows in ((_DELETE, gone), (_UPDATE, other), (_INSERT, new)):
        if rows:
            connection.execute(statement, rows)
    return len(gone) + len(other) + len(new)


def _worst(
    scale: Toxicity, on_date: date, grades: list[DayGrade], infused_at: datetime, zone: ZoneInfo
) -> WorstOfDay:
    worst = max(one.at_least for one in grades)
    return WorstOfDay(
        scale=scale,
        on_date=on_date,
        days_since_infusion=day_of(grades[0].assessed_at, infused_at, zone),
        worst_at_least=worst,
        settled=any(one.grade == worst for one in grades),
        assessments=len(grades),
    )


def _load(
    session: Session, infusion_id: int, from_on: date | None
) -> dict[tuple[str, date], tuple[int, WorstOfDay]]:
    values = {"of_infusion": infusion_id, "from_on": from_on or date.min}
    rows = session.connection().execute(_FROM_ON, values).mappings()
    return {(row["scale"], row["on_date"]): (row["id"], _as_worst(row)) for row in rows}


def _as_worst(row: RowMapping) -> WorstOfDay:
    return WorstOfDay(
        scale=Toxicity(row["scale"]),
        on_date=row["on_date"],
        days_since_infusion=row["days_since_infusion"],
        worst_at_least=row["worst_at_least"],
        settled=row["settled"],
        assessments=row["assessments"],
    )


def _values(one: WorstOfDay) -> dict[str, object]:
    return {
        "scale": one.scale.value,
        "on_date": one.on_date,
        "days_since_infusion": one.days_since_infusion,
        "worst_at_least": one.worst_at_least,
        "settled": one.settled,
        "assessments": one.assessments,
    }
