"""The patients under each stopping rule, from the stored records, with the committee's decisions.

A patient counts from the day of the infusion that the rule counts. Events are what stands today: a corrected
grade counts as corrected. What was observed by the cut-off counts, also where it was entered later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import Session, col

from db.models import CommitteeDecision, Infusion, Patient, PatientDay, User
from db.queries.deaths import load_deaths
from grading.scale import Toxicity
from trial.calendar import day_of
from trial.follow_up_facts import DeathCause
from trial.stopping_reading import PatientUnderRule, RuleReading
from trial.stopping_rules import Crossing, crossing, decided_on, read
from trial.stopping_settings import RuleEvent, StoppingRule

EVENT_GRADE: Final = 3
"""From this proved grade of CRS or ICANS on, a day is an event."""


@dataclass(frozen=True, slots=True)
class EventFound:
    """A patient's first event: the day since the infusion, its date, and what it was.

    toxicities  of grade 3 or more on that day, each with its worst proved grade; empty for a death
    cause       of a death; None for a grade
    """

    day: int
    on_date: date
    toxicities: tuple[tuple[Toxicity, int], ...] = ()
    cause: DeathCause | None = None


@dataclass(frozen=True, slots=True)
class UnderRule:
    """One patient given the infusion that a rule counts; `event` None where none is known by the cut-off."""

    patient: PatientUnderRule
    patient_id: int
    infusion_id: int
    event: EventFound | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the committee decided on a rule; `decided_on` are the patients whose events it was taken on."""

    at: datetime
    by: str
    decision: str
    reason: str
    decided_on: tuple[str, ...]
    reading: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RuleState:
    """How a rule stands at the cut-off.

    crossing  where the rule is reached and nobody has decided on it yet; else None
    """

    rule: StoppingRule
    patients: tuple[UnderRule, ...]
    reading: RuleReading
    decisions: tuple[Decision, ...]
    crossing: Crossing | None


def load_rules(
    session: Session, rules: tuple[StoppingRule, ...], cutoff_at: datetime, zone: ZoneInfo
) -> tuple[RuleState, ...]:
    """Every rule at a cut-off, in the protocol's order. A decision counts from when it was recorded."""
    decisions = load_decisions(session, until=cutoff_at)
    return tuple(_state(session, rule, decisions.get(rule.key, []), cutoff_at, zone) for rule in rules)


def load_under_rule(
    session: Session, rule: StoppingRule, cutoff_at: datetime, zone: ZoneInfo
) -> tuple[UnderRule, ...]:
    """Everyone given the rule's infusion by the cut-off, in the order of infusion."""
    events = _grades(session, rule) if rule.event is RuleEvent.GRADE_3 else _deaths(session, zone)
    query: Any = (
        select(col(Patient.id), col(Patient.study_code), col(Infusion.id), col(Infusion.infused_at))
        .join(Infusion, col(Infusion.patient_id) == col(Patient.id))
        .where(col(Infusion.number) == rule.infusion, col(Infusion.infused_at) <= cutoff_at)
        .order_by(col(Infusion.infused_at), col(Patient.study_code))
    )
    found = []
    for patient_id, code, infusion_id, infused_at in session.connection().execute(query):
        days = day_of(cutoff_at, infused_at, zone)
        event = events.get(patient_id)
        if event is not None:
            event = _counted(event, infused_at, min(days, rule.window_days), zone)
        day = event.day if event else None
        patient = PatientUnderRule(code=code, infused_at=infused_at, days=days, event_day=day)
        found.append(UnderRule(patient, patient_id, infusion_id, event))
    return tuple(found)


def load_decisions(session: Session, *, until: datetime) -> dict[str, list[Decision]]:
    """Rule -> the decisions on it, the first first."""
    query: Any = (
        select(
            col(CommitteeDecision.rule),
            col(CommitteeDecision.at),
            col(User.display_name),
            col(CommitteeDecision.decision),
            col(CommitteeDecision.reason),
            col(CommitteeDecision.reading),
        )
        .join(User, col(User.id) == col(CommitteeDecision.by))
        .where(col(CommitteeDecision.at) <= until)
        .order_by(col(CommitteeDecision.at), col(CommitteeDecision.id))
    )
    found: dict[str, list[Decision]] = {}
    for rule, at, by, decision, reason, reading in session.connection().execute(query):
        found.setdefault(rule, []).append(Decision(at, by, decision, reason, decided_on(reading), reading))
    return found


def _state(
    session: Session, rule: StoppingRule, decisions: list[Decision], cutoff_at: datetime, zone: ZoneInfo
) -> RuleState:
    patients = load_under_rule(session, rule, cutoff_at, zone)
    reading = read(rule, (one.patient for one in patients))
    codes = {code for decision in decisions for code in decision.decided_on}
    return RuleState(rule, patients, reading, tuple(decisions), crossing(rule, reading, codes))


def _counted(event: EventFound, infused_at: datetime, last_day: int, zone: ZoneInfo) -> EventFound | None:
    """The event by its day after the infusion that the rule counts; None outside the window."""
    day = (event.on_date - infused_at.astimezone(zone).date()).days
    if not 0 <= day <= last_day:
        return None
    return EventFound(day, event.on_date, event.toxicities, event.cause)


def _grades(session: Session, rule: StoppingRule) -> dict[int, EventFound]:
    """Patient -> the first day after the rule's infusion on which grade 3 or more is proved."""
    query: Any = (
        select(
            col(Infusion.patient_id),
            col(PatientDay.days_since_infusion),
            col(PatientDay.on_date),
            col(PatientDay.scale),
            col(PatientDay.worst_at_least),
        )
        .join(Infusion, col(Infusion.id) == col(PatientDay.infusion_id))
        .where(
            col(Infusion.number) == rule.infusion,
            col(PatientDay.worst_at_least) >= EVENT_GRADE,
            col(PatientDay.days_since_infusion) >= 0,
        )
        .order_by(col(PatientDay.days_since_infusion), col(PatientDay.scale))
    )
    found: dict[int, EventFound] = {}
    for patient_id, day, on_date, scale, worst in session.connection().execute(query):
        earlier = found.get(patient_id)
        toxicity = (Toxicity(scale), worst)
        if earlier is None:
            found[patient_id] = EventFound(day, on_date, (toxicity,))
        elif earlier.day == day:
            found[patient_id] = replace(earlier, toxicities=(*earlier.toxicities, toxicity))
    return found


def _deaths(session: Session, zone: ZoneInfo) -> dict[int, EventFound]:
    """Patient -> the death, where it is not known to be due to lymphoma."""
    deaths = {}
    for patient_id, death in load_deaths(session).items():
        cause = death.cause or DeathCause.UNKNOWN
        if cause is not DeathCause.LYMPHOMA:
            deaths[patient_id] = EventFound(0, death.on(zone), cause=cause)
    return deaths
