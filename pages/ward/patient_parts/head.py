"""The top of the patient page: who, which infusion and day, both grades now, and what waits."""

from datetime import datetime
from typing import Final, Literal
from urllib.parse import quote

import streamlit as st

from actions.permissions import Action, Page, may, may_see
from db.queries.patient import PatientRecord
from db.roles import Actor
from grading.scale import Toxicity
from pages.parts import tiles
from pages.parts.access import page_address
from pages.parts.eligibility_words import enrolled_words
from pages.parts.wording import (
    ago,
    infusion_and_day,
    infusion_words,
    sentence_case,
    when,
    when_and_ago,
    zone_words,
)
from pages.ward.board_parts.cards import acknowledged_words, alert_words
from pages.ward.board_parts.standing import KIND_OF, standing
from pages.ward.patient_parts.due import is_overdue
from pages.ward.patient_parts.loaded import Loaded
from trial.calendar import day_of

_SEX = {"F": "female", "M": "male"}
_RECORDS: Final = {Page.TREATMENTS: "Treatments", Page.LABORATORY: "Laboratory"}
"""What else is recorded of a patient, each on a page of its own."""


def show_head(loaded: Loaded, actor: Actor) -> None:
    """Title, tiles, alerts that are not over, the infusion shown, and the way to the next entry."""
    st.html(_title(loaded))
    show_screening(loaded.patient)
    for alert in loaded.alerts:
        words = (
            acknowledged_words(alert, loaded.now, loaded.zone)
            if alert.is_acknowledged
            else alert_words(alert, loaded.now, loaded.zone)
        )
        band = tiles.outlined_band(words) if alert.is_acknowledged else tiles.alert_band(words)
        link = tiles.link(
            "Open the alert", f"/alerts?a={alert.alert_id}", classes="vigil-link vigil-link-block"
        )
        st.html(band + link)
    with st.container(horizontal=True, gap="small", key="patient-ways"):
        _switch_infusion(loaded)
        if loaded.patient.died_at is None and may(actor.role, Action.RECORD_ASSESSMENT):
            # Late signs are charted too, and so is safety after a withdrawal; then it is no filled button.
            code = loaded.patient.study_code
            filled: Literal["primary", "secondary"] = "primary" if loaded.is_monitored else "secondary"
            if st.button(f"Assess {code}", type=filled, key="patient-assess"):
                st.switch_page("ward/assess.py", query_params={"code": code})
        for page, words in _RECORDS.items():
            if may_see(actor.role, page):
                address = f"{page_address(page)}?code={quote(loaded.patient.study_code)}"
                link = tiles.link(words, address, classes="vigil-link vigil-link-block")
                st.html(link, width="content")


def show_screening(patient: PatientRecord) -> None:
    """One line where the facts of the screening, as corrected, speak against the enrolment."""
    words = enrolled_words(patient.enrolled_at, patient.screening)
    if words is not None:
        st.html(tiles.outlined_band(words))


def _switch_infusion(loaded: Loaded) -> None:
    numbers = [infusion.number for infusion in loaded.patient.infusions]
    if len(numbers) < 2:
        return
    chosen = st.segmented_control(
        "Infusion",
        numbers,
        default=loaded.infusion.number,
        required=True,
        label_visibility="collapsed",
        format_func=lambda number: sentence_case(infusion_words(number)),
        key=f"patient-infusion-{loaded.patient.id}-{loaded.infusion.number}",
    )
    if chosen != loaded.infusion.number:
        st.query_params.from_dict({"code": loaded.patient.study_code, "infusion": str(chosen)})
        st.rerun()


def _title(loaded: Loaded) -> str:
    shown = [_grade_now(loaded, scale) for scale in Toxicity]
    return tiles.piece(
        "div",
        tiles.piece("h1", text=loaded.patient.study_code),
        tiles.piece("div", *shown, classes="vigil-patient-grades"),
        tiles.piece("div", text=_where_words(loaded), classes="vigil-patient-line"),
        tiles.piece("div", text=_about(loaded.patient), classes="vigil-soft"),
        classes="vigil-patient-head",
    )


def _grade_now(loaded: Loaded, scale: Toxicity) -> str:
    stands = standing(
        loaded.facts.points, scale, loaded.now, loaded.zone, is_overdue=is_overdue(loaded, KIND_OF[scale])
    )
    return tiles.piece(
        "div",
        tiles.grade_tile(stands.grade, stands.at_least, toxicity=scale.label),
        tiles.piece("b", text=scale.label, aria_hidden="true"),
        tiles.arrow(stands.direction, stands.words),
        classes="vigil-patient-grade",
    )


def _where_words(loaded: Loaded) -> str:
    number, infused_at = loaded.infusion.number, loaded.infusion.infused_at
    last = loaded.entries[-1].assessed_at if loaded.entries else None
    seen = f" Last assessment {when_and_ago(last, loaded.now, loaded.zone)}." if last else ""
    return f"{_day_words(loaded, number, infused_at)}.{seen} {zone_words(loaded.now, loaded.zone)}"


def _day_words(loaded: Loaded, number: int, infused_at: datetime) -> str:
    if loaded.is_monitored:
        day = day_of(loaded.now, infused_at, loaded.zone)
        return sentence_case(infusion_and_day(number, day))
    words = f"{sentence_case(infusion_words(number))} {when(infused_at, loaded.now, loaded.zone)}"
    return f"{words}, {ago(infused_at, loaded.now)}; {_why_over(loaded)}"


def _why_over(loaded: Loaded) -> str:
    patient, infusion = loaded.patient, loaded.infusion
    if patient.died_at is not None and patient.died_at <= loaded.now:
        return f"died day {day_of(patient.died_at, infusion.infused_at, loaded.zone)}"
    if patient.withdrawn_at is not None and patient.withdrawn_at <= loaded.now:
        return "withdrawn from the trial"
    if any(stay.covers(loaded.now) for stay in loaded.facts.window.home):
        return "at home"
    return "monitoring has ended"


def _about(patient: PatientRecord) -> str:
    """ "Female, 61 years. Treating: Dr Chen. Lasting findings: low usual pressure."."""
    facts = [_SEX[patient.sex]] if patient.sex else []
    facts += [f"{patient.age_years} years"] if patient.age_years is not None else []
    parts = [sentence_case(", ".join(facts))] if facts else []
    parts += [f"Treating: {patient.treating_investigator}"] if patient.treating_investigator else []
    if patient.lasting_findings:
        parts.append(f"Lasting findings: {', '.join(sign.phrase for sign in patient.lasting_findings)}")
    baselines = [
        f"ICE before the {infusion_words(one.number)}: {one.baseline_ice} of 10"
        for one in patient.infusions
        if one.baseline_ice is not None
    ]
    return ". ".join([*parts, *baselines]) + ("." if parts or baselines else "")
