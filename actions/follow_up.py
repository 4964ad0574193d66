"""What happened to the disease and the patient: progression, relapse, new therapy, death, withdrawal, loss.

A death and a withdrawal end what is due: the patient's alerts are reconciled in the same transaction, and a
withdrawal is written to the patient, from where everything else reads it. A death may also reach a stopping
rule, which is told with it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, update
from sqlmodel import Session

from actions import context
from actions.deaths import followed_problems
from actions.errors import AlreadyRecorded, Refused, RefusedField
from actions.follow_up_checks import (
    LEFT,
    after_the_end,
    event_words,
    future_problem,
    infused_on,
)
from actions.known import known_patient
from actions.permissions import Action, require
from actions.records import correct_record, plain, standing_version, store_record, void_record
from actions.versions import read_reason
from actions.words import date_words
from alerts.latched import reconcile_rules
from alerts.outbox import wake_worker
from alerts.reconcile import reconcile_course
from db.inputs_follow_up import FollowUpIn
from db.models import Record
from db.queries.deaths import load_death
from db.queries.follow_up import EVENTS, Dated, day_ends_at, latest_after, load_events, load_visits
from db.queries.office import PatientRecord, load_patient_by_id
from db.roles import Actor
from db.session import writing
from trial.follow_up_facts import KIND_WORDS, ONCE, FollowUpKind

_PATIENTS: Final = Record.metadata.tables["patient"]
_COLUMNS: Final = ("kind", "occurred_on", "cause", "note")
_ENDS_WHAT_IS_DUE: Final = (FollowUpKind.DEATH, FollowUpKind.WITHDRAWAL)
_WHY_CORRECTED: Final = "Say why it is corrected, such as: scan read again."
_WHY_VOIDED: Final = "Say why it is withdrawn, such as: wrong patient chosen."
_ANOTHER: Final = "The patient, and what happened, cannot be changed. Withdraw it and record it again."


def record_follow_up(entry: FollowUpIn, *, by: Actor, now: datetime) -> str:
    """Record what happened; returns its stable id.

    Raises:
        AlreadyRecorded: it is recorded, or stands once for a patient and does.
        Refused: the date cannot be, or a death contradicts what else is recorded.
    """
    require(by, Action.RECORD_FOLLOW_UP)
    with writing() as session:
        patient = known_patient(session, entry.patient_id)
        _refuse_recorded(session, patient, entry, None)
        _refuse_impossible(session, patient, entry, now, None)
        values, action = _values(entry, now, None), "record_follow_up"
        stable_id = store_record(session, EVENTS, patient.id, values, by=by, now=now, action=action)
        _follow(session, patient, entry.kind, by, now)
    wake_worker(context.settings())
    return stable_id


def correct_follow_up(
    stable_id: str, version: int, entry: FollowUpIn, reason: str | None, *, by: Actor, now: datetime
) -> int:
    """Correct date, cause or note of version `version`, for a reason; returns the new version.

    Raises:
        ChangedMeanwhile: somebody made a newer version; it names the values on both sides.
        AlreadyRecorded: nothing would change, or the same of that day is recorded.
        Refused: no reason, another patient or kind, or as `record_follow_up`.
    """
    require(by, Action.RECORD_FOLLOW_UP)
    why = read_reason(reason, _WHY_CORRECTED)
    with writing() as session:
        stored = standing_version(session, EVENTS, stable_id, version, _columns(entry), now)
        patient = known_patient(session, entry.patient_id)
        if (patient.id, entry.kind) != (stored["patient_id"], stored["kind"]):
            raise Refused(_ANOTHER)
        _refuse_recorded(session, patient, entry, stable_id)
        _refuse_impossible(session, patient, entry, now, stable_id)
        values, action = _values(entry, now, stored), "correct_follow_up"
        new = correct_record(session, EVENTS, stored, values, why, by=by, now=now, action=action)
        _follow(session, patient, entry.kind, by, now)
    wake_worker(context.settings())
    return new


def void_follow_up(stable_id: str, version: int, reason: str | None, *, by: Actor, now: datetime) -> int:
    """Withdraw an event for a reason; returns the new version. Raises as `correct_follow_up`.

    What a death or a withdrawal had ended is due again.
    """
    require(by, Action.RECORD_FOLLOW_UP)
    why = read_reason(reason, _WHY_VOIDED)
    with writing() as session:
        stored = standing_version(session, EVENTS, stable_id, version, {}, now)
        new = void_record(session, EVENTS, stored, why, by=by, now=now, action="void_follow_up")
        patient = load_patient_by_id(session, stored["patient_id"])
        if patient is not None:
            _follow(session, patient, FollowUpKind(stored["kind"]), by, now)
    wake_worker(context.settings())
    return new


def _columns(entry: FollowUpIn) -> dict[str, Any]:
    return plain({name: getattr(entry, name) for name in _COLUMNS})


def _values(entry: FollowUpIn, now: datetime, stored: RowMapping | None) -> dict[str, Any]:
    """The columns; a death or a withdrawal ends with its day, or when it was entered if that was sooner."""
    ended_at = None
    if entry.kind in _ENDS_WHAT_IS_DUE:
        ended_at = min(day_ends_at(entry.occurred_on, context.settings().zone), now)
        if stored is not None and stored["occurred_on"] == entry.occurred_on:
            ended_at = stored["ended_at"]
    return _columns(entry) | {"ended_at": ended_at}


def _follow(session: Session, patient: PatientRecord, kind: FollowUpKind, by: Actor, now: datetime) -> None:
    """What else changes with a death or a withdrawal that was recorded, corrected or taken back."""
    if kind is FollowUpKind.WITHDRAWAL:
        _set_withdrawn(session, patient.id)
    if kind in _ENDS_WHAT_IS_DUE:
        for infusion in patient.infusions:
            reconcile_course(
                session,
                infusion_id=infusion.id,
                now=now,
                protocol=context.protocol(),
                by=by,
                settings=context.settings(),
            )
    if kind is FollowUpKind.DEATH:
        reconcile_rules(session, now=now, protocol=context.protocol(), by=by, settings=context.settings())


def _set_withdrawn(session: Session, patient_id: int) -> None:
    events = load_events(session, patient_id)
    ends = [one.ended_at for one in events if one.stands and one.kind is FollowUpKind.WITHDRAWAL]
    withdrawn_at = next(iter(ends), None)
    session.connection().execute(
        update(_PATIENTS).where(_PATIENTS.c.id == patient_id).values(withdrawn_at=withdrawn_at)
    )


def _refuse_recorded(
    session: Session, patient: PatientRecord, entry: FollowUpIn, besides: str | None
) -> None:
    for event in load_events(session, patient.id):
        same = event.kind is entry.kind and event.stands and event.stable_id != besides
        if same and (entry.kind in ONCE or event.occurred_on == entry.occurred_on):
            sentence = f"{event_words(patient.study_code, event)} already. Correct it instead."
            raise AlreadyRecorded([RefusedField("kind", entry.kind, sentence)])


def _refuse_impossible(
    session: Session, patient: PatientRecord, entry: FollowUpIn, now: datetime, besides: str | None
) -> None:
    found = _of_a_death if entry.kind is FollowUpKind.DEATH else _of_another
    problems = [
        *future_problem("occurred_on", entry.occurred_on, now),
        *found(session, patient, entry, besides),
    ]
    if problems:
        raise Refused(problems)


def _of_a_death(
    session: Session, patient: PatientRecord, entry: FollowUpIn, besides: str | None
) -> Iterator[RefusedField]:
    """What a death contradicts; it may become known after a withdrawal or a loss."""
    on, code = entry.occurred_on, patient.study_code
    death = load_death(session, patient.id)
    if death is not None and death.bedside is not None and entry.cause is not None:
        yield from followed_problems(code, on, entry.cause, death.bedside)
    later = latest_after(session, patient.id, on, context.settings().zone)
    if later is not None:
        sentence = f"{code} has {later.words} of {date_words(later.on)}, after this death."
        yield RefusedField("occurred_on", on, f"{sentence} Correct one of them.")


def _of_another(
    session: Session, patient: PatientRecord, entry: FollowUpIn, besides: str | None
) -> Iterator[RefusedField]:
    what = f"this {KIND_WORDS[entry.kind]}" if entry.kind is not FollowUpKind.LOST else "this loss"
    on = entry.occurred_on
    if entry.kind in LEFT:
        yield from _what_came_after(session, patient, entry, what, besides)
    else:
        yield from _before_the_infusion(patient, entry)
    yield from after_the_end(session, patient, "occurred_on", on, what, besides=besides)


def _before_the_infusion(patient: PatientRecord, entry: FollowUpIn) -> Iterator[RefusedField]:
    """Progression, relapse and a new therapy are those after the first infusion."""
    since = infused_on(patient)
    if not since:
        sentence = f"{patient.study_code} has no infusion yet. Record it first."
        yield RefusedField("kind", entry.kind, sentence)
    elif entry.occurred_on < since[0]:
        sentence = f"The date must not be before the first infusion, of {date_words(since[0])}."
        yield RefusedField("occurred_on", entry.occurred_on, sentence)


def _what_came_after(
    session: Session, patient: PatientRecord, entry: FollowUpIn, what: str, besides: str | None
) -> Iterator[RefusedField]:
    """An infusion, a visit or an event after a withdrawal or a loss; only a death may come after either."""
    infusions = [Dated("an infusion", on) for on in infused_on(patient)]
    visits = [
        Dated("a visit", one.visited_on)
        for one in load_visits(session, patient.id)
        if one.stands and one.visited_on
    ]
    events = [
        Dated("an event of the follow-up", one.occurred_on)
        for one in load_events(session, patient.id)
        if one.stands and one.stable_id != besides and one.kind is not FollowUpKind.DEATH
    ]
    last = max((*infusions, *visits, *events), key=lambda one: one.on, default=None)
    if last is not None and last.on > entry.occurred_on:
        sentence = f"{patient.study_code} has {last.words} of {date_words(last.on)}, after {what}."
        yield RefusedField("occurred_on", entry.occurred_on, f"{sentence} Correct one of them.")
