"""The list of grade 3 and higher events: episodes, with their reasons and times."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from alerts.episodes import grade_3_episodes
from alerts.facts import load_course_facts
from alerts.model import CourseFacts, Signal, SignalState
from db.queries.charted_entries import Entry, load_entries
from db.queries.committee import CommitteeInfusion, CommitteePatient, infusions_with_events
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


def load_events(
    session: Session,
    patients: Iterable[CommitteePatient],
    cut_off: datetime,
    protocol: Protocol,
    zone: ZoneInfo,
) -> list[Event]:
    """Every event of these patients as their assessments up to the cut-off show it, by time."""
    known = list(patients)
    shown = {infusion.id for patient in known for infusion in patient.infusions}
    courses = {
        infusion_id: _course(session, infusion_id, cut_off, protocol, zone)
        for infusion_id in infusions_with_events(session)
        if infusion_id in shown
    }
    return list_events(known, courses, cut_off, protocol)


def _course(
    session: Session, infusion_id: int, cut_off: datetime, protocol: Protocol, zone: ZoneInfo
) -> EventCourse:
    facts = load_course_facts(session, infusion_id, cut_off, protocol, zone)
    by_then = tuple(fact for fact in facts.assessments if fact.assessed_at <= cut_off)
    return EventCourse(replace(facts, assessments=by_then), load_entries(session, infusion_id))


def list_events(
    patients: Iterable[CommitteePatient],
    courses: Mapping[int, EventCourse],
    now: datetime,
    protocol: Protocol,
) -> list[Event]:
    """Every event of both toxicities, by time. `courses` is by infusion id."""
    found = [
        _event(patient, infusion, signal, courses[infusion.id])
        for patient in patients
        for infusion in patient.infusions
        if infusion.id in courses
        for signal in grade_3_episodes(courses[infusion.id].facts, protocol)
    ]
    return sorted(found, key=lambda event: (event.first_at, event.study_code, event.scale))


def _event(
    patient: CommitteePatient, infusion: CommitteeInfusion, signal: Signal, course: EventCourse
) -> Event:
    by_id = {entry.assessment_id: entry for entry in course.entries}
    ended = by_id.get(signal.ended_id) if signal.ended_id is not None else None
    return Event(
        study_code=patient.study_code,
        number=infusion.number,
        infused_at=infusion.infused_at,
        scale=Toxicity(signal.slot),
        grade=signal.level,
        state=_state(patient, signal),
        first_at=signal.first_at,
        last_at=signal.last_at,
        ended_at=None if ended is None else ended.assessed_at,
        worst=by_id[signal.worst_id or 0],
    )


def _state(patient: CommitteePatient, signal: Signal) -> SignalState:
    """A death that only the follow-up records ends what was not over."""
    is_open = signal.state in (SignalState.FIRING, SignalState.RECOVERING)
    return SignalState.DIED if is_open and patient.died_at is not None else signal.state
