"""Who is in the trial, as the committee counts: everyone enrolled, what filters ask, and what ended the time.

Days and grades are not read here (`committee_courses`, `committee`), so this stays small at any size.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import Session, col

from db.models import FollowUpEvent, Infusion, Patient, Screening
from db.queries.committee_deaths import Death, load_deaths
from trial.follow_up_facts import FollowUpKind


@dataclass(frozen=True, slots=True)
class PersonInfusion:
    """One infusion."""

    id: int
    number: int
    infused_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """One enrolled patient. `new_therapy_on` is the first new lymphoma therapy, `lost_on` the loss."""

    id: int
    study_code: str
    sex: str | None
    age_years: int | None
    histology: str | None
    enrolled_at: datetime
    withdrawn_at: datetime | None
    death: Death | None
    new_therapy_on: date | None
    lost_on: date | None
    infusions: tuple[PersonInfusion, ...]

    def infusion(self, number: int) -> PersonInfusion | None:
        """The first or second infusion, or None."""
        return next((one for one in self.infusions if one.number == number), None)

    def died_on(self, cut_off: datetime, zone: ZoneInfo) -> date | None:
        """The day of a death up to a cut-off."""
        last = cut_off.astimezone(zone).date()
        return self.death.on if self.death is not None and self.death.on <= last else None

    def left_on(self, cut_off: datetime, zone: ZoneInfo) -> date | None:
        """The day of the withdrawal or the loss to follow-up, whichever was first, up to a cut-off."""
        last = cut_off.astimezone(zone).date()
        left = [self.lost_on] if self.lost_on is not None and self.lost_on <= last else []
        if self.withdrawn_at is not None and self.withdrawn_at <= cut_off:
            left.append(self.withdrawn_at.astimezone(zone).date())
        return min(left, default=None)


def load_people(session: Session, zone: ZoneInfo) -> tuple[Person, ...]:
    """Everyone enrolled, by study code, in a fixed number of queries."""
    infusions = _infusions(session)
    deaths = load_deaths(session, zone)
    therapies = _first_days(session, FollowUpKind.NEW_THERAPY)
    losses = _first_days(session, FollowUpKind.LOST)
    histologies = _histologies(session)
    query = (
        select(
            col(Patient.id),
            col(Patient.study_code),
            col(Patient.sex),
            col(Patient.age_years),
            col(Patient.enrolled_at),
            col(Patient.withdrawn_at),
        )
        .where(col(Patient.enrolled_at).is_not(None))
        .order_by(col(Patient.study_code))
    )
    return tuple(
        Person(
            id=patient_id,
            study_code=code,
            sex=sex,
            age_years=age_years,
            histology=histologies.get(patient_id),
            enrolled_at=enrolled_at,
            withdrawn_at=withdrawn_at,
            death=deaths.get(patient_id),
            new_therapy_on=therapies.get(patient_id),
            lost_on=losses.get(patient_id),
            infusions=tuple(infusions[patient_id]),
        )
        for patient_id, code, sex, age_years, enrolled_at, withdrawn_at in session.connection().execute(query)
        if patient_id is not None and enrolled_at is not None
    )


def _infusions(session: Session) -> defaultdict[int, list[PersonInfusion]]:
    query = select(
        col(Infusion.patient_id), col(Infusion.id), col(Infusion.number), col(Infusion.infused_at)
    ).order_by(col(Infusion.number))
    found: defaultdict[int, list[PersonInfusion]] = defaultdict(list)
    for patient_id, infusion_id, number, infused_at in session.connection().execute(query):
        found[patient_id].append(PersonInfusion(infusion_id or 0, number, infused_at))
    return found


def _histologies(session: Session) -> dict[int, str | None]:
    query = select(col(Screening.patient_id), col(Screening.histology)).where(
        col(Screening.superseded_at).is_(None),
        col(Screening.voided).is_(False),
        col(Screening.purpose) == "enrolment",
    )
    return {row[0]: row[1] for row in session.connection().execute(query)}


def _first_days(session: Session, kind: FollowUpKind) -> dict[int, date]:
    query = (
        select(col(FollowUpEvent.patient_id), col(FollowUpEvent.occurred_on))
        .where(
            col(FollowUpEvent.superseded_at).is_(None),
            col(FollowUpEvent.voided).is_(False),
            col(FollowUpEvent.kind) == kind.value,
        )
        # The earliest stands last and stays.
        .order_by(col(FollowUpEvent.occurred_on).desc())
    )
    return {row[0]: row[1] for row in session.connection().execute(query)}
