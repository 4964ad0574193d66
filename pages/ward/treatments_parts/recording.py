"""Recording a treatment in a few touches: drug, how it is given, when; then the dose with its unit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import streamlit as st

from actions.errors import Refused
from actions.treatments import record_treatment
from clock import utc_now
from db.inputs import Problem
from db.inputs_treatment import TreatmentIn
from db.queries.office import PatientRecord
from db.roles import Actor
from pages.parts.moments import TypedMoment
from pages.parts.sheet import Sheet
from pages.ward.record_parts.when import When, choose_when
from pages.ward.treatments_parts.so_far import told_words, weight_at
from pages.ward.treatments_parts.words import DRUG_NAMES, name_of
from trial.drugs import DRUGS, drug_words, units_of
from trial.treatment_facts import DoseUnit, Drug, Giving

IN_ORDER: Final = [drug for drugs in DRUGS.values() for drug in drugs]
DATE_HINT: Final = "Such as 2026-03-08 and 10:30."


def draw_recording(actor: Actor, patient: PatientRecord, now: datetime) -> None:
    """The form; what it asks follows from the drug and from how it is given."""
    st.header("Record a treatment", anchor=False)
    sheet = Sheet(f"treatment_new_{patient.id}")
    drug = sheet.choice("drug", "Drug", "What was given.", IN_ORDER, DRUG_NAMES.__getitem__)
    if drug is None:
        return
    giving = sheet.choice(
        "giving",
        "How it is given",
        "A drug that runs or is repeated goes on until you end it.",
        list(Giving),
        lambda one: one.label,
    )
    began = "Given" if giving is Giving.ONCE else "Began"
    chosen = choose_when(sheet, "started_at", began, "When it was given, or when it began.", now)
    if giving is None or chosen is None:
        return
    with sheet.form():
        typed, moments = _boxes(sheet, patient, drug, giving, chosen, now)

        def record(form: Sheet) -> str:
            at = chosen.moment("started_at", moments["started_at"])
            entry = read_treatment(form, {**typed, "patient_id": patient.study_code}, at, moments["ended_at"])
            saved = record_treatment(entry, confirmed=form.confirmed, by=actor, now=utc_now())
            return f"{name_of(entry.fact)} is recorded.{told_words(saved)}"

        sheet.submit(f"Record {drug_words(drug)}", record)


def _boxes(
    sheet: Sheet, patient: PatientRecord, drug: Drug, giving: Giving, chosen: When, now: datetime
) -> tuple[dict[str, Any], dict[str, TypedMoment | None]]:
    typed: dict[str, Any] = {"drug": drug, "giving": giving}
    moments: dict[str, TypedMoment | None] = {"started_at": None, "ended_at": None}
    if chosen.is_earlier:
        began = "Given" if giving is Giving.ONCE else "Began"
        moments["started_at"] = sheet.moment("started_at", began, DATE_HINT)
    if chosen.is_earlier and giving is not Giving.ONCE:
        moments["ended_at"] = sheet.moment("ended_at", "Ended", "Leave both boxes open while it goes on.")
    if drug is Drug.OTHER:
        typed["drug_name"] = sheet.text("drug_name", "Name of the drug", "As in the chart.")
    left, right = st.columns(2)
    with left:
        typed |= dose_boxes(sheet, drug)
    with right:
        if giving is Giving.REPEATED:
            typed["every_hours"] = sheet.text("every_hours", "Hours between doses", "Such as 6.")
        if drug is Drug.TOCILIZUMAB:
            typed["weight_kg"] = sheet.text("weight_kg", "Weight in kg", weight_hint(patient, now))
        typed["note"] = sheet.text("note", "Note", "Optional, such as: before the transfer.")
    return typed, moments


def dose_boxes(
    sheet: Sheet, drug: Drug, dose: float | None = None, unit: DoseUnit | None = None
) -> dict[str, Any]:
    """The dose and its unit; where a drug has one unit only, the box says it."""
    units = units_of(drug)
    stored = "" if dose is None else f"{dose:.15g}"
    if len(units) == 1:
        typed = sheet.text(
            "dose", f"Dose in {units[0].value}", "Leave it open where it is not known.", stored
        )
        return {"dose": typed, "dose_unit": units[0] if typed.strip() else None}
    typed = sheet.text("dose", "Dose", "Leave it open where it is not known.", stored)
    hint = "Of one dose, or the rate of a drug that runs."
    return {
        "dose": typed,
        "dose_unit": sheet.choice(
            "dose_unit", "Unit of the dose", hint, list(units), lambda one: one.value, unit
        ),
    }


def weight_hint(patient: PatientRecord, at: datetime) -> str:
    """What stands in where the weight is left open."""
    weight = weight_at(patient, at)
    if weight is None:
        return "No weight is recorded with an infusion: without one, mg/kg cannot be worked out."
    return f"Left open, the weight of the infusion stands in: {weight:g} kg."


def read_treatment(
    form: Sheet,
    typed: dict[str, Any],
    started_at: datetime | Problem,
    ended: TypedMoment | None,
    *,
    stored: dict[str, Any] | None = None,
    reason: tuple[str, str] | None = None,
) -> TreatmentIn:
    """The entry, judged by its own gate together with the moments; raises Refused with every problem."""
    problems: Sequence[Any] = [started_at] if isinstance(started_at, Problem) else []
    values = typed if isinstance(started_at, Problem) else typed | {"started_at": started_at}
    try:
        moments = {} if ended is None else {"ended_at": ended}
        entry = form.read(TreatmentIn, values, moments, stored=stored, reason=reason)
    except Refused as refusal:
        found = [one for one in refusal.problems if not (problems and one.field == "started_at")]
        raise Refused([*problems, *found]) from refusal
    if problems:
        raise Refused(problems)
    return entry
