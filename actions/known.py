"""Who an entry is about, and what cannot be recorded of somebody who has died."""

from datetime import datetime

from sqlmodel import Session

from actions.errors import Refused, RefusedField
from actions.words import on_day
from db.queries import office
from db.queries.office import PatientRecord


def known_patient(session: Session, study_code: str) -> PatientRecord:
    """The patient with this study code; Refused where there is none."""
    patient = office.load_patient(session, study_code)
    if patient is None:
        sentence = f"No patient {study_code} is known. Correct the study code, or screen the patient first."
        raise Refused([RefusedField("patient_id", study_code, sentence)])
    return patient


def problems_after_death(patient: PatientRecord, field: str, at: datetime) -> list[RefusedField]:
    """What comes after a death cannot be recorded."""
    if patient.died_at is None or at <= patient.died_at:
        return []
    code, died = patient.study_code, on_day(patient.died_at)
    return [RefusedField(field, at, f"The death of {code} is recorded at {died}; nothing comes after it.")]
