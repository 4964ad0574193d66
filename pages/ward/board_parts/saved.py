"""The sentence after a save, above the board: what was stored, what it means, and the way back to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

import streamlit as st

from actions import context
from clock import utc_now
from grading.scale import Grade
from pages.parts import tiles
from pages.parts.wording import columns_words, counted, when

_NOTE: Final = "board_saved_note"
_SHOWN_FOR: Final = timedelta(minutes=10)
_TOLD_FROM: Final = 3


@dataclass(frozen=True, slots=True)
class SavedNote:
    """What the board says about an entry that was just saved.

    verb      "Saved", "Corrected", "Moved", ...
    told      how many people are being told of it now
    """

    code: str
    at: datetime
    saved_at: datetime
    verb: str = "Saved"
    stable_id: str | None = None
    crs: Grade | None = None
    icans: Grade | None = None
    told: int = 0
    already_saved_at: datetime | None = None


def remember(note: SavedNote) -> None:
    """Keep the note for the board, which is shown next."""
    st.session_state[_NOTE] = note


def forget() -> None:
    """Drop the note; something else is being entered now."""
    st.session_state.pop(_NOTE, None)


def show_saved(next_due: Mapping[str, str]) -> None:
    """Show the note, if there is one. `next_due` holds the words for each study code on the board."""
    note: SavedNote | None = st.session_state.get(_NOTE)
    now = utc_now()
    if note is None or now - note.saved_at > _SHOWN_FOR:
        return
    words = saved_words(note, next_due.get(note.code, ""), now, context.settings().zone)
    with st.container(border=True, key="board-saved"):
        st.html(tiles.piece("div", text=words, classes="vigil-saved", role="status"))
        with st.container(horizontal=True, gap="small"):
            if note.stable_id and st.button("Correct this entry", key="board-correct"):
                st.switch_page("ward/assess.py", query_params={"code": note.code, "correct": note.stable_id})
            st.button("Close", key="board-saved-close", on_click=forget)


def saved_words(note: SavedNote, next_due: str, now: datetime, zone: tzinfo) -> str:
    """The sentence: what was saved, who is told, what would settle it, what is due next."""
    if note.already_saved_at is not None:
        head = f"Already saved at {when(note.already_saved_at, now, zone)}."
    else:
        head = f"{note.verb}."
    grades = [grade for grade in (note.crs, note.icans) if grade is not None]
    parts = [f"{head} {note.code} at {when(note.at, now, zone)}{_grades_words(grades)}."]
    if note.told:
        people = counted(note.told, "person", "people")
        parts.append(f"{people} {'is' if note.told == 1 else 'are'} being told now.")
    parts += [
        f"Record the {columns_words(grade.missing)} to settle {grade.scale.label}."
        for grade in grades
        if grade.at_least >= _TOLD_FROM and grade.missing
    ]
    if next_due:
        parts.append(f"Next due {next_due}.")
    return " ".join(parts)


def _grades_words(grades: list[Grade]) -> str:
    words = [f"{grade.scale.label} {_short(grade)}" for grade in grades]
    return f": {', '.join(words)}" if words else ""


def _short(grade: Grade) -> str:
    if grade.grade is not None:
        return str(grade.grade)
    return f"at least {grade.at_least}" if grade.at_least else "not graded yet"
