"""A patient in screening on the hospital of `conftest`: facts as typed, judged and signed."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlmodel import col, update

from actions.enrolment import sign_enrolment
from actions.passwords import hash_password
from actions.screening import judge_criteria, record_screening, start_screening
from db.inputs import PatientIn, Sex
from db.inputs_screening import FactsIn, typed_facts
from db.models import User
from db.queries.screening import ScreeningRecord, load_screening
from db.session import reading, writing
from tests.actions.conftest import NOW, Site
from tests.trial.screened import NO, WELL
from trial.screening_facts import Purpose

CODE = "CART-011"
PASSWORD = "four words make one"
JUDGED = {"consent": NO, "comorbidity": NO, "other_risk": NO}


def start(site: Site, code: str = CODE, *, age: int = 54, now: datetime = NOW) -> int:
    """A woman of 54 taken into screening by the coordinator."""
    treating = site.investigator.user_id
    entry = PatientIn(study_code=code, sex=Sex.F, age_years=age, treating_investigator_id=treating)
    return start_screening(entry, by=site.coordinator, now=now)


def facts_in(**changed: Any) -> FactsIn:
    """What is typed for a patient who may take part, but for what is given; None is left blank."""
    typed = typed_facts(WELL) | changed
    return FactsIn.model_validate(typed)


def record(
    site: Site,
    patient_id: int,
    version: int | None = None,
    reason: str | None = None,
    *,
    now: datetime = NOW,
    **changed: Any,
) -> int:
    """The coordinator records facts; returns the version."""
    return record_screening(
        patient_id, facts_in(**changed), version=version, reason=reason, by=site.coordinator, now=now
    )


def eligible(site: Site, code: str = CODE) -> int:
    """A patient whose facts are recorded and judged: version 2, eligible."""
    patient_id = start(site, code)
    record(site, patient_id)
    judge_criteria(patient_id, JUDGED, version=1, by=site.investigator, now=NOW)
    return patient_id


def give_password(site: Site) -> None:
    """The investigator's account gets its password."""
    with writing() as session:
        who = col(User.id) == site.investigator.user_id
        session.exec(update(User).where(who).values(password_hash=_hashed()))


@cache
def _hashed() -> str:
    return hash_password(PASSWORD)


def enrolled(site: Site, code: str = CODE) -> int:
    """A patient enrolled by a signature under version 2."""
    patient_id = eligible(site, code)
    give_password(site)
    sign_enrolment(patient_id, 2, PASSWORD, by=site.investigator, now=NOW)
    return patient_id


def standing(patient_id: int, purpose: Purpose = Purpose.ENROLMENT) -> ScreeningRecord:
    """The facts that stand."""
    with reading() as session:
        found = load_screening(session, patient_id, purpose)
    assert found is not None
    return found
