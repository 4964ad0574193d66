"""Who died, when and of what: from the entry at the bedside and from the follow-up."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import Session, col

from db.models import Assessment, FollowUpEvent
from grading.charted import DeathDueTo
from trial.follow_up_facts import FollowUpKind

UNKNOWN_CAUSE: Final = "unknown"
"""The cause of a death that nobody has stated."""


@dataclass(frozen=True, slots=True)
class Death:
    """When a patient died, by the hospital's date, and of what.

    at     when it was observed; the start of the day where only a date is known
    cause  a `DeathCause`, or the words of `DeathDueTo` where only the bedside entry says so
    """

    on: date
    at: datetime
    cause: str


def load_deaths(session: Session, zone: ZoneInfo) -> dict[int, Death]:
    """Patient id -> death. Of two records the earlier date counts, and the cause of the follow-up."""
    found = _at_the_bedside(session, zone)
    query = (
        select(col(FollowUpEvent.patient_id), col(FollowUpEvent.occurred_on), col(FollowUpEvent.cause))
        .where(
            col(FollowUpEvent.superseded_at).is_(None),
            col(FollowUpEvent.voided).is_(False),
            col(FollowUpEvent.kind) == FollowUpKind.DEATH.value,
        )
        .order_by(col(FollowUpEvent.occurred_on).desc())
    )
    for patient_id, on, cause in session.connection().execute(query):
        seen = found.get(patient_id)
        first = (
            seen if seen is not None and seen.on <= on else Death(on, datetime.combine(on, time(), zone), "")
        )
        found[patient_id] = Death(first.on, first.at, cause or UNKNOWN_CAUSE)
    return found


def _at_the_bedside(session: Session, zone: ZoneInfo) -> dict[int, Death]:
    query = (
        select(col(Assessment.patient_id), col(Assessment.assessed_at), col(Assessment.death_due_to))
        .where(
            col(Assessment.superseded_at).is_(None),
            col(Assessment.status) == "recorded",
            col(Assessment.death_due_to).is_not(None),
        )
        # The earliest stands last and stays.
        .order_by(col(Assessment.assessed_at).desc())
    )
    return {
        patient_id: Death(at.astimezone(zone).date(), at, DeathDueTo(cause or "other").phrase)
        for patient_id, at, cause in session.connection().execute(query)
    }
