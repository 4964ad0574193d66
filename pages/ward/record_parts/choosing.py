"""Whose records a page shows: named in the address, or chosen with one touch."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from urllib.parse import quote

import streamlit as st

from actions import context
from actions.permissions import Page
from db.queries.office import PatientRecord
from pages.parts import tiles
from pages.parts.access import page_address
from pages.parts.wording import date_and_time, infusion_and_day, sentence_case, zone_words
from trial.calendar import day_of


def chosen_patient(patients: Sequence[PatientRecord], title: str, now: datetime) -> PatientRecord | None:
    """The patient that `code` in the address names, under the head of the page; otherwise a choice of all."""
    code = st.query_params.get("code", "")
    patient = next((one for one in patients if one.study_code == code), None)
    if patient is None:
        _choose(patients, title, code)
    else:
        _head(patient, title, now)
    return patient


def address_of(page: Page, code: str, **more: str) -> str:
    """The address of a page about one patient."""
    query = "".join(f"&{name}={quote(value)}" for name, value in more.items())
    return f"{page_address(page)}?code={quote(code)}{query}"


def last_infusion_words(patient: PatientRecord, now: datetime) -> str:
    """ "Second infusion, day 6.", or that there was none yet."""
    given = [one for one in patient.infusions if one.infused_at <= now]
    if not given:
        return "Not infused yet."
    day = day_of(now, given[-1].infused_at, context.settings().zone)
    return f"{sentence_case(infusion_and_day(given[-1].number, day))}."


def died_words(patient: PatientRecord, zone: tzinfo) -> str:
    """That nothing after the death can be recorded."""
    died = "" if patient.died_at is None else f" at {date_and_time(patient.died_at, zone)}"
    return f"The death of {patient.study_code} is recorded{died}; nothing after it can be recorded."


def _choose(patients: Sequence[PatientRecord], title: str, code: str) -> None:
    st.title(title, anchor=False)
    if code:
        st.text(f"No patient {code} is known. Choose one of these.")
    if not patients:
        st.text("Nobody is enrolled yet.")
        return
    st.text("Choose the patient.")
    with st.container(horizontal=True, gap="small"):
        for patient in patients:
            if st.button(patient.study_code, key=f"choose-{title}-{patient.id}"):
                st.query_params["code"] = patient.study_code
                st.rerun()


def _head(patient: PatientRecord, title: str, now: datetime) -> None:
    zone = zone_words(now, context.settings().zone)
    words = f"{last_infusion_words(patient, now)} Times of the hospital {zone}."
    st.html(
        tiles.piece(
            "div",
            tiles.piece("h1", text=f"{title} of {patient.study_code}"),
            tiles.piece("span", text=words, classes="vigil-soft"),
            tiles.link("Patient's page", address_of(Page.PATIENT, patient.study_code)),
            classes="vigil-page-head",
        )
    )
