"""The adverse events and infections that are recorded, and the date of a death.

What a person added to a derived episode of CRS or ICANS is an adverse event too; its version of CTCAE is
`ASTCT 2019` (`db.queries.derived_episodes`).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, func, select
from sqlmodel import Session

from db.models import Record
from db.queries.records import load_standing, load_versions
from grading.scale import Toxicity
from trial.adverse_events import DERIVED_VERSION
from trial.event_facts import (
    Causality,
    EventAction,
    InfectionProof,
    InfectionTreatment,
    Outcome,
    SeriousCriterion,
)
from trial.follow_up_facts import FollowUpKind

EVENTS: Final = "adverse_event"

_ASSESSMENTS: Final = Record.metadata.tables["assessment"]
_FOLLOW_UP: Final = Record.metadata.tables["follow_up_event"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """One version of an adverse event; `entered_by` is a display name, None for the program.

    toxicity  set where a person added this to a derived episode; grade and onset are then of that time
    """

    stable_id: str
    version: int
    patient_id: int
    voided: bool
    reason: str | None
    entered_by: str | None
    entered_at: datetime
    term: str
    toxicity: Toxicity | None
    grade: int
    infusion_number: int | None
    onset_on: date
    ended_on: date | None
    causality_car_t: Causality | None
    causality_lymphodepletion: Causality | None
    causality_disease: Causality | None
    causality_other: Causality | None
    action_taken: EventAction | None
    outcome: Outcome | None
    is_serious: bool
    serious_criteria: frozenset[SeriousCriterion] | None
    aware_at: datetime | None
    is_infection: bool
    site: str | None
    organism: str | None
    proof: InfectionProof | None
    neutropenic: bool | None
    infection_treatment: InfectionTreatment | None
    note: str | None

    @property
    def span_until(self) -> date:
        """The last day that this record says anything about."""
        return self.ended_on or max(self.onset_on, self.entered_at.date())


def load_events(session: Session, patient_id: int | None = None) -> list[EventRecord]:
    """The adverse events that stand, of one patient or of all; what was added to episodes included."""
    return [_event(row) for row in load_standing(session, EVENTS, patient_id)]


def load_event_versions(session: Session, stable_id: str) -> list[EventRecord]:
    """Every version of one event, the first one first; empty where it is not known."""
    return [_event(row) for row in load_versions(session, EVENTS, stable_id)]


def load_death_on(session: Session, patient_id: int, zone: ZoneInfo) -> date | None:
    """The date of the patient's death: from the assessments or the follow-up, whichever says it; or None."""
    charted = select(func.min(_ASSESSMENTS.c.assessed_at)).where(
        _ASSESSMENTS.c.patient_id == patient_id,
        _ASSESSMENTS.c.superseded_at.is_(None),
        _ASSESSMENTS.c.status == "recorded",
        _ASSESSMENTS.c.death_due_to.is_not(None),
    )
    followed = select(func.min(_FOLLOW_UP.c.occurred_on)).where(
        _FOLLOW_UP.c.patient_id == patient_id,
        _FOLLOW_UP.c.superseded_at.is_(None),
        ~_FOLLOW_UP.c.voided,
        _FOLLOW_UP.c.kind == FollowUpKind.DEATH.value,
    )
    died_at = session.connection().execute(charted).scalar()
    died_on = session.connection().execute(followed).scalar()
    days = [died_on, None if died_at is None else died_at.astimezone(zone).date()]
    return min((day for day in days if day is not None), default=None)


_WORDS: Final = {
    "causality_car_t": Causality,
    "causality_lymphodepletion": Causality,
    "causality_disease": Causality,
    "causality_other": Causality,
    "action_taken": EventAction,
    "outcome": Outcome,
    "proof": InfectionProof,
    "infection_treatment": InfectionTreatment,
}
_PLAIN: Final = (
    "stable_id",
    "version",
    "patient_id",
    "voided",
    "reason",
    "entered_at",
    "term",
    "grade",
    "infusion_number",
    "onset_on",
    "ended_on",
    "is_serious",
    "aware_at",
    "is_infection",
    "site",
    "organism",
    "neutropenic",
    "note",
)


def _event(row: RowMapping) -> EventRecord:
    values: dict[str, Any] = {name: row[name] for name in _PLAIN}
    values |= {name: None if row[name] is None else kind(row[name]) for name, kind in _WORDS.items()}
    derived = row["ctcae_version"] == DERIVED_VERSION
    criteria = row["serious_criteria"]
    return EventRecord(
        **values,
        toxicity=Toxicity(row["term"].lower()) if derived else None,
        serious_criteria=None if criteria is None else frozenset(map(SeriousCriterion, criteria.split(";"))),
        entered_by=row["display_name"],
    )
