"""The PET/CT scans of one patient: the series with every version, and the forms."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from actions.response import correct_scan, record_scan, void_scan
from clock import utc_now
from db.inputs_response import ScanIn
from db.queries.office import PatientRecord
from db.queries.response import ScanVersion, standing
from db.roles import Actor
from pages.office.response_parts.series import (
    ABOUT,
    WHY_CHANGED,
    about_cells,
    dated_words,
    draw_withdrawal,
)
from pages.parts import tiles
from pages.parts.sheet import Sheet
from pages.parts.wording import date_words
from trial.second_infusion_facts import Response

RESPONSES: Final = {
    Response.CR: "CR, complete response",
    Response.PR: "PR, partial response",
    Response.SD: "SD, stable disease",
    Response.PD: "PD, progressive disease",
}
_SCORES: Final = (1, 2, 3, 4, 5)


def draw_scans(
    actor: Actor, patient: PatientRecord, versions: Sequence[ScanVersion], *, writes: bool
) -> None:
    """Every scan, and what can be done."""
    st.header(f"PET/CT of {patient.study_code}", anchor=False)
    if versions:
        heads = ["PET/CT of", "Response", "Deauville", "Note", *ABOUT]
        rows = [_row(one, patient) for one in versions]
        st.html(tiles.table("Response by Lugano 2014, oldest scan first", heads, rows, numbers=True))
    else:
        st.text("No PET/CT is recorded yet.")
    if not writes:
        return
    _draw_new(actor, patient)
    for one in standing(versions):
        _draw_change(actor, patient, one)


def _row(one: ScanVersion, patient: PatientRecord) -> list[str]:
    response = one.response.value if one.response else "not read yet"
    score = "not recorded" if one.deauville is None else str(one.deauville)
    words = (dated_words(one.scanned_on, patient), response, score, one.note or "")
    return [*(tiles.cell(word) for word in words), *about_cells(one)]


def _draw_new(actor: Actor, patient: PatientRecord) -> None:
    sheet = Sheet(f"scan_new_{patient.id}")
    with st.expander("Record a PET/CT", expanded=sheet.is_open), sheet.form():
        typed = _boxes(sheet, None)

        def record(form: Sheet) -> str:
            entry = form.read(ScanIn, {"patient_id": patient.study_code} | typed)
            record_scan(entry, by=actor, now=utc_now())
            return f"The PET/CT of {date_words(entry.scanned_on)} is recorded."

        sheet.submit("Record PET/CT", record)


def _draw_change(actor: Actor, patient: PatientRecord, one: ScanVersion) -> None:
    words = f"the PET/CT of {date_words(one.scanned_on)}"
    sheets = [Sheet(f"scan_{what}_{one.stable_id}_{one.version}") for what in ("correct", "void")]
    with st.expander(f"Change {words}", expanded=any(sheet.is_open for sheet in sheets)):
        _draw_correction(actor, patient, one, sheets[0])
        draw_withdrawal(
            sheets[1],
            words,
            lambda why: void_scan(one.stable_id, one.version, why, by=actor, now=utc_now()),
        )


def _draw_correction(actor: Actor, patient: PatientRecord, one: ScanVersion, sheet: Sheet) -> None:
    words = f"the PET/CT of {date_words(one.scanned_on)}"
    with sheet.form():
        st.subheader(f"Read or correct {words}", anchor=False)
        typed = _boxes(sheet, one)
        why = sheet.words("reason", "Why is it changed", WHY_CHANGED)

        def correct(form: Sheet) -> str:
            entry = form.read(ScanIn, {"patient_id": patient.study_code} | typed)
            correct_scan(one.stable_id, one.version, entry, why, by=actor, now=utc_now())
            return f"The PET/CT of {date_words(entry.scanned_on)} is changed."

        sheet.submit("Save", correct)


def _boxes(sheet: Sheet, one: ScanVersion | None) -> dict[str, object]:
    on = sheet.day("scanned_on", "Date of the PET/CT", "Such as 2026-03-30.", one.scanned_on if one else None)
    response = sheet.choice(
        "response",
        "Response",
        "By Lugano 2014. Leave it open until the scan is read.",
        list(Response),
        RESPONSES.__getitem__,
        one.response if one else None,
    )
    hint = "1 to 3 goes with CR, 4 or 5 with PR, SD and PD."
    score = sheet.choice("deauville", "Deauville score", hint, _SCORES, str, one.deauville if one else None)
    stored_note = (one.note if one else "") or ""
    note = sheet.words("note", "Note", "Such as: central reading pending. Never a name.", stored_note)
    return {"scanned_on": on, "response": response, "deauville": score, "note": note}
