"""The stays of one patient: ward, intensive care, home; and the forms to add, end, correct and withdraw."""

from datetime import datetime
from typing import Final

import streamlit as st

from actions import context
from actions.errors import Refused, RefusedField
from actions.patients import correct_stay, end_stay, record_stay, void_stay
from clock import utc_now
from db.inputs import StayIn
from db.queries.office import PatientRecord, StayRecord
from db.roles import Actor
from pages.parts import tiles
from pages.parts.going_home import show_going_home
from pages.parts.moments import read_moment
from pages.parts.sheet import Sheet, shown_value
from trial.calendar import StayKind
from trial.discharge import Discharge

PLACES: Final = {
    StayKind.WARD: "Ward",
    StayKind.INTENSIVE_CARE: "Intensive care",
    StayKind.HOME: "Home",
}
_CORRECT: Final = "Correct this stay"
_END: Final = "Say when it ended"
_VOID: Final = "Withdraw this stay"


def draw_stays(
    actor: Actor, patient: PatientRecord, stays: list[StayRecord], going_home: Discharge | None
) -> None:
    """Where the patient was and is, and what can be done."""
    st.header(f"Stays of {patient.study_code}", anchor=False)
    if stays:
        heads = ["Place", "From", "To", "Reason", "Entered"]
        st.html(tiles.table("Stays, earliest first", heads, [_row(stay) for stay in stays], numbers=True))
    else:
        st.text("No stay is recorded yet. Assessments are due all the same.")
    _draw_new(actor, patient, stays, going_home)
    for stay in stays:
        _draw_change(actor, patient, stay)


def _row(stay: StayRecord) -> list[str]:
    to_at = "now" if stay.to_at is None else shown_value(stay.to_at)
    entered = f"{shown_value(stay.entered_at)} by {stay.entered_by or 'the program'}"
    words = (PLACES[stay.kind], shown_value(stay.from_at), to_at, stay.reason or "", entered)
    return [tiles.cell(one) for one in words]


def _draw_new(
    actor: Actor, patient: PatientRecord, stays: list[StayRecord], going_home: Discharge | None
) -> None:
    running = next((stay for stay in stays if stay.to_at is None), None)
    sheet = Sheet(f"stay_new_{patient.id}")
    is_open = not stays or sheet.is_open or sheet.kept("kind") is not None
    with st.expander("Record a stay", expanded=is_open):
        # Outside the form, which sends nothing before it is saved: home asks at once what speaks against it.
        kind = sheet.choice("kind", "Place", "Where the patient is.", list(StayKind), PLACES.__getitem__)
        if kind is StayKind.HOME and going_home is not None:
            show_going_home(going_home)
        _draw_new_form(actor, patient, running, sheet, kind)


def _draw_new_form(
    actor: Actor, patient: PatientRecord, running: StayRecord | None, sheet: Sheet, kind: StayKind | None
) -> None:
    with sheet.form():
        begin = sheet.moment("from_at", "From", "Such as 2026-03-08 and 10:30.")
        end = sheet.moment("to_at", "To", "Leave both boxes open while the stay lasts.")
        reason = sheet.words("reason", "Reason", _home_hint())
        ends = running is not None and sheet.tick(
            "ends_current", f"It ends the running stay ({_named(running)})"
        )

        def record(form: Sheet) -> str:
            typed = {"patient_id": patient.study_code, "kind": kind, "reason": reason}
            entry = form.read(StayIn, typed, {"from_at": begin, "to_at": end})
            record_stay(entry, ends_current=ends, by=actor, now=utc_now())
            return f"The stay of {patient.study_code} is recorded."

        sheet.submit("Record stay", record)


def _draw_change(actor: Actor, patient: PatientRecord, stay: StayRecord) -> None:
    sheets = [Sheet(f"stay_{what}_{stay.stable_id}_{stay.version}") for what in ("end", "correct", "void")]
    opened = any(sheet.is_open for sheet in sheets)
    with st.expander(f"Change the stay {_named(stay)}", expanded=opened):
        if stay.to_at is None:
            _draw_end(actor, stay, sheets[0])
        _draw_correction(actor, patient, stay, sheets[1])
        _draw_void(actor, stay, sheets[2])


def _draw_end(actor: Actor, stay: StayRecord, sheet: Sheet) -> None:
    with sheet.form():
        st.subheader(_END, anchor=False)
        typed = sheet.moment("to_at", "Ended", "Such as 2026-03-08 and 10:30.")

        def end(_form: Sheet) -> str:
            at = read_moment("to_at", typed, context.settings().zone)
            if at is None:
                raise Refused([RefusedField("to_at", None, "Enter the end of the stay.")])
            if not isinstance(at, datetime):
                raise Refused([at])
            end_stay(stay.stable_id, stay.version, at, by=actor, now=utc_now())
            return f"The stay {_named(stay)} ended at {shown_value(at)}."

        sheet.submit("End stay", end)


def _draw_correction(actor: Actor, patient: PatientRecord, stay: StayRecord, sheet: Sheet) -> None:
    with sheet.form():
        st.subheader(_CORRECT, anchor=False)
        kind = sheet.choice(
            "kind", "Place", "Where the patient was.", list(StayKind), PLACES.__getitem__, stay.kind
        )
        begin = sheet.moment("from_at", "From", "Such as 2026-03-08 and 10:30.", stay.from_at)
        end = sheet.moment("to_at", "To", "Leave both boxes open while the stay lasts.", stay.to_at)
        own_reason = sheet.words("reason", "Reason of the stay", _home_hint(), stay.reason or "")
        why = sheet.words("why", "Why is it corrected", "Such as: wrong date.")

        def correct(form: Sheet) -> str:
            typed = {"patient_id": patient.study_code, "kind": kind, "reason": own_reason}
            stored = {"from_at": stay.from_at, "to_at": stay.to_at}
            moments = {"from_at": begin, "to_at": end}
            entry = form.read(
                StayIn, typed, moments, stored=stored, reason=(why, "Say why the stay is corrected.")
            )
            correct_stay(stay.stable_id, stay.version, entry, why, by=actor, now=utc_now())
            return f"The stay of {patient.study_code} is corrected."

        sheet.submit("Correct", correct)


def _draw_void(actor: Actor, stay: StayRecord, sheet: Sheet) -> None:
    with sheet.form():
        st.subheader(_VOID, anchor=False)
        why = sheet.words("reason", "Why is it withdrawn", "Such as: wrong patient chosen.")

        def withdraw(_form: Sheet) -> str:
            void_stay(stay.stable_id, stay.version, why, by=actor, now=utc_now())
            return f"The stay {_named(stay)} is withdrawn."

        sheet.submit("Withdraw", withdraw)


def _named(stay: StayRecord) -> str:
    return f"{PLACES[stay.kind].lower()} from {shown_value(stay.from_at)}"


def _home_hint() -> str:
    days = context.protocol().monitoring_days
    return f"Needed where the patient goes home before day {days}: it is a deviation from the protocol."
