"""The clocks of serious events: what is running out first stands first."""

from datetime import datetime

import streamlit as st

from actions import context
from db.queries.events import EventRecord
from pages.office.event_parts.loaded import Loaded, event_link, event_words
from pages.parts import tiles
from pages.parts.wording import date_and_time, span
from trial.sae_clock import ClockReading, ClockState


def draw_clocks(loaded: Loaded, now: datetime) -> None:
    """Every serious event that waits for its report."""
    waiting = waiting_for_report(loaded, now)
    st.header(f"Serious events to report ({len(waiting)})", anchor=False)
    if not waiting:
        st.text("No serious event waits for its report.")
        return
    for event, reading in waiting:
        with st.container(border=True):
            st.html(_card(loaded.code_of(event.patient_id), event, reading))


def waiting_for_report(loaded: Loaded, now: datetime) -> list[tuple[EventRecord, ClockReading]]:
    """The events with a running clock, the one that runs out first first."""
    found = [(event, loaded.clock(event, now)) for event in loaded.events]
    waiting = [(event, reading) for event, reading in found if reading is not None and reading.is_running]
    return sorted(waiting, key=lambda one: (one[1].due_at, one[0].stable_id))


def clock_words(reading: ClockReading) -> str:
    """How the clock stands, in one sentence."""
    zone = context.settings().zone
    due = date_and_time(reading.due_at, zone)
    if reading.state is ClockState.RUNNING:
        return f"Report due {due}, in {span(reading.left)}."
    if reading.state is ClockState.OVERDUE:
        return f"Report overdue by {span(reading.left)}; it was due {due}."
    reported = date_and_time(reading.reported_at or reading.due_at, zone)
    late = "" if reading.state is ClockState.REPORTED else f", {span(reading.left)} late"
    return f"Reported {reported}{late}."


def clock_band(reading: ClockReading) -> str:
    """The clock as a band: ink once overdue, an outline while it runs, plain words once reported."""
    words = clock_words(reading)
    if reading.state is ClockState.OVERDUE:
        return tiles.alert_band(words)
    if reading.state is ClockState.RUNNING:
        return tiles.outlined_band(words)
    return tiles.piece("p", text=words, classes="vigil-text")


def _card(code: str, event: EventRecord, reading: ClockReading) -> str:
    aware = date_and_time(reading.aware_at, context.settings().zone)
    derived = " Read from the assessments; grade and onset as they were judged." if event.toxicity else ""
    return "".join(
        (
            clock_band(reading),
            tiles.line(
                tiles.grade_tile(event.grade, event.grade),
                tiles.piece("h3", text=f"{code}: {event_words(event)}", classes="vigil-alert-sentence"),
            ),
            tiles.soft(f"The site learned of it {aware}.{derived}"),
            tiles.line(event_link(event, code, f"Open the event of {code}")),
        )
    )
