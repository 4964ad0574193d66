"""A database of the bench's own, with staff and infused patients, opened by this process."""

from datetime import datetime, timedelta
from pathlib import Path

from actions import context
from actions.patients import enrol_patient, record_infusion
from actions.start import start_process
from clock import utc_now
from db import session as database
from db.inputs import AssessmentIn, InfusionIn, PatientIn
from db.roles import SYSTEM
from settings import Settings

WELL = {
    "temperature_c": 36.8,
    "systolic_mmhg": 118,
    "diastolic_mmhg": 74,
    "heart_rate_per_min": 80,
    "respiratory_rate_per_min": 16,
    "spo2_percent": 97,
    "oxygen_device": "room_air",
    "vasopressors": "none",
    "iv_fluid_bolus": "no",
    "fever_masking_drugs": "none",
    "ice_score": 10,
    "consciousness": "alert",
    "seizure": "none",
    "motor_weakness": "none",
    "edema_or_raised_icp": "none",
}
SHOCK = WELL | {"temperature_c": 38.9, "vasopressors": "norepinephrine"}


def open_site(folder: Path, **more: object) -> Settings:
    """A new, migrated SQLite database in `folder`, whatever the environment says."""
    folder.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{folder / 'vigil.db'}"
    settings = Settings.model_validate({"data_dir": folder, "database_url": url, **more})
    database.close()
    start_process(utc_now(), settings)
    context.configure(settings, context.protocol())
    return settings


def infuse(code: str, infused_at: datetime) -> None:
    """Enrol and infuse one patient."""
    enrol_patient(PatientIn(study_code=code), by=SYSTEM, now=infused_at)
    entry = InfusionIn(patient_id=code, infusion_number=1, infused_at=infused_at)
    record_infusion(entry, by=SYSTEM, now=infused_at + timedelta(minutes=1))


def assessment(code: str, at: datetime, **values: object) -> AssessmentIn:
    """A well patient's assessment, but for what is given."""
    return AssessmentIn.model_validate({"patient_id": code, "assessed_at": at, **WELL, **values})
