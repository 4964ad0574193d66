"""The forms of an event: record, correct, withdraw."""

from collections.abc import Callable

import streamlit as st

from actions.events import correct_event, record_event, void_event
from clock import utc_now
from db.inputs_event import EventIn
from db.queries.events import EventRecord
from db.queries.office import PatientRecord
from db.roles import Actor
from pages.office.event_parts.boxes import Typed, clock_hours, draw_event_boxes, stored_values
from pages.parts.sheet import Sheet

_WHY = "Say why the event is corrected, such as: grade read again."


def draw_new_event(actor: Actor, patient: PatientRecord) -> None:
    """The form that records an event or infection."""
    sheet = Sheet(f"event_new_{patient.id}")
    with st.expander(f"Record an event of {patient.study_code}", expanded=sheet.is_open):
        typed = draw_event_boxes(sheet, None)
        if typed is not None:
            sheet.submit("Save event", _recording(actor, patient, typed), in_form=False)


def draw_correction(actor: Actor, code: str, event: EventRecord) -> None:
    """The form that corrects an event."""
    sheet = Sheet(f"event_correct_{event.stable_id}_{event.version}")
    with st.expander(f"Correct this event of {code}", expanded=sheet.is_open):
        typed = draw_event_boxes(sheet, event)
        why = sheet.words("why", "Why is it corrected", "Such as: grade read again.")
        if typed is None:
            return
        known = typed

        def correct(form: Sheet) -> str:
            entry = form.read(
                EventIn,
                {"patient_id": code, **known.values},
                known.moments,
                stored=stored_values(event),
                reason=(why, _WHY),
            )
            correct_event(event.stable_id, event.version, entry, why, by=actor, now=utc_now())
            return f"{entry.term} of {code} is corrected. What stood before is kept."

        sheet.submit("Correct", correct, in_form=False)


def draw_withdrawal(actor: Actor, code: str, event: EventRecord) -> None:
    """The form that withdraws an event, or what was added to an episode."""
    sheet = Sheet(f"event_void_{event.stable_id}_{event.version}")
    what = (
        f"{event.term} of {code}" if event.toxicity is None else f"what was added to {event.term} of {code}"
    )
    with st.expander(f"Withdraw {what}", expanded=sheet.is_open), sheet.form():
        why = sheet.words("reason", "Why is it withdrawn", "Such as: entered twice.")

        def withdraw(_form: Sheet) -> str:
            void_event(event.stable_id, event.version, why, by=actor, now=utc_now())
            return f"{event.term} of {code} is withdrawn. It stays in the audit trail with its reason."

        sheet.submit("Withdraw", withdraw)


def _recording(actor: Actor, patient: PatientRecord, typed: Typed) -> Callable[[Sheet], str]:
    def record(form: Sheet) -> str:
        entry = form.read(EventIn, {"patient_id": patient.study_code, **typed.values}, typed.moments)
        record_event(entry, by=actor, now=utc_now())
        clock = f" Its clock of {clock_hours()} h is running." if entry.is_serious else ""
        return f"{entry.term} of {patient.study_code} is recorded.{clock}"

    return record
