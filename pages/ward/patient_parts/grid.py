"""The grid of due assessments: done, skipped, missing or still to come, by day and time."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Final

import streamlit as st

from db.queries.charted_entries import Entry
from pages.parts import tiles
from pages.parts.wording import date_and_time
from pages.ward.patient_parts.entries import entry_link
from pages.ward.patient_parts.loaded import Loaded
from trial.calendar import Slot, SlotKind, SlotStatus, day_of, slot_status

_KINDS: Final = {SlotKind.VITAL_SIGNS: "Signs", SlotKind.ICE: "ICE"}
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
    days = loaded.protocol.monitoring_days
    st.header(f"Due assessments, day 0 to {days}", anchor=False)
    if not loaded.slots:
        st.text("Nothing is due after this infusion.")
        return
    st.html(_table(loaded))
    for skip in loaded.skipped:
        if skip.explanation:
            at = date_and_time(skip.due_at, loaded.zone)
            st.text(f"{_KINDS[skip.kind]} of {at} not done: {skip.explanation}")


def counts(loaded: Loaded) -> dict[SlotStatus, int]:
    """How many due assessments stand how."""
    found = dict.fromkeys(SlotStatus, 0)
    for slot in loaded.slots:
        found[status_of(loaded, slot)] += 1
    return found


def status_of(loaded: Loaded, slot: Slot) -> SlotStatus:
    """How one due assessment stands now."""
    skipped = {(skip.kind, skip.due_at) for skip in loaded.skipped}
    return slot_status(slot, loaded.recorded, skipped, loaded.now, loaded.protocol)


def _table(loaded: Loaded) -> str:
    times = sorted({*loaded.protocol.vital_sign_times, *loaded.protocol.ice_times})
    number = counts(loaded)
    missing = number[SlotStatus.OVERDUE] + number[SlotStatus.MISSED]
    caption = (
        "Signs: temperature, systolic pressure and SpO2. "
        f"{number[SlotStatus.MET]} done, {number[SlotStatus.SKIPPED]} skipped with a reason, "
        f"{missing} missing."
    )
    rows = [
        _day_row(loaded, slots, times)
        for _, slots in groupby(loaded.slots, key=lambda slot: _day(loaded, slot))
    ]
    return tiles.piece(
        "div",
        tiles.table(caption, ("Day", *(f"{at:%H:%M}" for at in times)), rows),
        classes="vigil-grid",
    )


def _day(loaded: Loaded, slot: Slot) -> int:
    return day_of(slot.due_at, loaded.infusion.infused_at, loaded.zone)


def _day_row(loaded: Loaded, of_day: Iterable[Slot], times: list[time]) -> list[str]:
    slots = list(of_day)
    day = _day(loaded, slots[0])
    on = loaded.infusion.infused_at.astimezone(loaded.zone).date() + timedelta(days=day)
    by_time: dict[time, list[str]] = {at: [] for at in times}
    for slot in slots:
        by_time[slot.due_at.astimezone(loaded.zone).time()].append(_slot(loaded, slot))
    heading = tiles.cell(f"{day}") + tiles.piece("div", text=f"{on.day} {on:%b}", classes="vigil-soft")
    return [heading, *("".join(by_time[at]) for at in times)]


def _slot(loaded: Loaded, slot: Slot) -> str:
    status = status_of(loaded, slot)
    if status is SlotStatus.MET:
        entry = _nearest(loaded, slot)
        kind = tiles.piece("span", text=f"{_KINDS[slot.kind]} ")
        return tiles.piece("div", kind, entry_link(loaded, entry, "done"), classes="vigil-slot")
    if status is SlotStatus.SKIPPED:
        return tiles.piece(
            "div",
            text=f"{_KINDS[slot.kind]} skipped: {_skipped_why(loaded, slot.kind, slot.due_at)}",
            classes="vigil-slot",
        )
    classes = f"vigil-slot vigil-slot-{status.value.replace('_', '-')}"
    return tiles.piece("div", text=f"{_KINDS[slot.kind]} {_WORDS[status]}", classes=classes)


def _nearest(loaded: Loaded, slot: Slot) -> Entry:
    holding = [entry for entry in loaded.entries if entry.recorded.holds(slot.kind)]
    return min(holding, key=lambda entry: abs(entry.assessed_at - slot.due_at))


def _skipped_why(loaded: Loaded, kind: SlotKind, due_at: datetime) -> str:
    return next(
        _REASONS[skip.reason] for skip in loaded.skipped if (skip.kind, skip.due_at) == (kind, due_at)
    )
