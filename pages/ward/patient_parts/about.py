"""What stands at the end of the patient page: going home, reminders by grade, and where the patient was."""

import streamlit as st

from actions import context
from db.queries.patient import PatientRecord, StayRow
from grading.scale import Toxicity
from pages.parts import tiles
from pages.parts.going_home import judge_going_home, show_going_home
from pages.parts.wording import date_and_time, listed
from pages.ward.board_parts.standing import KIND_OF, standing
from pages.ward.patient_parts.due import DueSlot, due_grid, is_overdue
from pages.ward.patient_parts.loaded import Loaded
from trial.calendar import SlotStatus, StayKind
from trial.reminders import RemindersError, load_reminders

_STAYS = {
    StayKind.WARD: "Ward",
    StayKind.INTENSIVE_CARE: "Intensive care",
    StayKind.HOME: "Home",
}


def show_reminders(loaded: Loaded) -> None:
    """The lines of the grades that stand now; nothing once monitoring is over."""
    if not loaded.is_monitored:
        return
    st.header("Reminder, not an order", anchor=False)
    try:
        reminders = load_reminders(context.settings().data_dir)
    except RemindersError as error:
        st.text(str(error))
        return
    any_line, open_scales = False, []
    for scale in Toxicity:
        overdue = is_overdue(loaded, KIND_OF[scale])
        now = standing(loaded.facts.points, scale, loaded.now, loaded.zone, is_overdue=overdue)
        lines = reminders.at(scale, now.at_least or 0)
        any_line = any_line or bool(lines)
        if lines:
            st.html(_lines(f"{scale.label} {tiles.grade_words(now.grade, now.at_least)}", lines))
        elif now.grade is None:
            open_scales.append(scale.label)
    if open_scales:
        st.text(f"{listed(open_scales)}: not graded now, so nothing is known to remind of.")
    elif not any_line:
        st.text("Nothing to remind of at grade 0.")


def _lines(head: str, lines: tuple[str, ...]) -> str:
    items = [tiles.piece("li", text=line) for line in lines]
    return tiles.piece("h3", text=head) + tiles.piece("ul", *items, classes="vigil-text")


def show_before_going_home(loaded: Loaded) -> None:
    """What speaks against going home now; nothing for who is at home, or not monitored any more."""
    if not loaded.is_monitored:
        return
    st.header("Before going home", anchor=False)
    overdue = {one.slot.kind: one.slot for one in reversed(due_grid(loaded)) if _is_overdue(one)}
    infused_at = loaded.infusion.infused_at
    show_going_home(
        judge_going_home(infused_at, loaded.entries, loaded.alerts, list(overdue.values()), loaded.now)
    )


def _is_overdue(one: DueSlot) -> bool:
    return one.status is SlotStatus.OVERDUE


def show_stays(patient: PatientRecord, loaded: Loaded) -> None:
    """Every stay with its times; a reason as plain text."""
    st.header("Stays", anchor=False)
    if not patient.stays:
        st.text("No stay is recorded.")
        return
    st.html(
        tiles.table(
            "Where the patient was", ("Where", "From", "To"), [_stay(stay, loaded) for stay in patient.stays]
        )
    )
    for stay in patient.stays:
        if stay.reason:
            st.text(f"{_STAYS[stay.kind]} from {date_and_time(stay.from_at, loaded.zone)}: {stay.reason}")


def _stay(stay: StayRow, loaded: Loaded) -> list[str]:
    to = "still there" if stay.to_at is None else date_and_time(stay.to_at, loaded.zone)
    return [
        tiles.cell(_STAYS[stay.kind]),
        tiles.cell(date_and_time(stay.from_at, loaded.zone)),
        tiles.cell(to),
    ]
