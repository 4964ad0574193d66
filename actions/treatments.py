"""Recording, ending, correcting and withdrawing a treatment.

A treatment fills no box of an assessment. A steroid or anticytokine drug can keep a CRS course open: the
courses are then graded again from the moment on from which they may change, and their alerts reconciled, in
the same transaction.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import RowMapping
from sqlmodel import Session

from actions import context
from actions.course import regrade_course
from actions.errors import AlreadyRecorded, Refused, RefusedField, refuse_unconfirmed
from actions.known import known_patient, problems_after_death
from actions.permissions import Action, require
from actions.records import correct_record, plain, standing_version, store_record, void_record
from actions.versions import read_reason
from actions.words import on_day
from alerts.outbox import wake_worker
from db.inputs import check_not_future
from db.inputs_treatment import TreatmentIn
from db.queries.office import PatientRecord
from db.queries.treatments import TABLE, fact_of, infusions_assessed_from, load_treatments
from db.roles import Actor
from db.session import writing
from trial.tocilizumab import tocilizumab_warnings
from trial.treatments import Treatment, course_changes_from

_ENDED: Final = "Ended."
_WHY_CORRECTED: Final = "Say why the treatment is corrected, such as: dose read from the wrong line."
_WHY_VOIDED: Final = "Say why the treatment is withdrawn, such as: wrong patient chosen."


@dataclass(frozen=True, slots=True)
class TreatmentSaved:
    """What was stored, and what it means.

    regraded  how many grades of assessments changed
    told      how many recipients are being told of it now
    """

    stable_id: str
    version: int
    regraded: int = 0
    told: int = 0


def record_treatment(
    entry: TreatmentIn,
    *,
    confirmed: Collection[str] = (),
    by: Actor,
    now: datetime,
    source: Literal["form", "file", "demo"] = "form",
) -> TreatmentSaved:
    """Record a treatment.

    confirmed  the sentences of `NotConfirmed` that a person has read and confirmed

    Raises:
        NotConfirmed: a dose of tocilizumab beyond a limit of the protocol, to be asked once more.
        AlreadyRecorded: the same drug is recorded with the same beginning.
        Refused: the patient is not known, or a moment is in the future or after a death.
    """
    require(by, Action.RECORD_TREATMENT)
    with writing() as session:
        patient = known_patient(session, entry.patient_id)
        _refuse_impossible(patient, entry, now)
        known = load_treatments(session, patient.id)
        _refuse_twice(entry, known)
        warnings = _warnings(entry, patient, known, now)
        refuse_unconfirmed(warnings, confirmed)
        values = entry.columns() | {"confirmed": bool(warnings), "source": source}
        stable_id = store_record(
            session, TABLE, patient.id, values, by=by, now=now, action="record_treatment"
        )
        saved = _regrade(session, patient.id, stable_id, 1, None, entry.fact, by, now)
    wake_worker(context.settings())
    return saved


def end_treatment(
    stable_id: str, version: int, ended_at: datetime, *, by: Actor, now: datetime
) -> TreatmentSaved:
    """Say when a treatment that goes on ended. Raises as `correct_treatment`."""
    require(by, Action.RECORD_TREATMENT)
    with writing() as session:
        changes = {"ended_at": ended_at, "is_ongoing": False}
        stored = standing_version(session, TABLE, stable_id, version, changes, now)
        if not stored["is_ongoing"]:
            raise AlreadyRecorded("This treatment does not go on any more. Correct it instead.")
        problems: list[Any] = [*check_not_future("ended_at", ended_at, "The end", now)]
        if ended_at < stored["started_at"]:
            began = on_day(stored["started_at"])
            sentence = f"The end must not be before the beginning, of {began}."
            problems.append(RefusedField("ended_at", ended_at, sentence))
        if problems:
            raise Refused(problems)
        saved = _next(session, stored, changes, _ENDED, "end_treatment", by, now)
    wake_worker(context.settings())
    return saved


def correct_treatment(
    stable_id: str,
    version: int,
    entry: TreatmentIn,
    reason: str | None,
    *,
    confirmed: Collection[str] = (),
    by: Actor,
    now: datetime,
) -> TreatmentSaved:
    """Replace version `version` of a treatment by `entry`, for a reason.

    Raises:
        ChangedMeanwhile: somebody made a newer version; it names the values on both sides.
        NotConfirmed: as `record_treatment`.
        AlreadyRecorded: nothing would change, or the same drug is recorded with the same beginning.
        Refused: as `record_treatment`, or no reason, or another patient.
    """
    require(by, Action.CORRECT_TREATMENT)
    why = read_reason(reason, _WHY_CORRECTED)
    with writing() as session:
        changes = plain(entry.columns())
        stored = standing_version(session, TABLE, stable_id, version, changes, now)
        patient = known_patient(session, entry.patient_id)
        if patient.id != stored["patient_id"]:
            raise Refused("The patient of a treatment cannot be changed. Withdraw it and record it again.")
        _refuse_impossible(patient, entry, now)
        others = [one for one in load_treatments(session, patient.id) if one.stable_id != stable_id]
        _refuse_twice(entry, others)
        warnings = _warnings(entry, patient, others, now)
        refuse_unconfirmed(warnings, confirmed)
        changes |= {"confirmed": bool(warnings)}
        saved = _next(session, stored, changes, why, "correct_treatment", by, now)
    wake_worker(context.settings())
    return saved


def void_treatment(
    stable_id: str, version: int, reason: str | None, *, by: Actor, now: datetime
) -> TreatmentSaved:
    """Withdraw a treatment that never was given, for a reason. Raises as `correct_treatment`."""
    require(by, Action.CORRECT_TREATMENT)
    why = read_reason(reason, _WHY_VOIDED)
    with writing() as session:
        stored = standing_version(session, TABLE, stable_id, version, {}, now)
        new = void_record(session, TABLE, stored, why, by=by, now=now, action="void_treatment")
        saved = _regrade(session, stored["patient_id"], stable_id, new, fact_of(stored), None, by, now)
    wake_worker(context.settings())
    return saved


def _next(
    session: Session,
    stored: RowMapping,
    changes: dict[str, Any],
    reason: str,
    action: str,
    by: Actor,
    now: datetime,
) -> TreatmentSaved:
    before = fact_of(stored)
    new = correct_record(session, TABLE, stored, changes, reason, by=by, now=now, action=action)
    (after,) = (
        one for one in load_treatments(session, stored["patient_id"]) if one.stable_id == before.stable_id
    )
    return _regrade(session, stored["patient_id"], before.stable_id, new, before, after, by, now)


def _regrade(
    session: Session,
    patient_id: int,
    stable_id: str,
    version: int,
    before: Treatment | None,
    after: Treatment | None,
    by: Actor,
    now: datetime,
) -> TreatmentSaved:
    """Grade again every course that the treatment may change, from the moment it may change on."""
    from_at = course_changes_from(before, after)
    if from_at is None:
        return TreatmentSaved(stable_id, version)
    changed = told = 0
    for infusion_id in infusions_assessed_from(session, patient_id, from_at):
        regraded = regrade_course(
            session, infusion_id, from_at=from_at, now=now, protocol=context.protocol(), by=by
        )
        changed += regraded.changed
        told += regraded.told.recipients
    return TreatmentSaved(stable_id, version, changed, told)


def _warnings(
    entry: TreatmentIn, patient: PatientRecord, others: list[Treatment], now: datetime
) -> list[str]:
    """What the protocol's limits say; the weight of the newest infusion stands in for one not given."""
    weights = [
        one.weight_kg
        for one in patient.infusions
        if one.weight_kg is not None and one.infused_at <= entry.started_at
    ]
    return tocilizumab_warnings(
        entry.fact,
        others,
        context.protocol().treatments,
        until=now,
        weight_kg=weights[-1] if weights else None,
    )


def _refuse_twice(entry: TreatmentIn, known: list[Treatment]) -> None:
    for one in known:
        same = (one.drug, one.drug_name, one.started_at) == (entry.drug, entry.drug_name, entry.started_at)
        if same:
            words = one.words[0].upper() + one.words[1:]
            sentence = f"{words} of {on_day(one.started_at)} is already recorded. Correct it instead."
            raise AlreadyRecorded([RefusedField("started_at", entry.started_at, sentence)])


def _refuse_impossible(patient: PatientRecord, entry: TreatmentIn, now: datetime) -> None:
    problems: list[Any] = []
    for field, at, label in (
        ("started_at", entry.started_at, "The beginning"),
        ("ended_at", entry.ended_at, "The end"),
    ):
        if at is not None:
            problems += check_not_future(field, at, label, now)
            problems += problems_after_death(patient, field, at)
    if problems:
        raise Refused(problems)
