"""Where a patient is: ward, intensive care or home, as periods that do not overlap."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import RowMapping, bindparam, update
from sqlmodel import Session

from actions import context
from actions.enrolled import load_enrolled
from actions.errors import AlreadyRecorded, ChangedMeanwhile, Refused, RefusedField
from actions.permissions import Action, require
from actions.rows import insert_row
from actions.versions import read_reason
from actions.words import author, on_day, when
from db.audit import append_event
from db.inputs import StayIn, check_not_future
from db.models import Record
from db.queries import office
from db.queries.office import PatientRecord, StayRecord
from db.roles import Actor
from db.session import writing
from trial.calendar import StayKind, day_of

PLACE_WORDS: Final[Mapping[StayKind, str]] = {
    StayKind.WARD: "on the ward",
    StayKind.INTENSIVE_CARE: "in intensive care",
    StayKind.HOME: "at home",
}
"""Where a patient is, inside a sentence."""

_STAYS: Final = Record.metadata.tables["stay"]
_VALUES: Final = ("kind", "from_at", "to_at", "reason")
_SUPERSEDE: Final = (
    update(_STAYS).where(_STAYS.c.id == bindparam("row_id")).values(superseded_at=bindparam("at"))
)
_UNKNOWN: Final = "This stay is not known. Reload the page and choose again."
_WHY_CORRECTED: Final = "Say why the stay is corrected, such as: wrong date."
_WHY_VOIDED: Final = "Say why the stay is withdrawn, such as: wrong patient chosen."


def record_stay(entry: StayIn, *, ends_current: bool = False, by: Actor, now: datetime) -> str:
    """Record where a patient is from a moment on; returns the stay's stable id.

    `ends_current` ends the stay that is still running at the moment this one begins, in the same transaction.
    Going home before the last monitored day needs a reason: it is a deviation from the protocol.

    Raises Refused when patient or moment cannot be, another stay covers the time, or the reason is missing.
    """
    require(by, Action.RECORD_STAY)
    with writing() as session:
        return add_stay(session, entry, ends_current=ends_current, by=by, now=now)


def add_stay(session: Session, entry: StayIn, *, ends_current: bool = False, by: Actor, now: datetime) -> str:
    """Record a stay inside the caller's transaction; as `record_stay`."""
    patient = load_enrolled(session, entry.patient_id)
    stays = office.load_stays(session, patient.id)
    running = next((stay for stay in stays if stay.to_at is None), None)
    ended = running if ends_current and running and running.from_at < entry.from_at else None
    _refuse_impossible(patient, entry, [stay for stay in stays if stay is not ended], now)
    if ended is not None:
        _end(session, ended, entry.from_at, by, now)
    stable_id = uuid4().hex
    values = _values(entry)
    origin = {
        "stable_id": stable_id,
        "version": 1,
        "patient_id": patient.id,
        "voided": False,
        "entered_by": by.user_id,
        "entered_at": now,
    }
    insert_row(session, _STAYS, values | origin)
    detail = {"version": 1, "before": None, "after": values, "ended": ended.stable_id if ended else None}
    _audit(session, "record_stay", stable_id, patient.id, detail, by, now)
    return stable_id


def end_stay(stable_id: str, version: int, to_at: datetime, *, by: Actor, now: datetime) -> int:
    """Say when a running stay ended; returns the new version. Raises as `correct_stay`."""
    require(by, Action.RECORD_STAY)
    with writing() as session:
        stored = _standing(session, stable_id, version, {"to_at": to_at}, now)
        if stored["to_at"] is not None:
            raise AlreadyRecorded(f"This stay ended at {on_day(stored['to_at'])}. Correct it instead.")
        problems: list[Any] = [*check_not_future("to_at", to_at, "End of the stay", now)]
        if to_at <= stored["from_at"]:
            problems.append(RefusedField("to_at", to_at, "The end of the stay must be after its beginning."))
        if problems:
            raise Refused(problems)
        return _next_version(session, stored, {"to_at": to_at}, "end_stay", None, by, now)


def correct_stay(
    stable_id: str, version: int, entry: StayIn, reason: str | None, *, by: Actor, now: datetime
) -> int:
    """Correct version `version` of a stay, for a reason; returns the new version.

    `entry.reason` is why the patient went home early; `reason` is why the record is corrected.

    Raises:
        ChangedMeanwhile: somebody made a newer version; it names the values on both sides.
        Refused: no reason, nothing changed, another patient, or the times cannot be.
    """
    require(by, Action.CORRECT_STAY)
    why = read_reason(reason, _WHY_CORRECTED)
    with writing() as session:
        values = _values(entry)
        stored = _standing(session, stable_id, version, values, now)
        patient = load_enrolled(session, entry.patient_id)
        if patient.id != stored["patient_id"]:
            raise Refused("The patient of a stay cannot be changed. Withdraw it and record it again.")
        if {name: stored[name] for name in _VALUES} == values:
            raise AlreadyRecorded("These values are already recorded; nothing was changed.")
        others = [stay for stay in office.load_stays(session, patient.id) if stay.stable_id != stable_id]
        _refuse_impossible(patient, entry, others, now)
        return _next_version(session, stored, values, "correct_stay", why, by, now)


def void_stay(stable_id: str, version: int, reason: str | None, *, by: Actor, now: datetime) -> int:
    """Withdraw a stay that never was; returns the new version. Raises as `correct_stay`."""
    require(by, Action.CORRECT_STAY)
    why = read_reason(reason, _WHY_VOIDED)
    with writing() as session:
        stored = _standing(session, stable_id, version, {}, now)
        changes = {"voided": True, "reason": why}
        return _next_version(session, stored, changes, "void_stay", why, by, now)


def needs_reason(kind: StayKind, from_at: datetime, patient: PatientRecord) -> bool:
    """Whether going home then is before the last monitored day of an infusion."""
    infused = [one.infused_at for one in patient.infusions if one.infused_at <= from_at]
    if kind is not StayKind.HOME or not infused:
        return False
    return day_of(from_at, max(infused), context.settings().zone) < context.protocol().monitoring_days


def _refuse_impossible(
    patient: PatientRecord, entry: StayIn, others: list[StayRecord], now: datetime
) -> None:
    problems: list[Any] = [*check_not_future("from_at", entry.from_at, "Beginning of the stay", now)]
    if entry.to_at is not None:
        problems += check_not_future("to_at", entry.to_at, "End of the stay", now)
    if patient.died_at is not None and entry.from_at > patient.died_at:
        died = on_day(patient.died_at)
        sentence = f"The death of {patient.study_code} is recorded at {died}; nothing comes after it."
        problems.append(RefusedField("from_at", entry.from_at, sentence))
    if needs_reason(entry.kind, entry.from_at, patient) and entry.reason is None:
        days = context.protocol().monitoring_days
        sentence = f"Say why the patient goes home before day {days}; it is a deviation from the protocol."
        problems.append(RefusedField("reason", None, sentence))
    overlapping = next((stay for stay in others if _overlap(entry, stay)), None)
    if overlapping is not None:
        problems.append(RefusedField("from_at", entry.from_at, _overlap_sentence(patient, overlapping)))
    if problems:
        raise Refused(problems)


def _overlap(entry: StayIn, stay: StayRecord) -> bool:
    ends_before = entry.to_at is not None and entry.to_at <= stay.from_at
    begins_after = stay.to_at is not None and entry.from_at >= stay.to_at
    return not (ends_before or begins_after)


def _overlap_sentence(patient: PatientRecord, stay: StayRecord) -> str:
    place, begin = PLACE_WORDS[stay.kind], on_day(stay.from_at)
    if stay.to_at is None:
        return f"{patient.study_code} is {place} since {begin}. End that stay first, or correct the time."
    end = on_day(stay.to_at)
    return f"{patient.study_code} was {place} from {begin} to {end}. Correct one of the two stays."


def _standing(
    session: Session, stable_id: str, version: int, yours: Mapping[str, Any], now: datetime
) -> RowMapping:
    """The version that stands, if it is the one the person saw."""
    stored = office.current_stay(session, stable_id)
    if stored is None:
        raise Refused(_UNKNOWN)
    if stored["version"] == version and not stored["voided"]:
        return stored
    done = "Withdrawn" if stored["voided"] else "Changed"
    differing = [name for name in yours if stored[name] != yours[name]]
    raise ChangedMeanwhile(
        f"{done} by {author(stored)} at {when(stored['entered_at'], now)}. Nothing of yours was saved.",
        theirs={name: stored[name] for name in differing},
        yours={name: yours[name] for name in differing},
    )


def _end(session: Session, stay: StayRecord, to_at: datetime, by: Actor, now: datetime) -> None:
    stored = office.current_stay(session, stay.stable_id)
    if stored is None:
        raise Refused(_UNKNOWN)
    _write_version(session, stored, {"to_at": to_at}, by, now)


def _next_version(
    session: Session,
    stored: RowMapping,
    changes: Mapping[str, Any],
    action: str,
    reason: str | None,
    by: Actor,
    now: datetime,
) -> int:
    new_version = _write_version(session, stored, changes, by, now)
    detail = {
        "version": new_version,
        "reason": reason,
        "before": {name: stored[name] for name in _VALUES},
        "after": {name: changes.get(name, stored[name]) for name in _VALUES},
    }
    _audit(session, action, stored["stable_id"], stored["patient_id"], detail, by, now)
    return new_version


def _write_version(
    session: Session, stored: RowMapping, changes: Mapping[str, Any], by: Actor, now: datetime
) -> int:
    kept = {name: stored[name] for name in ("stable_id", "patient_id", "voided", *_VALUES)}
    new_version = int(stored["version"]) + 1
    origin = {"version": new_version, "entered_by": by.user_id, "entered_at": now}
    session.connection().execute(_SUPERSEDE, {"row_id": stored["id"], "at": now})
    insert_row(session, _STAYS, kept | dict(changes) | origin)
    return new_version


def _audit(
    session: Session,
    action: str,
    stable_id: str,
    patient_id: int,
    detail: Mapping[str, Any],
    by: Actor,
    now: datetime,
) -> None:
    append_event(
        session,
        at=now,
        by=by,
        action=action,
        subject="stay",
        subject_id=stable_id,
        patient_id=patient_id,
        detail=detail,
    )


def _values(entry: StayIn) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in _VALUES}
    return values | {"kind": entry.kind.value}
