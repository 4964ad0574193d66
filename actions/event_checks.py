"""What every action on adverse events asks alike: the patient, the dates, the awareness, the criteria."""

from datetime import date, datetime
from typing import Final

from sqlalchemy import RowMapping
from sqlmodel import Session

from actions import context
from actions.errors import Refused, RefusedField
from actions.words import date_words
from db.queries import office
from db.queries.events import load_death_on
from db.queries.office import PatientRecord
from trial.event_facts import SeriousCriterion

WHY_CORRECTED: Final = "Say why the event is corrected, such as: grade read again."
_EARLIEST_AGE_YEARS: Final = 120
"""Where the age is not recorded: nobody of the trial is older."""

JUDGED: Final = (
    "causality_car_t",
    "causality_lymphodepletion",
    "causality_disease",
    "causality_other",
    "action_taken",
    "outcome",
    "is_serious",
    "aware_at",
    "note",
)
"""The columns that a person judges, of an event and of a derived episode alike."""


def known_patient(session: Session, study_code: str) -> PatientRecord:
    patient = office.load_patient(session, study_code)
    if patient is None:
        sentence = f"No patient {study_code} is known. Correct the study code, or screen the patient first."
        raise Refused([RefusedField("patient_id", study_code, sentence)])
    return patient


def refuse_other_patient(stored: RowMapping, patient: PatientRecord) -> None:
    if patient.id != stored["patient_id"]:
        raise Refused("The patient of an event cannot be changed. Withdraw it and record it again.")


def criteria(chosen: frozenset[SeriousCriterion] | None) -> str | None:
    """The criteria as the table keeps them, in the order of the report form."""
    return ";".join(one.value for one in SeriousCriterion if one in chosen) if chosen else None


def impossible_dates(
    session: Session, patient: PatientRecord, onset_on: date, ended_on: date | None, now: datetime
) -> list[RefusedField]:
    today = now.astimezone(context.settings().zone).date()
    died_on = load_death_on(session, patient.id, context.settings().zone)
    problems = []
    for field, on, label in (("onset_on", onset_on, "The onset"), ("ended_on", ended_on, "The end")):
        if on is None:
            continue
        if on > today:
            sentence = f"{label} must not be in the future; today is {date_words(today)}."
            problems.append(RefusedField(field, on, sentence))
        elif died_on is not None and on > died_on:
            code = patient.study_code
            sentence = f"The death of {code} is recorded on {date_words(died_on)}; no event comes after it."
            problems.append(RefusedField(field, on, sentence))
    if onset_on < _born_from(patient, today):
        sentence = f"{date_words(onset_on)} is before {patient.study_code} was born. Correct the year."
        problems.append(RefusedField("onset_on", onset_on, sentence))
    return problems


def _born_from(patient: PatientRecord, today: date) -> date:
    """The earliest birthday that the recorded age allows; no birth date is ever stored."""
    at = patient.enrolled_at or patient.screened_at
    known = today if at is None else at.astimezone(context.settings().zone).date()
    years = _EARLIEST_AGE_YEARS if patient.age_years is None else patient.age_years + 1
    return known.replace(year=known.year - years, day=min(known.day, 28))


def impossible_awareness(aware_at: datetime | None, onset_on: date, now: datetime) -> list[RefusedField]:
    if aware_at is None:
        return []
    zone = context.settings().zone
    if aware_at > now:
        return [RefusedField("aware_at", aware_at, "The time of awareness must not be in the future.")]
    if aware_at.astimezone(zone).date() < onset_on:
        sentence = f"The time of awareness must not be before the onset, on {date_words(onset_on)}."
        return [RefusedField("aware_at", aware_at, sentence)]
    return []
