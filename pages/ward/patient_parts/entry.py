"""One entry, opened: who, when observed, when entered, all values, why this grade, and every version."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

import streamlit as st

from actions.permissions import Action, may
from db.queries.charted_entries import VALUE_COLUMNS, Entry, StoredGrade
from db.queries.review import load_questions
from db.roles import Actor
from db.session import reading
from pages.parts import tiles
from pages.parts.questions import draw_questions_of_entry
from pages.parts.values import FREE_TEXT, column_label, value_words
from pages.parts.wording import ago, columns_words, date_and_time, late_words
from pages.ward.patient_parts.loaded import Loaded
from trial.calendar import day_of

OWN_FOR: Final = timedelta(hours=12)
"""How long the ward may correct an entry of its own."""

_SOURCES: Final = {"form": "", "file": " from a file", "demo": " as made-up data"}


def show_entry(
    loaded: Loaded, versions: Sequence[Entry], actor: Actor, *, frame: str = "patient-entry"
) -> None:
    """An opened entry, in a frame; its newest version first.

    frame  the key of the frame: two entries may stand open on one page
    """
    newest = versions[-1]
    with st.container(border=True, key=frame):
        st.header(f"Entry of {date_and_time(newest.assessed_at, loaded.zone)}", anchor=False)
        st.html(_who_and_when(loaded, versions))
        if newest.status == "voided":
            st.html(tiles.outlined_band("Withdrawn. This entry does not count."))
        for grade in newest.grades.values():
            st.html(_grade(grade))
        st.html(_values(versions, loaded))
        _show_free_text(versions, loaded)
        _show_ways_on(loaded, versions, actor, frame)
        with reading() as session:
            questions = load_questions(session, [newest.stable_id])
        draw_questions_of_entry(actor, newest.stable_id, questions)


def _who_and_when(loaded: Loaded, versions: Sequence[Entry]) -> str:
    """When it was observed, when first entered and by whom, and the same of the newest version."""
    first, newest = versions[0], versions[-1]
    observed = newest.assessed_at
    day = day_of(observed, loaded.infusion.infused_at, loaded.zone)
    late = late_words(first.assessed_at, first.entered_at)
    words = [
        f"Day {day}. Observed {date_and_time(observed, loaded.zone)}, {ago(observed, loaded.now)}.",
        f"Entered {_entered(loaded, first)}{_SOURCES[first.source]}{f', {late}' if late else ''}.",
    ]
    if newest is not first:
        words.append(f"Version {newest.version} entered {_entered(loaded, newest)}.")
    return tiles.piece("p", text=" ".join(words), classes="vigil-text")


def _entered(loaded: Loaded, entry: Entry) -> str:
    return f"{date_and_time(entry.entered_at, loaded.zone)} by {entry.entered_by or 'the program'}"


def _grade(grade: StoredGrade) -> str:
    open_words = (
        tiles.piece("div", text=f"To settle it: {columns_words(grade.missing)}.", classes="vigil-soft")
        if grade.missing
        else ""
    )
    return tiles.piece(
        "div",
        tiles.grade_tile(grade.grade, grade.at_least, toxicity=grade.scale.label),
        tiles.piece(
            "div",
            tiles.piece("div", text=grade.sentence()),
            open_words,
            tiles.piece("div", text=f"Rules: {grade.ruleset}", classes="vigil-soft"),
        ),
        classes="vigil-entry-grade",
    )


def _values(versions: Sequence[Entry], loaded: Loaded) -> str:
    """All columns, a column a version, the newest first; what a version changed stands in bold."""
    newest_first = list(reversed(versions))
    heads = ["What", *(_head(entry, loaded) for entry in newest_first)]
    rows = [
        [tiles.cell("Observed"), *_changes([date_and_time(e.assessed_at, loaded.zone) for e in newest_first])]
    ]
    for column in VALUE_COLUMNS:
        if column in FREE_TEXT:
            continue
        words = [value_words(column, entry.values.get(column)) for entry in newest_first]
        rows.append([tiles.cell(column_label(column)), *_changes(words)])
    return tiles.table("Values as they were stored", heads, rows)


def _head(entry: Entry, loaded: Loaded) -> str:
    gone = (
        "" if entry.superseded_at is None else f", replaced {date_and_time(entry.superseded_at, loaded.zone)}"
    )
    return f"Version {entry.version}{gone}"


def _changes(newest_first: Sequence[str]) -> list[str]:
    before = [*newest_first[1:], newest_first[-1]]
    return [
        tiles.piece("b", text=words) if words != older else tiles.cell(words)
        for words, older in zip(newest_first, before, strict=True)
    ]


def _show_free_text(versions: Sequence[Entry], loaded: Loaded) -> None:
    for entry in reversed(versions):
        if entry.reason:
            by = entry.entered_by or "the program"
            at = date_and_time(entry.entered_at, loaded.zone)
            st.text(f"Why version {entry.version} ({by}, {at}): {entry.reason}")
        if entry.values.get("comment"):
            st.text(f"Comment in version {entry.version}: {entry.values['comment']}")


def _show_ways_on(loaded: Loaded, versions: Sequence[Entry], actor: Actor, frame: str) -> None:
    code, entry = loaded.patient.study_code, versions[-1]
    with st.container(horizontal=True, gap="small"):
        is_open = entry.status == "recorded" and may_correct(actor, versions, loaded.now)
        if is_open and st.button("Correct this entry", key=f"{frame}-correct"):
            st.switch_page("ward/assess.py", query_params={"code": code, "correct": entry.stable_id})
        address = f"/patient?code={quote(code)}&infusion={loaded.infusion.number}"
        st.html(
            tiles.link("Close this entry", address, classes="vigil-link vigil-link-block"), width="content"
        )


def may_correct(actor: Actor, versions: Sequence[Entry], now: datetime) -> bool:
    """Whether to offer the correction: any for an investigator, one's own of the last 12 h for the ward."""
    if may(actor.role, Action.CORRECT_ANY_ASSESSMENT):
        return True
    first = versions[0]
    is_own = first.entered_by_id is not None and first.entered_by_id == actor.user_id
    return is_own and may(actor.role, Action.CORRECT_OWN_ASSESSMENT) and now - first.entered_at <= OWN_FOR
