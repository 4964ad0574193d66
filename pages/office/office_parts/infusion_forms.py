"""The infusions of one patient: what is recorded, its earlier versions, and the forms to add and correct."""

from collections.abc import Mapping
from typing import Final

import streamlit as st

from actions.infusions import bar_sentence
from actions.patients import correct_infusion, record_infusion
from clock import utc_now
from db.inputs import InfusionIn
from db.queries.office import BarringGrade, InfusionRecord, InfusionVersionRecord, PatientRecord
from db.roles import Actor
from pages.office.office_parts.moments import TypedMoment
from pages.office.office_parts.sheet import Sheet, shown_value
from pages.parts import tiles
from pages.parts.wording import infusion_words, sentence_case

_VALUES: Final = {
    "infused_at": "Time",
    "weight_kg": "Weight, kg",
    "dose_cells_per_kg": "Dose, cells/kg",
    "lot": "Lot",
    "baseline_ice": "Baseline ICE",
}


def draw_infusions(
    actor: Actor,
    patient: PatientRecord,
    bar: BarringGrade | None,
    versions: Mapping[int, list[InfusionVersionRecord]],
) -> None:
    """Both infusions: what stands, and what can be done."""
    st.header(f"Infusions of {patient.study_code}", anchor=False)
    for infusion in patient.infusions:
        _draw_recorded(actor, patient, infusion, versions[infusion.id])
    first, second = patient.infusion(1), patient.infusion(2)
    if patient.died_at is not None:
        st.text(f"The death of {patient.study_code} is recorded at {shown_value(patient.died_at)}.")
    elif first is None:
        _draw_new(actor, patient, 1)
    elif second is None and bar is not None:
        sentence = bar_sentence(patient.study_code, bar, first.infused_at)
        st.html(tiles.piece("div", text=sentence, classes="vigil-banner"))
    elif second is None:
        _draw_new(actor, patient, 2)


def _draw_new(actor: Actor, patient: PatientRecord, number: int) -> None:
    words = infusion_words(number)
    sheet = Sheet(f"infusion_new_{patient.id}_{number}")
    with st.expander(f"Record the {words}", expanded=number == 1 or sheet.is_open), sheet.form():
        moment, typed = _boxes(sheet, None)

        def record(form: Sheet) -> str:
            place = {"patient_id": patient.study_code, "infusion_number": number}
            entry = form.read(InfusionIn, place | typed, {"infused_at": moment})
            record_infusion(entry, by=actor, now=utc_now())
            return f"The {words} of {patient.study_code} is recorded. The patient is on the board now."

        sheet.submit(f"Record the {words}", record)


def _draw_recorded(
    actor: Actor, patient: PatientRecord, infusion: InfusionRecord, versions: list[InfusionVersionRecord]
) -> None:
    words = infusion_words(infusion.number)
    with st.container(border=True):
        st.subheader(sentence_case(words), anchor=False)
        heads = ["Version", *_VALUES.values(), "Entered", "Why corrected"]
        rows = [_version_row(version) for version in reversed(versions)]
        order = ", newest version first" if len(versions) > 1 else ""
        caption = f"The {words} of {patient.study_code}{order}"
        st.html(tiles.table(caption, heads, rows, numbers=True))
        _draw_correction(actor, patient, infusion)


def _version_row(version: InfusionVersionRecord) -> list[str]:
    values = [shown_value(getattr(version, name)) for name in _VALUES]
    entered = f"{shown_value(version.entered_at)} by {version.entered_by or 'the program'}"
    return [tiles.cell(words) for words in (str(version.version), *values, entered, version.reason or "")]


def _draw_correction(actor: Actor, patient: PatientRecord, infusion: InfusionRecord) -> None:
    words = infusion_words(infusion.number)
    sheet = Sheet(f"infusion_{infusion.id}_{infusion.version}")
    with st.expander(f"Correct the {words} of {patient.study_code}", expanded=sheet.is_open), sheet.form():
        moment, typed = _boxes(sheet, infusion)
        why = sheet.words("why", "Why is it corrected", "Such as: time read from the wrong bag.")

        def correct(form: Sheet) -> str:
            place = {"patient_id": patient.study_code, "infusion_number": infusion.number}
            stored = {name: getattr(infusion, name) for name in _VALUES}
            reason = (why, "Say why the infusion is corrected.")
            entry = form.read(InfusionIn, place | typed, {"infused_at": moment}, stored=stored, reason=reason)
            correct_infusion(infusion.id, infusion.version, entry, why, by=actor, now=utc_now())
            return f"The {words} of {patient.study_code} is corrected. Its days and grades follow."

        sheet.submit("Correct", correct)


def _boxes(sheet: Sheet, infusion: InfusionRecord | None) -> tuple[TypedMoment, dict[str, object]]:
    """The boxes of an infusion, with what is stored where it is corrected."""

    def start(name: str) -> str:
        value = getattr(infusion, name) if infusion else None
        return "" if value is None else f"{value:.12g}" if isinstance(value, float) else str(value)

    moment = sheet.moment(
        "infused_at",
        "Infusion",
        "Begin of the infusion, such as 2026-03-08 and 10:30. Day 0 is this date.",
        infusion.infused_at if infusion else None,
    )
    typed: dict[str, object] = {
        "weight_kg": sheet.text(
            "weight_kg", "Weight in kg", "On the day of the infusion.", start("weight_kg")
        ),
        "dose_cells_per_kg": sheet.text(
            "dose_cells_per_kg", "Dose in cells/kg", "Such as 2e6 for 2 million.", start("dose_cells_per_kg")
        ),
        "lot": sheet.text("lot", "Lot", "As on the label.", start("lot")),
        "baseline_ice": sheet.text(
            "baseline_ice",
            "Baseline ICE, 0 to 10",
            "Before the infusion. It is shown beside later scores; the grade stays absolute.",
            start("baseline_ice"),
        ),
    }
    return moment, typed
