"""One result opened: its versions, its grade with the reasons, the forms to correct and to withdraw it."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from actions.lab_results import correct_lab_result, void_lab_result
from actions.permissions import Page
from clock import utc_now
from db.inputs_lab import LabResultIn, units_of
from db.queries.lab_results import LabRecord
from db.roles import Actor
from pages.parts import tiles
from pages.parts.sheet import Sheet, shown_value
from pages.parts.wording import when
from pages.ward.laboratory_parts.grades import limits_cell, why
from pages.ward.laboratory_parts.loaded import Laboratory
from pages.ward.laboratory_parts.words import name_of, tile_of, value_words
from pages.ward.record_parts.choosing import address_of

_WHY = "Say why the result is corrected."


def draw_opened(actor: Actor, laboratory: Laboratory, versions: Sequence[LabRecord]) -> None:
    """The versions, newest first, and what can be done with the one that stands."""
    newest = versions[-1]
    row = newest.row
    with st.container(border=True):
        st.header(f"{name_of(row.analyte)} of {shown_value(row.taken_at)}", anchor=False)
        graded = laboratory.graded.get(row.stable_id)
        if graded is not None and graded.grade is not None:
            words = tiles.piece("div", text=graded.grade.scale.value) + why(graded)
            st.html(
                tiles.piece("div", tile_of(graded), tiles.piece("div", words), classes="vigil-entry-grade")
            )
        st.html(_versions(laboratory, versions))
        for one in versions:
            if one.reason:
                st.text(f"Why version {one.version}: {one.reason}")
        if newest.voided:
            st.text("This result was withdrawn. It counts for nothing.")
        else:
            _draw_correction(actor, laboratory, newest)
            _draw_void(actor, newest)
        close = address_of(Page.LABORATORY, laboratory.patient.study_code)
        st.html(tiles.link("Close this result", close, classes="vigil-link vigil-link-block"))


def _versions(laboratory: Laboratory, versions: Sequence[LabRecord]) -> str:
    rows = [
        [
            tiles.cell(str(one.version)),
            tiles.cell("withdrawn" if one.voided else value_words(one.row)),
            limits_cell(one.row),
            tiles.cell(when(one.row.taken_at, laboratory.now, laboratory.zone)),
            tiles.cell(_entered(laboratory, one)),
        ]
        for one in reversed(versions)
    ]
    heads = ["Version", "Value", "Limits of normal", "Taken", "Entered"]
    return tiles.table("Versions, newest first", heads, rows, numbers=True)


def _entered(laboratory: Laboratory, record: LabRecord) -> str:
    at = when(record.entered_at, laboratory.now, laboratory.zone)
    asked = "; unlikely, confirmed" if record.confirmed else ""
    file = ", from a file" if record.source == "file" else ""
    return f"{at} by {record.entered_by or 'the program'}{file}{asked}"


def _draw_correction(actor: Actor, laboratory: Laboratory, record: LabRecord) -> None:
    row = record.row
    sheet = Sheet(f"lab_correct_{row.stable_id}_{record.version}")
    with st.expander("Correct it", expanded=sheet.is_open), sheet.form():
        value = sheet.text("value", "Value", f"Stored: {value_words(row)}", f"{row.value:.15g}")
        listed = units_of(row.analyte)
        units = listed if row.unit in listed else (row.unit, *listed)
        unit = sheet.choice(
            "unit", "Unit", "Of the value and of the limits.", units, lambda one: one, row.unit
        )
        left, right = st.columns(2)
        with left:
            lower = sheet.text("lln", "Lower limit of normal", "Open where none is given.", _shown(row.lln))
        with right:
            upper = sheet.text("uln", "Upper limit of normal", "Open where none is given.", _shown(row.uln))
        taken = sheet.moment("taken_at", "Taken", "Such as 2026-03-08 and 06:15.", row.taken_at)
        reason = sheet.words("why", "Why is it corrected", "Such as: read from the wrong line.")

        def correct(form: Sheet) -> str:
            typed: dict[str, Any] = {"patient_id": laboratory.patient.study_code, "analyte": row.analyte}
            typed |= {"value": value, "unit": unit, "lln": lower, "uln": upper}
            stored = {"taken_at": row.taken_at}
            entry = form.read(LabResultIn, typed, {"taken_at": taken}, stored=stored, reason=(reason, _WHY))
            correct_lab_result(
                row.stable_id,
                record.version,
                entry,
                reason,
                confirmed=form.confirmed,
                by=actor,
                now=utc_now(),
            )
            return "The result is corrected."

        sheet.submit("Correct result", correct)


def _draw_void(actor: Actor, record: LabRecord) -> None:
    row = record.row
    sheet = Sheet(f"lab_void_{row.stable_id}_{record.version}")
    with st.expander("Withdraw it", expanded=sheet.is_open), sheet.form():
        reason = sheet.words("reason", "Why is it withdrawn", "Such as: another patient's sample.")

        def withdraw(_form: Sheet) -> str:
            void_lab_result(row.stable_id, record.version, reason, by=actor, now=utc_now())
            return f"{name_of(row.analyte)} of {shown_value(row.taken_at)} is withdrawn."

        sheet.submit("Withdraw result", withdraw)


def _shown(limit: float | None) -> str:
    return "" if limit is None else f"{limit:.15g}"
