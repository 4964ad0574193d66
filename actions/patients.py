"""What is recorded about a patient besides assessments: baseline, lasting findings, infusions, stays.

People enrol a patient by a screening (`actions.screening`, `actions.enrolment`); the program itself, which
imports files of trials that screened elsewhere, enrols here.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import update
from sqlmodel import Session

from actions.errors import AlreadyRecorded, Refused, RefusedField
from actions.infusions import correct_infusion, record_infusion
from actions.permissions import Action, require
from actions.rows import insert_row
from actions.stays import correct_stay, end_stay, record_stay, void_stay
from db.audit import append_event
from db.charted_columns import list_text
from db.inputs import PatientIn
from db.models import Record
from db.queries import office
from db.queries.office import PatientRecord
from db.readers import FreeText, Unreadable, is_blank
from db.roles import SYSTEM, Actor
from db.session import writing
from grading.charted import Sign

__all__ = [
    "change_patient",
    "correct_infusion",
    "correct_stay",
    "end_stay",
    "enrol_patient",
    "record_infusion",
    "record_lasting_findings",
    "record_stay",
    "void_stay",
]

_PATIENTS: Final = Record.metadata.tables["patient"]
_NOTE: Final = FreeText("Note", 2000, lines=True)
_SCREEN_FIRST: Final = (
    "A patient is enrolled by a screening: start it on the page Enrolment, record the facts, and let an "
    "investigator sign."
)


def enrol_patient(entry: PatientIn, *, by: Actor, now: datetime) -> int:
    """Enrol a patient who was screened elsewhere; for the program itself, returns the row id.

    Raises:
        AlreadyRecorded: the study code is taken, whatever its capitals.
        Refused: a person called it, or the treating investigator is not an active investigator.
    """
    if by != SYSTEM:
        raise Refused(_SCREEN_FIRST)
    with writing() as session:
        return add_patient(session, entry, by=by, now=now)


def add_patient(session: Session, entry: PatientIn, *, by: Actor, now: datetime) -> int:
    """Enrol a patient inside the caller's transaction; as `enrol_patient`."""
    values = new_patient_values(session, entry)
    origin = {"enrolled_at": now, "enrolled_by": by.user_id}
    patient_id = insert_row(session, _PATIENTS, values | origin)
    _audit(session, "enrol_patient", patient_id, None, values, by, now)
    return patient_id


def new_patient_values(session: Session, entry: PatientIn) -> dict[str, Any]:
    """The row of a new patient; raises as `enrol_patient` where the code or the investigator cannot be."""
    taken = office.find_study_code(session, entry.study_code)
    if taken is not None:
        sentence = f"{taken} is known already. Correct the study code, or open the patient on this page."
        raise AlreadyRecorded([RefusedField("study_code", entry.study_code, sentence)])
    _refuse_other_investigator(session, entry.treating_investigator_id)
    return {"study_code": entry.study_code, **_baseline(entry)}


def change_patient(patient_id: int, entry: PatientIn, *, by: Actor, now: datetime) -> None:
    """Change the treating investigator, and sex and age of a patient without a screening.

    Sex and age of a screened patient are facts of the screening and are corrected there. The audit trail
    keeps what stood before.

    Raises Refused when the study code differs, the investigator is not an active one, or the screening has
    sex and age.
    """
    require(by, Action.ENROL_PATIENT)
    with writing() as session:
        patient = _known(session, patient_id)
        if entry.study_code != patient.study_code:
            sentence = f"The study code of {patient.study_code} cannot be changed."
            raise Refused([RefusedField("study_code", entry.study_code, sentence)])
        before = {
            "sex": patient.sex,
            "age_years": patient.age_years,
            "treating_investigator_id": patient.treating_investigator_id,
        }
        after = _baseline(entry)
        if after == before:
            return
        if patient.screened_at is not None:
            _refuse_facts_of_the_screening(patient, entry)
        if after["treating_investigator_id"] != before["treating_investigator_id"]:
            _refuse_other_investigator(session, entry.treating_investigator_id)
        session.connection().execute(update(_PATIENTS).where(_PATIENTS.c.id == patient_id).values(after))
        _audit(session, "change_patient", patient_id, before, after, by, now)


def record_lasting_findings(
    patient_id: int, findings: Collection[Sign] | None, note: str | None, *, by: Actor, now: datetime
) -> None:
    """Record which signs a patient had before the infusion and keeps (old stroke, home oxygen).

    The assess page offers them as attributed elsewhere and never fills them in. None means that nobody has
    said; an empty collection that there are none.

    Raises Refused when the patient is not known or the note cannot be stored.
    """
    require(by, Action.RECORD_LASTING_FINDINGS)
    words = _read_note(note)
    with writing() as session:
        patient = _known(session, patient_id)
        before = {
            "lasting_findings": list_text(patient.lasting_findings),
            "lasting_findings_note": patient.lasting_findings_note,
        }
        after = {
            "lasting_findings": None if findings is None else list_text(frozenset(findings)),
            "lasting_findings_note": words,
        }
        if after == before:
            return
        session.connection().execute(update(_PATIENTS).where(_PATIENTS.c.id == patient_id).values(after))
        _audit(session, "record_lasting_findings", patient_id, before, after, by, now)


def _known(session: Session, patient_id: int) -> PatientRecord:
    patient = office.load_patient_by_id(session, patient_id)
    if patient is None:
        raise Refused("This patient is not known. Reload the page and choose again.")
    return patient


def _refuse_facts_of_the_screening(patient: PatientRecord, entry: PatientIn) -> None:
    for name, typed, stored in (
        ("sex", entry.sex, patient.sex),
        ("age_years", entry.age_years, patient.age_years),
    ):
        if typed != stored:
            sentence = f"Sex and age of {patient.study_code} are facts of the screening. Correct them there."
            raise Refused([RefusedField(name, typed, sentence)])


def _baseline(entry: PatientIn) -> dict[str, Any]:
    return {
        "sex": None if entry.sex is None else entry.sex.value,
        "age_years": entry.age_years,
        "treating_investigator_id": entry.treating_investigator_id,
    }


def _refuse_other_investigator(session: Session, user_id: int | None) -> None:
    if user_id is None or any(one.user_id == user_id for one in office.load_investigators(session)):
        return
    sentence = "The treating investigator must be an active account with the role investigator."
    raise Refused([RefusedField("treating_investigator_id", user_id, sentence)])


def _read_note(note: str | None) -> str | None:
    if is_blank(note):
        return None
    try:
        return _NOTE(note)
    except Unreadable as unreadable:
        raise Refused([RefusedField("lasting_findings_note", note, str(unreadable))]) from unreadable


def _audit(
    session: Session,
    action: str,
    patient_id: int,
    before: dict[str, Any] | None,
    after: dict[str, Any],
    by: Actor,
    now: datetime,
) -> None:
    append_event(
        session,
        at=now,
        by=by,
        action=action,
        subject="patient",
        subject_id=patient_id,
        patient_id=patient_id,
        detail={"before": before, "after": after},
    )
