"""Who died, when and of what, in the committee's words."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from db.queries import deaths
from trial.follow_up_facts import CAUSE_WORDS


@dataclass(frozen=True, slots=True)
class Death:
    """When a patient died, by the hospital's date, and of what.

    at     after this instant nothing is due
    cause  as the follow-up states it, else as the bedside entry does
    """

    on: date
    at: datetime
    cause: str


def load_deaths(session: Session, zone: ZoneInfo) -> dict[int, Death]:
    """Patient id -> death. Of two records the earlier date counts, and the cause of the follow-up."""
    return {
        patient_id: Death(death.on(zone), death.at, _cause(death))
        for patient_id, death in deaths.load_deaths(session).items()
    }


def _cause(death: deaths.Death) -> str:
    if death.cause is None:
        return death.bedside.due_to.phrase if death.bedside else ""
    return CAUSE_WORDS[death.cause]
