"""One treatment opened: all its versions, and the forms to correct and to withdraw it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from actions import context
from actions.permissions import Page
from actions.treatments import correct_treatment, void_treatment
from clock import utc_now
from db.inputs import Problem
from db.queries.office import PatientRecord
from db.queries.treatments import TreatmentRecord
from db.roles import Actor
from pages.parts import tiles
from pages.parts.moments import read_moment
from pages.parts.sheet import Sheet, shown_value
from pages.parts.wording import when
from pages.ward.record_parts.choosing import address_of
from pages.ward.record_parts.when import ENTER_MOMENT
from pages.ward.treatments_parts.recording import (
    DATE_HINT,
    dose_boxes,
    read_treatment,
    weight_hint,
)
from pages.ward.treatments_parts.so_far import nowrap, told_words
from pages.ward.treatments_parts.words import (
    dose_words,
    end_words,
    entered_words,
    giving_words,
    name_of,
    named,
)
from trial.treatment_facts import Drug, Giving

_WHY = "Say why the treatment is corrected."


def draw_opened(
    actor: Actor, patient: PatientRecord, versions: Sequence[TreatmentRecord], now: datetime
) -> None:
    """The versions, newest first, and what can be done with the one that stands."""
    newest = versions[-1]
    with st.container(border=True):
        st.header(f"{name_of(newest.fact)} of {shown_value(newest.fact.started_at)}", anchor=False)
        st.html(_versions(versions, now))
        for one in versions:
            if one.note:
                st.text(f"Note in version {one.version}: {one.note}")
            if one.reason:
                st.text(f"Why version {one.version}: {one.reason}")
        if newest.voided:
            st.text("This treatment was withdrawn. It counts for nothing.")
        else:
            _draw_correction(actor, patient, newest)
            _draw_void(actor, newest)
        close = address_of(Page.TREATMENTS, patient.study_code)
        st.html(tiles.link("Close this treatment", close, classes="vigil-link vigil-link-block"))


def _versions(versions: Sequence[TreatmentRecord], now: datetime) -> str:
    rows = [
        [
            tiles.cell(str(one.version)),
            tiles.cell("withdrawn" if one.voided else dose_words(one.fact)),
            nowrap(giving_words(one.fact)),
            nowrap(when(one.fact.started_at, now, context.settings().zone)),
            nowrap(end_words(one.fact, now)),
            tiles.cell(entered_words(one, now)),
        ]
        for one in reversed(versions)
    ]
    heads = ["Version", "Dose", "How", "From", "To", "Entered"]
    return tiles.table("Versions, newest first", heads, rows, numbers=True)


def _draw_correction(actor: Actor, patient: PatientRecord, record: TreatmentRecord) -> None:
    fact = record.fact
    sheet = Sheet(f"treatment_correct_{fact.stable_id}_{record.version}")
    with st.expander("Correct it", expanded=sheet.is_open), sheet.form():
        st.html(tiles.soft("Was it another drug? Withdraw this entry and record the right one."))
        giving = sheet.choice(
            "giving",
            "How it is given",
            "One dose, repeated, or running.",
            list(Giving),
            lambda one: one.label,
            fact.giving,
        )
        typed: dict[str, Any] = {
            "patient_id": patient.study_code,
            "drug": fact.drug,
            "drug_name": fact.drug_name,
        }
        typed |= {"giving": giving} | dose_boxes(sheet, fact.drug, fact.dose, fact.dose_unit)
        every = "" if fact.every_hours is None else f"{fact.every_hours:g}"
        typed["every_hours"] = sheet.text("every_hours", "Hours between doses", "Only for Repeated.", every)
        typed["weight_kg"] = fact.weight_kg
        if fact.drug is Drug.TOCILIZUMAB:
            weight = "" if fact.weight_kg is None else f"{fact.weight_kg:g}"
            hint = weight_hint(patient, fact.started_at)
            typed["weight_kg"] = sheet.text("weight_kg", "Weight in kg", hint, weight)
        began = sheet.moment("started_at", "Given or began", DATE_HINT, fact.started_at)
        ended = sheet.moment("ended_at", "Ended", "Open for one dose, and while it goes on.", fact.ended_at)
        typed["note"] = sheet.text("note", "Note", "Optional.", record.note or "")
        why = sheet.words("why", "Why is it corrected", "Such as: dose read from the wrong line.")

        def correct(form: Sheet) -> str:
            at = read_moment("started_at", began, context.settings().zone, fact.started_at)
            entry = read_treatment(
                form,
                typed,
                Problem("started_at", None, ENTER_MOMENT) if at is None else at,
                ended,
                stored={"ended_at": fact.ended_at},
                reason=(why, _WHY),
            )
            saved = correct_treatment(
                fact.stable_id, record.version, entry, why, confirmed=form.confirmed, by=actor, now=utc_now()
            )
            return f"The treatment is corrected.{told_words(saved)}"

        sheet.submit("Correct treatment", correct)


def _draw_void(actor: Actor, record: TreatmentRecord) -> None:
    fact = record.fact
    sheet = Sheet(f"treatment_void_{fact.stable_id}_{record.version}")
    with st.expander("Withdraw it", expanded=sheet.is_open), sheet.form():
        why = sheet.words("reason", "Why is it withdrawn", "Such as: wrong patient chosen.")

        def withdraw(_form: Sheet) -> str:
            saved = void_treatment(fact.stable_id, record.version, why, by=actor, now=utc_now())
            return f"The treatment {named(fact)} is withdrawn.{told_words(saved)}"

        sheet.submit("Withdraw treatment", withdraw)
