"""What is recorded after enrolment asks here whether the patient is enrolled."""

from sqlmodel import Session

from actions.errors import Refused, RefusedField
from db.queries import office
from db.queries.office import PatientRecord


def load_enrolled(session: Session, study_code: str) -> PatientRecord:
    """The enrolled patient with this study code; Refused where there is none, or one in screening."""
    patient = office.load_patient(session, study_code)
    if patient is None:
        sentence = (
            f"No patient {study_code} is enrolled. Correct the study code, or screen the patient first."
        )
    elif patient.enrolled_at is None:
        sentence = (
            f"{study_code} is in screening and not enrolled. An investigator signs the enrolment first, "
            "on the page Enrolment."
        )
    else:
        return patient
    raise Refused([RefusedField("patient_id", study_code, sentence)])
