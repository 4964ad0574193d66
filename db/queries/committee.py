"""What the committee's safety page reads day by day: everyone, infused or not, with the worst of each day."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from db.models import Assessment, Grade, Infusion, Patient, PatientDay, Stay
from db.queries.committee_deaths import load_deaths
from db.queries.skips import load_skips
from grading.scale import Toxicity
from trial.calendar import StayKind, StayPeriod
from trial.due import SkippedSlot, newest_skips

EVENT_GRADE = 3
"""From this proved grade on, the committee is shown an event of its own."""


@dataclass(frozen=True, slots=True)
class WorstOfDay:
    """The worst proved grade of one day of the hospital; `settled` False is shown as "at least"."""

    on_date: date
    worst_at_least: int
    settled: bool
    assessments: int

    @property
    def grade(self) -> int | None:
        """The grade to show, None where only "at least" can be said."""
        return self.worst_at_least if self.settled else None

    @property
    def is_graded(self) -> bool:
        """Whether anything is proved: False is "not graded yet"."""
        return self.settled or self.worst_at_least > 0


@dataclass(frozen=True, slots=True)
class CommitteeInfusion:
    """One infusion with its days (days since infusion -> worst) of each toxicity, and what was skipped."""

    id: int
    number: int
    infused_at: datetime
    days: Mapping[Toxicity, Mapping[int, WorstOfDay]]
    skipped: tuple[SkippedSlot, ...]

    @property
    def highest(self) -> int:
        """The highest proved grade of either toxicity."""
        return max((day.worst_at_least for days in self.days.values() for day in days.values()), default=0)


@dataclass(frozen=True, slots=True)
class CommitteePatient:
    """One enrolled patient; infusions by number."""

    study_code: str
    withdrawn_at: datetime | None
    died_at: datetime | None
    stays: tuple[StayPeriod, ...]
    infusions: tuple[CommitteeInfusion, ...]

    def infusion(self, number: int) -> CommitteeInfusion | None:
        """The first or second infusion, or None."""
        return next((one for one in self.infusions if one.number == number), None)

    def ended_at(self, infusion: CommitteeInfusion) -> datetime | None:
        """What ends the monitoring after this infusion: death, withdrawal or the next infusion."""
        later = [other.infused_at for other in self.infusions if other.number > infusion.number]
        ends = [at for at in (self.died_at, self.withdrawn_at, *later) if at is not None]
        return min(ends, default=None)


def load_committee(session: Session, zone: ZoneInfo) -> tuple[CommitteePatient, ...]:
    """Every enrolled patient by study code, in a fixed number of queries."""
    infusions = _infusions(session)
    stays = _stays(session)
    deaths = load_deaths(session, zone)
    query = (
        select(_id(Patient.id), col(Patient.study_code), col(Patient.withdrawn_at))
        .where(col(Patient.enrolled_at).is_not(None))
        .order_by(col(Patient.study_code))
    )
    rows = session.connection().execute(query)
    return tuple(
        CommitteePatient(
            study_code=code,
            withdrawn_at=withdrawn_at,
            died_at=deaths[patient_id].at if patient_id in deaths else None,
            stays=tuple(stays[patient_id]),
            infusions=tuple(infusions[patient_id]),
        )
        for patient_id, code, withdrawn_at in rows
    )


def as_of(patient: CommitteePatient, cut_off: datetime, zone: ZoneInfo) -> CommitteePatient:
    """The patient as the days up to a cut-off show it, the day of the cut-off included."""
    return replace(
        patient,
        withdrawn_at=_by(patient.withdrawn_at, cut_off),
        died_at=_by(patient.died_at, cut_off),
        stays=tuple(stay for stay in patient.stays if stay.from_at <= cut_off),
        infusions=tuple(
            _infusion_as_of(one, cut_off, zone) for one in patient.infusions if one.infused_at <= cut_off
        ),
    )


def _by(at: datetime | None, cut_off: datetime) -> datetime | None:
    return at if at is not None and at <= cut_off else None


def _infusion_as_of(infusion: CommitteeInfusion, cut_off: datetime, zone: ZoneInfo) -> CommitteeInfusion:
    last_on = cut_off.astimezone(zone).date()
    days = {
        scale: {day: worst for day, worst in of_scale.items() if worst.on_date <= last_on}
        for scale, of_scale in infusion.days.items()
    }
    skipped = tuple(skip for skip in infusion.skipped if skip.due_at <= cut_off)
    return replace(infusion, days=days, skipped=skipped)


def infusions_with_events(session: Session) -> list[int]:
    """The infusions after which a grade 3 or more stands today."""
    query = (
        select(col(Grade.infusion_id))
        .join(Assessment, col(Assessment.id) == col(Grade.assessment_id))
        .where(
            col(Grade.superseded_at).is_(None),
            col(Grade.at_least) >= EVENT_GRADE,
            col(Assessment.superseded_at).is_(None),
            col(Assessment.status) == "recorded",
        )
        .distinct()
    )
    return sorted(session.connection().execute(query).scalars())


def _infusions(session: Session) -> dict[int, list[CommitteeInfusion]]:
    days = _days(session)
    skipped = load_skips(session)
    query = select(
        col(Infusion.patient_id), _id(Infusion.id), col(Infusion.number), col(Infusion.infused_at)
    ).order_by(col(Infusion.number))
    found: defaultdict[int, list[CommitteeInfusion]] = defaultdict(list)
    for patient_id, infusion_id, number, infused_at in session.connection().execute(query):
        of_infusion = {scale: days.get((infusion_id, scale.value), {}) for scale in Toxicity}
        found[patient_id].append(
            CommitteeInfusion(infusion_id, number, infused_at, of_infusion, _newest(skipped[infusion_id]))
        )
    return found


def _newest(skips: list[SkippedSlot]) -> tuple[SkippedSlot, ...]:
    """What was said last of each due assessment, earliest first."""
    return tuple(sorted(newest_skips(skips).values(), key=lambda skip: skip.due_at))


def _days(session: Session) -> dict[tuple[int, str], dict[int, WorstOfDay]]:
    query = select(
        col(PatientDay.infusion_id),
        col(PatientDay.scale),
        col(PatientDay.days_since_infusion),
        col(PatientDay.on_date),
        col(PatientDay.worst_at_least),
        col(PatientDay.settled),
        col(PatientDay.assessments),
    )
    found: defaultdict[tuple[int, str], dict[int, WorstOfDay]] = defaultdict(dict)
    for infusion_id, scale, day, on_date, worst, settled, assessments in session.connection().execute(query):
        found[infusion_id, scale][day] = WorstOfDay(on_date, worst, settled, assessments)
    return found


def _stays(session: Session) -> dict[int, list[StayPeriod]]:
    query = (
        select(col(Stay.patient_id), col(Stay.kind), col(Stay.from_at), col(Stay.to_at))
        .where(col(Stay.superseded_at).is_(None), col(Stay.voided).is_(False))
        .order_by(col(Stay.from_at))
    )
    rows = session.connection().execute(query)
    return _grouped(
        (patient_id, StayPeriod(StayKind(kind), from_at, to_at)) for patient_id, kind, from_at, to_at in rows
    )


def _grouped(pairs: Iterable[tuple[int, Any]]) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


def _id(column: int | None) -> Mapped[int]:
    """A primary key, which is filled in every stored row."""
    return cast("Mapped[int]", col(column))
