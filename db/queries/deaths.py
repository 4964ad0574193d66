"""Deaths, from both records that can hold one: the bedside entry, with its time, and the follow-up event.

Everything that a death ends asks this file, so that neither record can be overlooked. Both may stand for one
patient; `actions.deaths` sees to it that they agree. The bedside entry's time is then the one shown.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    ScalarSelect,
    and_,
    func,
    literal_column,
    select,
    union_all,
)
from sqlmodel import Session

from db.models import Record
from grading.charted import DeathDueTo
from trial.follow_up_facts import DeathCause

_ASSESSMENTS: Final = Record.metadata.tables["assessment"]
_EVENTS: Final = Record.metadata.tables["follow_up_event"]
# Written out, not bound: the database then sees that the index of what stands will do.
_BEDSIDE: Final = and_(
    _ASSESSMENTS.c.superseded_at.is_(None),
    _ASSESSMENTS.c.status == literal_column("'recorded'"),
    _ASSESSMENTS.c.death_due_to.is_not(None),
)
_FOLLOWED: Final = and_(
    _EVENTS.c.superseded_at.is_(None), ~_EVENTS.c.voided, _EVENTS.c.kind == literal_column("'death'")
)
_ENDED_AT: Final = func.coalesce(_EVENTS.c.ended_at, _EVENTS.c.entered_at)
_CAUSES: Final = {DeathDueTo.CRS: DeathCause.CRS, DeathDueTo.ICANS: DeathCause.ICANS}


@dataclass(frozen=True, slots=True)
class BedsideDeath:
    """The assessment that records a death."""

    stable_id: str
    assessed_at: datetime
    due_to: DeathDueTo


@dataclass(frozen=True, slots=True)
class FollowedDeath:
    """The follow-up event that records a death; `ended_at` is the last instant that its day leaves."""

    stable_id: str
    on: date
    ended_at: datetime
    cause: DeathCause


@dataclass(frozen=True, slots=True)
class Death:
    """A patient's death; at least one of the two records stands."""

    bedside: BedsideDeath | None = None
    followed: FollowedDeath | None = None

    @property
    def at(self) -> datetime:
        """After this instant nothing is recorded and nothing is due."""
        known = [self.bedside.assessed_at] if self.bedside else []
        known += [self.followed.ended_at] if self.followed else []
        return min(known)

    @property
    def cause(self) -> DeathCause | None:
        """The cause; None where only a bedside entry stands that says neither CRS nor ICANS."""
        if self.followed is not None:
            return self.followed.cause
        return _CAUSES.get(self.bedside.due_to) if self.bedside else None

    def on(self, zone: ZoneInfo) -> date:
        """The hospital's date of the death; the earlier one where the two records differ."""
        known = [self.bedside.assessed_at.astimezone(zone).date()] if self.bedside else []
        known += [self.followed.on] if self.followed else []
        return min(known)


def died_at(
    patient_id: Column[Any], *, besides: ColumnElement[str] | None = None
) -> ScalarSelect[datetime | None]:
    """The instant of a patient's death, as a column of a query; NULL while alive.

    patient_id  the column of that query's table that holds the patient
    besides     the stable id of an assessment that is about to change and is left out
    """
    bedside = select(_ASSESSMENTS.c.assessed_at.label("at")).where(
        _ASSESSMENTS.c.patient_id == patient_id, _BEDSIDE
    )
    if besides is not None:
        bedside = bedside.where(_ASSESSMENTS.c.stable_id != besides)
    followed = select(_ENDED_AT.label("at")).where(_EVENTS.c.patient_id == patient_id, _FOLLOWED)
    outer = patient_id.table
    both = union_all(bedside.correlate(outer), followed.correlate(outer)).subquery("death")
    return select(func.min(both.c.at)).scalar_subquery()


def the_dead() -> CompoundSelect[Any]:
    """The ids of everyone who has died, in one walk over each record."""
    return union_all(
        select(_ASSESSMENTS.c.patient_id).where(_BEDSIDE), select(_EVENTS.c.patient_id).where(_FOLLOWED)
    )


def load_death(session: Session, patient_id: int) -> Death | None:
    """A patient's death, or None."""
    return load_deaths(session, patient_id).get(patient_id)


def load_deaths(session: Session, patient_id: int | None = None) -> dict[int, Death]:
    """Patient -> death, of one patient or of all; of several bedside entries the earliest."""
    bedside, followed = _bedside(session, patient_id), _followed(session, patient_id)
    return {one: Death(bedside.get(one), followed.get(one)) for one in bedside.keys() | followed.keys()}


def _bedside(session: Session, patient_id: int | None) -> dict[int, BedsideDeath]:
    columns = _ASSESSMENTS.c
    query = select(columns.patient_id, columns.stable_id, columns.assessed_at, columns.death_due_to)
    query = query.where(_BEDSIDE).order_by(columns.assessed_at.desc())
    if patient_id is not None:
        query = query.where(columns.patient_id == patient_id)
    return {
        row[0]: BedsideDeath(row[1], row[2], DeathDueTo(row[3]))
        for row in session.connection().execute(query)
    }


def _followed(session: Session, patient_id: int | None) -> dict[int, FollowedDeath]:
    columns = _EVENTS.c
    query = select(
        columns.patient_id, columns.stable_id, columns.occurred_on, _ENDED_AT, columns.cause
    ).where(_FOLLOWED)
    if patient_id is not None:
        query = query.where(columns.patient_id == patient_id)
    return {
        row[0]: FollowedDeath(row[1], row[2], row[3], DeathCause(row[4]))
        for row in session.connection().execute(query)
    }
