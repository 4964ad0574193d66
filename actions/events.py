"""Adverse events and infections: recorded, corrected and withdrawn, each as a version.

CRS and ICANS are never typed: their episodes are read from the assessments, and `actions.episodes` keeps what
a person judges about one.
"""

from datetime import date, datetime
from typing import Any, Final

from sqlmodel import Session

from actions import context
from actions.errors import Refused
from actions.event_alerts import reconcile_events
from actions.event_checks import (
    JUDGED,
    WHY_CORRECTED,
    criteria,
    impossible_awareness,
    impossible_dates,
    known_patient,
    refuse_other_patient,
)
from actions.permissions import Action, require
from actions.records import correct_record, plain, standing_version, store_record, void_record
from actions.versions import read_reason
from alerts.outbox import wake_worker
from db.inputs_event import EventIn
from db.queries.events import EVENTS
from db.queries.office import PatientRecord
from db.roles import Actor
from db.session import writing
from trial.adverse_events import DERIVED_VERSION
from trial.ctcae_terms import VERSION, find_term

_WHY_VOIDED: Final = "Say why the event is withdrawn, such as: entered twice."
_OF_EVENTS: Final = (
    "grade",
    "onset_on",
    "ended_on",
    "is_infection",
    "site",
    "organism",
    "proof",
    "neutropenic",
    "infection_treatment",
)


def record_event(entry: EventIn, *, by: Actor, now: datetime) -> str:
    """Record an adverse event or infection; returns its stable id.

    It is counted under the last infusion before its onset, or under none. Raises Refused where patient or
    dates cannot be: in the future, after a death, or before the patient was born.
    """
    require(by, Action.RECORD_EVENT)
    with writing() as session:
        patient = known_patient(session, entry.patient_id)
        values = _values(session, patient, entry, now)
        stable_id = store_record(session, EVENTS, patient.id, values, by=by, now=now, action="record_event")
        reconcile_events(session, patient.id, by=by, now=now)
    wake_worker(context.settings())
    return stable_id


def correct_event(
    stable_id: str, version: int, entry: EventIn, reason: str | None, *, by: Actor, now: datetime
) -> int:
    """Correct version `version` of an event, for a reason; returns the new version.

    Judging it not serious stops its clock.

    Raises:
        ChangedMeanwhile: somebody made a newer version; it names the values on both sides.
        AlreadyRecorded: nothing would change.
        Refused: as `record_event`, or no reason, another patient, or what was added to a derived episode.
    """
    require(by, Action.CORRECT_EVENT)
    why = read_reason(reason, WHY_CORRECTED)
    with writing() as session:
        patient = known_patient(session, entry.patient_id)
        values = _values(session, patient, entry, now)
        stored = standing_version(session, EVENTS, stable_id, version, values, now)
        refuse_other_patient(stored, patient)
        if stored["ctcae_version"] == DERIVED_VERSION:
            raise Refused("This was added to an episode. Correct it at the episode.")
        new_version = correct_record(
            session, EVENTS, stored, values, why, by=by, now=now, action="correct_event"
        )
        reconcile_events(session, patient.id, by=by, now=now)
    wake_worker(context.settings())
    return new_version


def void_event(stable_id: str, version: int, reason: str | None, *, by: Actor, now: datetime) -> int:
    """Withdraw an event, or what was added to an episode, for a reason; returns the new version."""
    require(by, Action.CORRECT_EVENT)
    why = read_reason(reason, _WHY_VOIDED)
    with writing() as session:
        stored = standing_version(session, EVENTS, stable_id, version, {}, now)
        new_version = void_record(session, EVENTS, stored, why, by=by, now=now, action="void_event")
        reconcile_events(session, stored["patient_id"], by=by, now=now)
    wake_worker(context.settings())
    return new_version


def infusion_number_on(patient: PatientRecord, onset_on: date) -> int | None:
    """The last infusion on or before this date of the hospital; None before the first."""
    zone = context.settings().zone
    numbers = [one.number for one in patient.infusions if one.infused_at.astimezone(zone).date() <= onset_on]
    return max(numbers, default=None)


def _values(session: Session, patient: PatientRecord, entry: EventIn, now: datetime) -> dict[str, Any]:
    """The columns of an event, once its dates are possible."""
    problems = impossible_dates(session, patient, entry.onset_on, entry.ended_on, now)
    problems += impossible_awareness(entry.aware_at, entry.onset_on, now)
    if problems:
        raise Refused(problems)
    listed = find_term(entry.term)
    values = {name: getattr(entry, name) for name in (*_OF_EVENTS, *JUDGED)}
    return plain(
        values
        | {
            "term": listed.name if listed else " ".join(entry.term.split()),
            "ctcae_version": VERSION,
            "infusion_number": infusion_number_on(patient, entry.onset_on),
            "serious_criteria": criteria(entry.serious_criteria),
        }
    )
