"""The ctDNA samples of one patient: the series with every version, and the forms."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from actions.response import correct_ctdna, record_ctdna, void_ctdna
from clock import utc_now
from db.inputs_response import CtDnaIn
from db.queries.office import PatientRecord
from db.queries.response import CtDnaVersion, standing
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
from trial.second_infusion_facts import CtDnaResult

RESULTS: Final = {
    CtDnaResult.POSITIVE: "Positive",
    CtDnaResult.NEGATIVE: "Negative",
    CtDnaResult.NOT_DONE: "Not done",
}


def draw_ctdna(
    actor: Actor, patient: PatientRecord, versions: Sequence[CtDnaVersion], *, writes: bool
) -> None:
    """Every sample, and what can be done."""
    st.header(f"ctDNA of {patient.study_code}", anchor=False)
    if versions:
        heads = ["Sample of", "Result", "Value", "Result of", *ABOUT]
        rows = [_row(one, patient) for one in versions]
        st.html(tiles.table("ctDNA, oldest sample first", heads, rows, numbers=True))
    else:
        st.text("No ctDNA sample is recorded yet.")
    if not writes:
        return
    _draw_new(actor, patient)
    for one in standing(versions):
        _draw_change(actor, patient, one)


def value_words(one: CtDnaVersion) -> str:
    """ "12.5 hGE/mL", unrounded; "" where the laboratory gives none."""
    return "" if one.value is None else f"{one.value:.12g} {one.unit}"


def _row(one: CtDnaVersion, patient: PatientRecord) -> list[str]:
    result = RESULTS[one.result] if one.result else "Awaited"
    resulted = date_words(one.resulted_on) if one.resulted_on else ""
    words = (dated_words(one.sampled_on, patient), result, value_words(one), resulted)
    return [*(tiles.cell(word) for word in words), *about_cells(one)]


def _draw_new(actor: Actor, patient: PatientRecord) -> None:
    sheet = Sheet(f"ctdna_new_{patient.id}")
    with st.expander("Record a ctDNA sample", expanded=sheet.is_open), sheet.form():
        typed = _boxes(sheet, None)

        def record(form: Sheet) -> str:
            entry = form.read(CtDnaIn, {"patient_id": patient.study_code} | typed)
            record_ctdna(entry, by=actor, now=utc_now())
            return f"The ctDNA sample of {date_words(entry.sampled_on)} is recorded."

        sheet.submit("Record sample", record)


def _draw_change(actor: Actor, patient: PatientRecord, one: CtDnaVersion) -> None:
    words = f"the ctDNA sample of {date_words(one.sampled_on)}"
    sheets = [Sheet(f"ctdna_{what}_{one.stable_id}_{one.version}") for what in ("correct", "void")]
    with st.expander(f"Change {words}", expanded=any(sheet.is_open for sheet in sheets)):
        _draw_correction(actor, patient, one, sheets[0])
        draw_withdrawal(
            sheets[1],
            words,
            lambda why: void_ctdna(one.stable_id, one.version, why, by=actor, now=utc_now()),
        )


def _draw_correction(actor: Actor, patient: PatientRecord, one: CtDnaVersion, sheet: Sheet) -> None:
    words = f"the ctDNA sample of {date_words(one.sampled_on)}"
    with sheet.form():
        st.subheader(f"Enter the result of {words}, or correct it", anchor=False)
        typed = _boxes(sheet, one)
        why = sheet.words("reason", "Why is it changed", WHY_CHANGED)

        def correct(form: Sheet) -> str:
            entry = form.read(CtDnaIn, {"patient_id": patient.study_code} | typed)
            correct_ctdna(one.stable_id, one.version, entry, why, by=actor, now=utc_now())
            return f"The ctDNA sample of {date_words(entry.sampled_on)} is changed."

        sheet.submit("Save", correct)


def _boxes(sheet: Sheet, one: CtDnaVersion | None) -> dict[str, object]:
    on = sheet.day("sampled_on", "Date of sampling", "Such as 2026-03-30.", one.sampled_on if one else None)
    result = sheet.choice(
        "result",
        "Result",
        "Leave it open while the result is awaited.",
        list(CtDnaResult),
        RESULTS.__getitem__,
        one.result if one else None,
    )
    stored_value = "" if one is None or one.value is None else f"{one.value:.12g}"
    value = sheet.text("value", "Value", "Where the laboratory gives one, such as 12.5.", stored_value)
    unit = sheet.text(
        "unit",
        "Unit of the value",
        "As the laboratory writes it, such as hGE/mL.",
        (one.unit if one else "") or "",
    )
    hint = "Such as 2026-04-03; not before the sampling."
    resulted = sheet.day("resulted_on", "Date of the result", hint, one.resulted_on if one else None)
    return {"sampled_on": on, "result": result, "value": value, "unit": unit, "resulted_on": resulted}
