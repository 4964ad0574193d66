"""Enrolment: an investigator signs that a screened patient is eligible, and the patient is enrolled."""

from datetime import datetime
from typing import Final

from sqlalchemy import update
from sqlmodel import Session

from actions import context
from actions.errors import AlreadyRecorded, Refused
from actions.follow_up_checks import refuse_who_left
from actions.permissions import Action, require
from actions.screening import (
    Stand,
    judge_facts,
    judged_on,
    open_screening,
    refuse_stale,
    write_facts,
)
from actions.signatures import check_signer, record_hash, sign
from actions.words import dates_in_words, on_day
from db.audit import append_event
from db.models import Record
from db.queries.screening import ScreeningRecord, load_screening
from db.queries.signatures import SignatureRecord
from db.roles import Actor
from db.session import writing
from trial.eligibility import Eligibility, Verdict
from trial.screening_facts import Purpose

_PATIENTS: Final = Record.metadata.tables["patient"]
_AGAIN: Final = "Judged again on the day of the enrolment."


def meaning_of(study_code: str) -> str:
    """What the signature says."""
    return f"I have read every criterion. {study_code} is eligible and may be enrolled."


def sign_enrolment(patient_id: int, version: int, password: str, *, by: Actor, now: datetime) -> None:
    """Sign version `version` of the facts, which must make the patient eligible today, and enrol the patient.

    Where the verdict or the protocol has changed since that version was written, the judgement of today
    becomes a version of its own, and that one is signed.

    Raises:
        AlreadyRecorded: the patient is enrolled.
        ChangedMeanwhile: the facts have a newer version, which the person has not seen.
        Refused: the password is wrong, nothing is recorded, the patient is not eligible today, or has left
            the trial or died.
    """
    require(by, Action.SIGN_ENROLMENT)
    signer = check_signer(by, password, now=now)
    with writing() as session:
        stand = open_screening(session, patient_id, Purpose.ENROLMENT)
        _refuse_enrolled(stand)
        refuse_who_left(session, stand.patient, "nothing was signed")
        refuse_stale(stand, version, stand.facts, now)
        _refuse_not_eligible(stand, now)
        record = _as_judged_today(session, stand, by, now)
        signature_id = sign(
            session,
            signer,
            subject="screening",
            subject_id=record.id,
            meaning=meaning_of(stand.patient.study_code),
            record=record.content,
            now=now,
            patient_id=patient_id,
        )
        _enrol(session, stand, signature_id, record.version, by, now)


def is_as_signed(record: ScreeningRecord, signature: SignatureRecord) -> bool:
    """Whether a version still holds what was signed."""
    return signature.subject_id == record.id and signature.record_hash == record_hash(record.content)


def not_eligible_sentence(eligibility: Eligibility) -> str:
    """What speaks against the patient, or what is not yet known, in one line."""
    lines = eligibility.against or eligibility.open
    return dates_in_words(" ".join(line.sentence() for line in lines))


def _refuse_enrolled(stand: Stand) -> None:
    if stand.patient.enrolled_at is not None:
        raise AlreadyRecorded(
            f"{stand.patient.study_code} is enrolled since {on_day(stand.patient.enrolled_at)}."
        )
    if stand.stored is None:
        raise Refused(f"Nothing is recorded of {stand.patient.study_code} yet. Record the facts first.")


def _refuse_not_eligible(stand: Stand, now: datetime) -> None:
    eligibility = judge_facts(stand.facts, Purpose.ENROLMENT, judged_on(stand.patient, stand.purpose, now))
    words = {Verdict.NOT_ELIGIBLE: "not eligible", Verdict.UNDECIDED: "not yet known to be eligible"}
    if eligibility.verdict is not Verdict.ELIGIBLE:
        raise Refused(
            f"{stand.patient.study_code} is {words[eligibility.verdict]}; nothing was signed. "
            + not_eligible_sentence(eligibility)
        )


def _as_judged_today(session: Session, stand: Stand, by: Actor, now: datetime) -> ScreeningRecord:
    record = load_screening(session, stand.patient.id)
    if record is None:
        raise RuntimeError(f"The facts of patient {stand.patient.id} are gone within one transaction.")
    if record.verdict is Verdict.ELIGIBLE and record.protocol_hash == context.protocol().hash:
        return record
    write_facts(session, stand, stand.facts, _AGAIN, "judge_again", by, now)
    return _as_judged_today(session, stand, by, now)


def _enrol(session: Session, stand: Stand, signature_id: int, version: int, by: Actor, now: datetime) -> None:
    values = {"enrolled_at": now, "enrolled_by": by.user_id}
    session.connection().execute(update(_PATIENTS).where(_PATIENTS.c.id == stand.patient.id).values(values))
    append_event(
        session,
        at=now,
        by=by,
        action="enrol_patient",
        subject="patient",
        subject_id=stand.patient.id,
        patient_id=stand.patient.id,
        detail={"before": None, "after": values | {"screening_version": version, "signature": signature_id}},
    )
