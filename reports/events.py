"""The list of grade 3 and higher events: episodes, with their reasons and times."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.episodes import grade_3_episodes
from alerts.model import CourseFacts, Signal, SignalState
from db.queries.charted_entries import Entry
from db.queries.committee import CommitteePatient
from grading.scale import Toxicity
from trial.protocol import Protocol

STATE_WORDS: Mapping[SignalState, str] = {
    SignalState.FIRING: "not over",
    SignalState.RECOVERING: "recovering, not over",
    SignalState.RECOVERED: "recovered",
    SignalState.DIED: "died",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One episode of grade 3 or more; its grade is the highest of the episode and never comes down.

    worst     the latest assessment at that grade, with its reasons
    ended_at  when the entry that ended it was observed, None while it goes on
    """

    study_code: str
    number: int
    infused_at: datetime
    scale: Toxicity
    grade: int
    state: SignalState
    first_at: datetime
    last_at: datetime
    ended_at: datetime | None
    worst: Entry


@dataclass(frozen=True, slots=True)
class EventCourse:
    """What the episodes of one infusion are found in."""

    facts: CourseFacts
    entries: Sequence[Entry]


def list_events(
    patients: Iterable[CommitteePatient],
    courses: Mapping[int, EventCourse],
    now: datetime,
    protocol: Protocol,
) -> list[Event]:
    """Every event of both toxicities, by time. `courses` is by infusion id."""
    found = [
        _event(patient.study_code, infusion.number, infusion.infused_at, signal, courses[infusion.id])
        for patient in patients
        for infusion in patient.infusions
        if infusion.id in courses
        for signal in grade_3_episodes(courses[infusion.id].facts, protocol)
    ]
    return sorted(found, key=lambda event: (event.first_at, event.study_code, event.scale))


def _event(code: str, number: int, infused_at: datetime, signal: Signal, course: EventCourse) -> Event:
    by_id = {entry.assessment_id: entry for entry in course.entries}
    ended = by_id.get(signal.ended_id) if signal.ended_id is not None else None
    return Event(
        study_code=code,
        number=number,
        infused_at=infused_at,
        scale=Toxicity(signal.slot),
        grade=signal.level,
        state=signal.state,
        first_at=signal.first_at,
        last_at=signal.last_at,
        ended_at=None if ended is None else ended.assessed_at,
        worst=by_id[signal.worst_id or 0],
    )
