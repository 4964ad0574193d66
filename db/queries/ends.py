"""What besides a death ends the observation of a patient, by the hospital's dates of the follow-up."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlmodel import Session

from db.models import Record
from trial.follow_up_facts import FollowUpKind

_EVENTS: Final = Record.metadata.tables["follow_up_event"]
_STANDING: Final = select(_EVENTS.c.patient_id, _EVENTS.c.kind, _EVENTS.c.occurred_on).where(
    _EVENTS.c.superseded_at.is_(None),
    ~_EVENTS.c.voided,
    _EVENTS.c.kind != FollowUpKind.DEATH.value,  # `db.queries.deaths` reads it from both of its records
)


@dataclass(frozen=True, slots=True)
class Ends:
    """The first date of each kind of end; None where none is recorded."""

    progressed_on: date | None = None
    left_on: date | None = None
    new_therapy_on: date | None = None


def load_ends(session: Session, patient_ids: Iterable[int] | None = None) -> Mapping[int, Ends]:
    """The ends of these patients, or of all; a patient of whom none is recorded is absent."""
    query = _STANDING if patient_ids is None else _STANDING.where(_EVENTS.c.patient_id.in_(list(patient_ids)))
    dates: defaultdict[int, dict[str, list[date]]] = defaultdict(lambda: defaultdict(list))
    for patient_id, kind, on in session.connection().execute(query):
        dates[patient_id][_ENDS[FollowUpKind(kind)]].append(on)
    return {
        patient_id: Ends(**{name: min(days) for name, days in found.items()})
        for patient_id, found in dates.items()
    }


_ENDS: Final = {
    FollowUpKind.PROGRESSION: "progressed_on",
    FollowUpKind.RELAPSE: "progressed_on",
    FollowUpKind.WITHDRAWAL: "left_on",
    FollowUpKind.LOST: "left_on",
    FollowUpKind.NEW_THERAPY: "new_therapy_on",
}
