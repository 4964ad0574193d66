"""What scans and samples share on the page: the cells about a version, and the form to withdraw one."""

from collections.abc import Callable
from datetime import date

import streamlit as st

from actions import context
from db.queries.office import PatientRecord
from db.queries.response import Versioned
from pages.parts import tiles
from pages.parts.sheet import Sheet, shown_value
from pages.parts.wording import date_words

ABOUT: tuple[str, ...] = ("Version", "Entered", "Why changed")
"""The heads of the cells about a version."""

WHY_CHANGED = "Needed where something that is recorded changes, such as: report read again."


def about_cells(version: Versioned) -> list[str]:
    """Which version, who entered it, and why it was changed or withdrawn."""
    entered = f"{shown_value(version.entered_at)} by {version.entered_by or 'the program'}"
    return [
        tiles.cell(words)
        for words in (f"{version.version}, {_state(version)}", entered, version.reason or "")
    ]


def _state(version: Versioned) -> str:
    if version.superseded_at is not None:
        return "earlier"
    return "withdrawn" if version.voided else "stands"


def dated_words(on: date, patient: PatientRecord) -> str:
    """ "30 Mar 2026, day 28": days since the first infusion, where there is one."""
    first = patient.infusion(1)
    if first is None:
        return date_words(on)
    days = (on - first.infused_at.astimezone(context.settings().zone).date()).days
    return f"{date_words(on)}, day {days}"


def draw_withdrawal(sheet: Sheet, words: str, withdraw: Callable[[str], object]) -> None:
    """The form that takes a record back, for a reason. `words` names it: "the PET/CT of 30 Mar 2026"."""
    with sheet.form():
        st.subheader(f"Withdraw {words}", anchor=False)
        why = sheet.words("reason", "Why is it withdrawn", "Such as: wrong patient chosen.")

        def do(_form: Sheet) -> str:
            withdraw(why)
            return f"{words[0].upper()}{words[1:]} is withdrawn."

        sheet.submit("Withdraw", do)
