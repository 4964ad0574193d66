"""Temperature and ICE of each patient by day: the highest temperature and the lowest ICE of the day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import Session, col

from db.models import Assessment
from db.queries.committee import CommitteePatient
from trial.calendar import day_of

_ICE_ITEMS: Final = ("ice_orientation", "ice_naming", "ice_commands", "ice_writing", "ice_attention")


@dataclass(frozen=True, slots=True)
class SignsCourse:
    """The signs after one infusion, by days since it; a day without a value is not in it."""

    code: str
    number: int
    temperature_c: Mapping[int, float] = field(hash=False)
    ice_score: Mapping[int, int] = field(hash=False)


def load_signs(
    session: Session, patients: Iterable[CommitteePatient], last_day: int, zone: ZoneInfo
) -> tuple[SignsCourse, ...]:
    """The signs of these patients, as of their cut-off, from day 0 to the last day asked for."""
    courses = {
        infusion.id: (patient.study_code, infusion) for patient in patients for infusion in patient.infusions
    }
    until = {
        infusion_id: max((day for days in infusion.days.values() for day in days), default=-1)
        for infusion_id, (_, infusion) in courses.items()
    }
    hottest: dict[int, dict[int, float]] = {infusion_id: {} for infusion_id in courses}
    lowest: dict[int, dict[int, int]] = {infusion_id: {} for infusion_id in courses}
    for infusion_id, at, temperature_c, ice in _rows(session, sorted(courses)):
        day = day_of(at, courses[infusion_id][1].infused_at, zone)
        if not 0 <= day <= min(last_day, until[infusion_id]):
            continue
        if temperature_c is not None:
            of_day = hottest[infusion_id]
            of_day[day] = max(of_day.get(day, temperature_c), temperature_c)
        if ice is not None:
            lowest[infusion_id][day] = min(lowest[infusion_id].get(day, ice), ice)
    return tuple(
        SignsCourse(code, infusion.number, hottest[infusion_id], lowest[infusion_id])
        for infusion_id, (code, infusion) in courses.items()
    )


def _rows(session: Session, infusion_ids: list[int]) -> list[tuple[int, datetime, float | None, int | None]]:
    """(infusion, observed, temperature, ICE score) of the assessments that stand."""
    items = [getattr(Assessment, name) for name in _ICE_ITEMS]
    query: Any = select(
        col(Assessment.infusion_id),
        col(Assessment.assessed_at),
        col(Assessment.temperature_c),
        col(Assessment.ice_score),
        *items,
    ).where(
        col(Assessment.infusion_id).in_(infusion_ids),
        col(Assessment.superseded_at).is_(None),
        col(Assessment.status) == "recorded",
    )
    return [
        (infusion_id, at, temperature_c, _ice(score, scored))
        for infusion_id, at, temperature_c, score, *scored in session.connection().execute(query)
    ]


def _ice(score: int | None, items: list[int | None]) -> int | None:
    """The score as given, else the sum where every item is scored."""
    if score is not None:
        return score
    return None if None in items else sum(item or 0 for item in items)
