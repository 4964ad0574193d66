"""The grid of due assessments: done, skipped, missing or still to come, by day and time."""

from collections import Counter
from collections.abc import Iterable
from datetime import time, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

import streamlit as st

from pages.parts import tiles
from pages.parts.wording import clock_time, date_and_time
from pages.ward.patient_parts.due import DueSlot, due_grid, stage
from pages.ward.patient_parts.entries import entry_link, late_piece
from pages.ward.patient_parts.loaded import Loaded
from trial.calendar import SlotKind, SlotStatus, day_of

KINDS: Final = {SlotKind.VITAL_SIGNS: "Signs", SlotKind.ICE: "ICE"}
_REASONS: Final = {
    "asleep": "asleep",
    "procedure": "at a procedure",
    "refused": "refused",
    "other": "see below",
}
_WORDS: Final = {
    SlotStatus.DUE: "due now",
    SlotStatus.OVERDUE: "missing",
    SlotStatus.MISSED: "missing",
    SlotStatus.NOT_YET: "to come",
}


def show_grid(loaded: Loaded) -> None:
    """The whole window, day 0 first, and in words what was skipped for another reason."""
    st.header(f"Due assessments, day 0 to {loaded.protocol.monitoring_days}", anchor=False)
    if not loaded.slots:
        st.text("Nothing is due after this infusion.")
        return
    key = ("grid", stage(loaded))
    st.html(tiles.Ready(loaded.facts.once(key, lambda: _table(loaded))))
    for skip in sorted(loaded.facts.skipped, key=lambda one: (one.due_at, one.entered_at)):
        if skip.explanation:
            at = date_and_time(skip.due_at, loaded.zone)
            st.text(f"{KINDS[skip.kind]} of {at} not done: {skip.explanation}")


def _table(loaded: Loaded) -> str:
    times = sorted({*loaded.protocol.vital_sign_times, *loaded.protocol.ice_times})
    due = due_grid(loaded)
    number = Counter(one.status for one in due)
    missing = number[SlotStatus.OVERDUE] + number[SlotStatus.MISSED]
    caption = (
        "Signs: temperature, systolic pressure and SpO2. "
        f"{number[SlotStatus.MET]} done, {number[SlotStatus.SKIPPED]} skipped with a reason, "
        f"{missing} missing."
    )
    days = groupby(due, key=lambda one: day_of(one.slot.due_at, loaded.infusion.infused_at, loaded.zone))
    rows = [_day_row(loaded, day, of_day, times) for day, of_day in days]
    table = tiles.table(caption, ("Day", *(f"{at:%H:%M}" for at in times)), rows)
    return tiles.piece("div", table, classes="vigil-grid")


def _day_row(loaded: Loaded, day: int, of_day: Iterable[DueSlot], times: list[time]) -> list[str]:
    on = loaded.infusion.infused_at.astimezone(loaded.zone).date() + timedelta(days=day)
    by_time: dict[time, list[str]] = {at: [] for at in times}
    for one in of_day:
        by_time[one.slot.due_at.astimezone(loaded.zone).time()].append(_slot(loaded, one))
    heading = tiles.cell(f"{day}") + tiles.piece("div", text=f"{on.day} {on:%b}", classes="vigil-soft")
    return [heading, *("".join(by_time[at]) for at in times)]


def _slot(loaded: Loaded, one: DueSlot) -> str:
    if one.entry is not None:
        words = tiles.piece("span", text=f"{KINDS[one.slot.kind]} ")
        link = entry_link(loaded.patient.study_code, one.entry, "done")
        return tiles.piece("div", words, link, late_piece(one.entry), classes="vigil-slot")
    classes = "vigil-slot"
    if one.skipped_because is None:
        classes += f" vigil-slot-{one.status.value.replace('_', '-')}"
    return tiles.piece("div", text=slot_words(one, loaded.zone), classes=classes)


def slot_words(one: DueSlot, zone: ZoneInfo) -> str:
    """What stands for a due assessment that no entry meets; a refusal that lapsed with its times."""
    kind = KINDS[one.slot.kind]
    if one.skipped_because is not None:
        return f"{kind} skipped: {_REASONS[one.skipped_because]}"
    words = f"{kind} {_WORDS[one.status]}"
    if one.refused_at is None or one.asked_again_at is None:
        return words
    refused, again = (clock_time(at, zone) for at in (one.refused_at, one.asked_again_at))
    return f"{words}: refused {refused}, asked again from {again}"
