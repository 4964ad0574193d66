"""Choosing a patient on an office page, and how one is named there."""

from collections.abc import Sequence

import streamlit as st

from actions import context
from actions.permissions import Page
from db.queries.office import PatientRecord
from pages.parts import tiles
from pages.parts.access import page_address
from pages.parts.wording import date_and_time, infusion_words, sentence_case

SEX_WORDS = {"F": "Female", "M": "Male"}
_CHOSEN = "office_patient"


def choose_patient(patients: Sequence[PatientRecord]) -> PatientRecord | None:
    """The patient this visit is about: chosen in the list, or named in the address (`?code=CART-007`)."""
    by_code = {patient.study_code: patient for patient in patients}
    named = st.query_params.get("code", "")
    chosen = st.selectbox(
        "Patient",
        list(by_code),
        index=list(by_code).index(named) if named in by_code else None,
        placeholder="Choose or type a study code",
        key=_CHOSEN,
    )
    if chosen is None:
        return None
    if chosen != named:
        st.query_params["code"] = chosen
    return by_code[chosen]


def open_patient(study_code: str) -> None:
    """Let the next run be about this patient; before `choose_patient` is drawn in this one."""
    st.query_params["code"] = study_code
    st.session_state[_CHOSEN] = study_code


def patient_link(patient: PatientRecord, words: str | None = None) -> str:
    """A link to the patient's page, by default the study code."""
    return tiles.link(words or patient.study_code, f"{page_address(Page.PATIENT)}?code={patient.study_code}")


def infusions_words(patient: PatientRecord) -> str:
    """ "First infusion 2 Mar 2026 10:00. Second infusion 20 Mar 2026 09:30." """
    zone = context.settings().zone
    if not patient.infusions:
        return "Not infused yet."
    return " ".join(
        f"{sentence_case(infusion_words(one.number))} {date_and_time(one.infused_at, zone)}."
        for one in patient.infusions
    )


def about_words(patient: PatientRecord) -> str:
    """ "Female, 61 years. Treating investigator: Dr Li." """
    sex = SEX_WORDS.get(patient.sex or "", "Sex not recorded")
    age = "age not recorded" if patient.age_years is None else f"{patient.age_years} years"
    treating = patient.treating_investigator or "not recorded"
    return f"{sex}, {age}. Treating investigator: {treating}."
