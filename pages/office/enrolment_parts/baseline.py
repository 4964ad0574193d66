"""Taking a patient into screening, and changing who treats one."""

from collections.abc import Sequence

import streamlit as st

from actions.patients import change_patient
from actions.screening import start_screening
from clock import utc_now
from db.inputs import PatientIn, Sex
from db.queries.office import Investigator, PatientRecord
from db.roles import Actor
from pages.office.office_parts.patients import SEX_WORDS, open_patient
from pages.parts.sheet import Sheet, unmarked

_HINT = "Leave it open where it is not known yet."


def draw_start(actor: Actor, investigators: Sequence[Investigator], *, expanded: bool) -> None:
    """The form that begins a screening: a study code, never a name."""
    sheet = Sheet("screening_new")
    with st.expander("Start a screening", expanded=expanded or sheet.is_open), sheet.form():
        code = sheet.text(
            "study_code", "Study code", "Letters, digits and dashes, such as CART-007. Never a name."
        )
        typed = {"study_code": code, **_sex_and_age(sheet, None), **_treating(sheet, investigators, None)}

        def start(form: Sheet) -> str:
            entry = form.read(PatientIn, typed)
            start_screening(entry, by=actor, now=utc_now())
            open_patient(entry.study_code)
            return f"{entry.study_code} is in screening. Record the facts below."

        sheet.submit("Start screening", start)


def draw_baseline(actor: Actor, patient: PatientRecord, investigators: Sequence[Investigator]) -> None:
    """Who treats the patient; sex and age too where no screening holds them."""
    sheet = Sheet(f"enrolment_change_{patient.id}")
    with st.container(border=True), sheet.form():
        st.subheader(f"Who treats {patient.study_code}", anchor=False)
        typed: dict[str, object] = {"study_code": patient.study_code}
        typed |= {"sex": patient.sex, "age_years": patient.age_years}
        if patient.screened_at is None:
            typed |= _sex_and_age(sheet, patient)
        typed |= _treating(sheet, investigators, patient)

        def change(form: Sheet) -> str:
            entry = form.read(PatientIn, typed, stored={"age_years": patient.age_years})
            change_patient(patient.id, entry, by=actor, now=utc_now())
            return f"{patient.study_code} is changed. What stood before is kept in the audit trail."

        sheet.submit("Save", change)


def _sex_and_age(sheet: Sheet, patient: PatientRecord | None) -> dict[str, object]:
    stored = Sex(patient.sex) if patient and patient.sex else None
    sex = sheet.choice("sex", "Sex", _HINT, list(Sex), lambda one: SEX_WORDS[one.value], stored)
    known = "" if patient is None or patient.age_years is None else str(patient.age_years)
    age = sheet.text("age_years", "Age in years", "At screening, such as 61.", known)
    return {"sex": sex, "age_years": age}


def _treating(
    sheet: Sheet, investigators: Sequence[Investigator], patient: PatientRecord | None
) -> dict[str, object]:
    names = {one.user_id: unmarked(one.display_name) for one in investigators}
    stored = patient.treating_investigator_id if patient else None
    treating = sheet.choice(
        "treating_investigator_id",
        "Treating investigator",
        "Told of this patient's alerts. An administrator adds investigators.",
        list(names),
        names.__getitem__,
        stored if stored in names else None,
    )
    return {"treating_investigator_id": treating}
