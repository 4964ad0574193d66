"""The infusions of one patient: what is recorded, its earlier versions, and the forms to add and correct."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import streamlit as st
from sqlmodel import Session

from actions import context
from actions.gate import VERDICT_WORDS
from actions.infusions import SECOND, bar_sentence
from actions.patients import correct_infusion, record_infusion
from actions.permissions import Page
from clock import utc_now
from db.inputs import InfusionIn
from db.queries.office import (
    BarringGrade,
    InfusionRecord,
    InfusionVersionRecord,
    PatientRecord,
    StayRecord,
    barring_grade,
    load_infusion_versions,
)
from db.roles import Actor
from pages.office.office_parts.infusion_days import InfusionDays, dose_words, load_days
from pages.office.second_infusion_parts.loaded import LoadedGate, load_gate_page
from pages.parts import tiles
from pages.parts.access import page_address
from pages.parts.moments import TypedMoment
from pages.parts.sheet import Sheet, shown_value
from pages.parts.wording import infusion_words, sentence_case
from trial.second_infusion import GateVerdict

_VALUES: Final = {
    "infused_at": "Begin",
    "ended_at": "End",
    "weight_kg": "Weight, kg",
    "total_cells": "Total of cells",
    "dose_cells_per_kg": "Dose, cells/kg",
    "lot": "Lot",
    "baseline_ice": "Baseline ICE",
}
_ATTEMPT: Final = "An attempt to record it is refused, and told at once to those who are told of alerts."


@dataclass(frozen=True, slots=True)
class Infusions:
    """The infusions of one patient with their versions and days, and how the gate stands."""

    patient: PatientRecord
    versions: Mapping[int, list[InfusionVersionRecord]]
    days: Mapping[int, InfusionDays]
    bar: BarringGrade | None
    gate: LoadedGate | None


def load_infusions(
    session: Session, patient: PatientRecord, stays: list[StayRecord], now: datetime
) -> Infusions:
    """Everything that is shown of them."""
    return Infusions(
        patient=patient,
        versions={one.id: load_infusion_versions(session, one.id) for one in patient.infusions},
        days=load_days(session, patient, stays, now),
        bar=barring_grade(session, patient.id, context.protocol().eligibility.barring_grade),
        gate=load_gate_page(session, patient, now),
    )


def draw_infusions(actor: Actor, loaded: Infusions) -> None:
    """Both infusions: what stands, and what can be done."""
    patient = loaded.patient
    st.header(f"Infusions of {patient.study_code}", anchor=False)
    for infusion in patient.infusions:
        _draw_recorded(actor, loaded, infusion)
    first, second = patient.infusion(1), patient.infusion(2)
    if patient.died_at is not None:
        st.text(f"The death of {patient.study_code} is recorded at {shown_value(patient.died_at)}.")
        return
    if patient.withdrawn_at is not None and second is None:
        st.text(f"{patient.study_code} has left the trial. No infusion after that day is recorded.")
    if first is None:
        _draw_new(actor, patient, 1)
    elif second is None:
        _draw_gate(loaded)
        _draw_new(actor, patient, 2)


def _draw_gate(loaded: Infusions) -> None:
    """Whether a second infusion may be recorded, above its form: the action asks again."""
    gate, patient = loaded.gate, loaded.patient
    if gate is None:
        return
    first = patient.infusion(1)
    sentences = list(gate.problems)
    if loaded.bar is not None and first is not None and gate.is_barred:
        sentences = [bar_sentence(patient.study_code, loaded.bar, first.infused_at), _ATTEMPT]
    elif gate.asked is not None:
        sentences = [f"The gate for the second infusion is {VERDICT_WORDS[gate.asked.gate.verdict]} today."]
    lines = [tiles.piece("div", text=sentence) for sentence in sentences]
    st.html(tiles.piece("div", *lines, classes="vigil-banner"))
    st.html(gate_link(patient))


def gate_link(patient: PatientRecord) -> str:
    """The way to the gate page."""
    address = f"{page_address(Page.SECOND_INFUSION)}?code={patient.study_code}"
    return tiles.link(f"Open the gate of {patient.study_code}", address)


def _draw_new(actor: Actor, patient: PatientRecord, number: int) -> None:
    words = infusion_words(number)
    sheet = Sheet(f"infusion_new_{patient.id}_{number}")
    with st.expander(f"Record the {words}", expanded=number == 1 or sheet.is_open), sheet.form():
        moments, typed = _boxes(sheet, None)

        def record(form: Sheet) -> str:
            place = {"patient_id": patient.study_code, "infusion_number": number}
            entry = form.read(InfusionIn, place | typed, moments)
            record_infusion(entry, by=actor, now=utc_now())
            return f"The {words} of {patient.study_code} is recorded. The patient is on the board now."

        sheet.submit(f"Record the {words}", record)


def _draw_recorded(actor: Actor, loaded: Infusions, infusion: InfusionRecord) -> None:
    words, code = infusion_words(infusion.number), loaded.patient.study_code
    versions = loaded.versions[infusion.id]
    with st.container(border=True):
        st.subheader(sentence_case(words), anchor=False)
        st.text(dose_words(infusion))
        if infusion.id in loaded.days:
            st.text(loaded.days[infusion.id].words())
        if infusion.number == SECOND and loaded.gate is not None:
            _draw_deviation(loaded.gate)
        st.html(_versions_table(f"The {words} of {code}", versions))
        _draw_correction(actor, loaded.patient, infusion)


def _draw_deviation(gate: LoadedGate) -> None:
    """That the second infusion was given outside its gate, where it was."""
    recorded = gate.recorded
    if recorded is not None and recorded.verdict is not GateVerdict.OPEN:
        verdict = VERDICT_WORDS[recorded.verdict]
        lines = [f"Deviation: on the day of this infusion the gate was {verdict}.", *recorded.reasons]
        pieces = [tiles.piece("div", text=line) for line in lines]
        st.html(tiles.piece("div", *pieces, classes="vigil-banner"))
    st.html(gate_link(gate.patient))


def _versions_table(caption: str, versions: list[InfusionVersionRecord]) -> str:
    """A column for each version, the newest first: a row of ten values would not fit a tablet."""
    newest_first = list(reversed(versions))
    heads = ["Version", *(str(version.version) for version in newest_first)]
    rows = [
        [tiles.cell(label), *(tiles.cell(shown_value(getattr(version, name))) for version in newest_first)]
        for name, label in _VALUES.items()
    ]
    rows.append([tiles.cell("Entered"), *(tiles.cell(_entered(version)) for version in newest_first)])
    if len(versions) > 1:
        reasons = (tiles.cell(version.reason or "") for version in newest_first)
        rows.append([tiles.cell("Why corrected"), *reasons])
    return tiles.table(caption, heads, rows, numbers=True)


def _entered(version: InfusionVersionRecord) -> str:
    return f"{shown_value(version.entered_at)} by {version.entered_by or 'the program'}"


def _draw_correction(actor: Actor, patient: PatientRecord, infusion: InfusionRecord) -> None:
    words = infusion_words(infusion.number)
    sheet = Sheet(f"infusion_{infusion.id}_{infusion.version}")
    with st.expander(f"Correct the {words} of {patient.study_code}", expanded=sheet.is_open), sheet.form():
        moments, typed = _boxes(sheet, infusion)
        why = sheet.words("why", "Why is it corrected", "Such as: time read from the wrong bag.")

        def correct(form: Sheet) -> str:
            place = {"patient_id": patient.study_code, "infusion_number": infusion.number}
            stored = {name: getattr(infusion, name) for name in _VALUES}
            reason = (why, "Say why the infusion is corrected.")
            entry = form.read(InfusionIn, place | typed, moments, stored=stored, reason=reason)
            correct_infusion(infusion.id, infusion.version, entry, why, by=actor, now=utc_now())
            return f"The {words} of {patient.study_code} is corrected. Its days and grades follow."

        sheet.submit("Correct", correct)


def _boxes(sheet: Sheet, infusion: InfusionRecord | None) -> tuple[dict[str, TypedMoment], dict[str, object]]:
    """The boxes of an infusion, with what is stored where it is corrected."""

    def start(name: str) -> str:
        value = getattr(infusion, name) if infusion else None
        return "" if value is None else f"{value:.12g}" if isinstance(value, float) else str(value)

    moments = {
        "infused_at": sheet.moment(
            "infused_at",
            "Infusion",
            "Begin of the infusion, such as 2026-03-08 and 10:30. Day 0 is this date.",
            infusion.infused_at if infusion else None,
        ),
        "ended_at": sheet.moment(
            "ended_at",
            "End",
            "End of the infusion. Leave both boxes open where it is not known.",
            infusion.ended_at if infusion else None,
        ),
    }
    planned = f"Planned: {context.protocol().planned_cells_per_kg / 1e6:g} x 10^6 cells/kg."
    typed: dict[str, object] = {
        "weight_kg": sheet.text(
            "weight_kg", "Weight in kg", "On the day of the infusion.", start("weight_kg")
        ),
        "total_cells": sheet.text(
            "total_cells", "Total of cells", "CAR-T cells infused, such as 1.23e8.", start("total_cells")
        ),
        "dose_cells_per_kg": sheet.text(
            "dose_cells_per_kg",
            "Dose in cells/kg",
            f"As on the certificate, such as 2e6. {planned} Cells and weight make it, too.",
            start("dose_cells_per_kg"),
        ),
        "lot": sheet.text("lot", "Lot", "As on the label.", start("lot")),
        "baseline_ice": sheet.text(
            "baseline_ice",
            "Baseline ICE, 0 to 10",
            "Before the infusion. It is shown beside later scores; the grade stays absolute.",
            start("baseline_ice"),
        ),
    }
    return moments, typed
