"""Who an entry is about, and what cannot be recorded of somebody who has died."""

from datetime import date, datetime

from sqlmodel import Session

from actions import context
from actions.errors import Refused, RefusedField
from actions.words import date_words, on_day
from db.queries import office
from db.queries.ends import load_ends
from db.queries.office import PatientRecord


def known_patient(session: Session, study_code: str) -> PatientRecord:
    """The patient with this study code; Refused where there is none."""
    patient = office.load_patient(session, study_code)
    if patient is None:
        sentence = f"No patient {study_code} is known. Correct the study code, or screen the patient first."
        raise Refused([RefusedField("patient_id", study_code, sentence)])
    return patient


def death_on(session: Session, patient: PatientRecord) -> date | None:
    """The hospital's date of the death, from the assessment that records it or from the follow-up."""
    ends = load_ends(session, [patient.id]).get(patient.id)
    charted = None if patient.died_at is None else patient.died_at.astimezone(context.settings().zone).date()
    known = [on for on in (charted, ends.died_on if ends else None) if on is not None]
    return min(known, default=None)


def problems_after_death(
    patient: PatientRecord, died_on: date | None, field: str, at: datetime
) -> list[RefusedField]:
    """What is dated after a death cannot be: after its moment where that is charted, else after its day."""
    code = patient.study_code
    if patient.died_at is not None and at > patient.died_at:
        died = on_day(patient.died_at)
    elif died_on is not None and at.astimezone(context.settings().zone).date() > died_on:
        died = date_words(died_on)
    else:
        return []
    return [RefusedField(field, at, f"The death of {code} is recorded on {died}; nothing comes after it.")]
