"""The bar at the bottom of the assess page: both grades as they stand, why, what would settle them, and Save.

It keeps its height. What is to be put right or asked once more stands in one line above the grades.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from grading.crs_course import GradedAssessment
from grading.next_step import what_would_raise
from grading.scale import Grade
from pages.parts import tiles
from pages.parts.wording import columns_words, counted, sentence_case
from pages.ward.assess_parts.form import Form

_ONE_LINE = 16
"""Characters after "To settle it:" that stay in its line on a tablet."""

_SHORT_WORDS = {
    "motor_weakness": "weakness",
    "edema_or_raised_icp": "raised pressure",
    "iv_fluid_bolus": "fluid bolus",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """What Save asks before it saves: sentences, and the words of the button that answers yes."""

    sentences: Sequence[str]
    yes: str = "Yes, save"


def grade_bar(
    form: Form,
    graded: GradedAssessment,
    *,
    save_words: str,
    to_put_right: Sequence[str] = (),
    ask: Ask | None = None,
    answer_yes: Callable[[], None],
    press_save: Callable[[], None],
) -> None:
    """Draw the bar. Save comes last in the tab order."""
    notice = _notice(form, to_put_right, ask)
    with st.bottom, st.container(key="assess-bar"):
        words, buttons = st.columns([4, 1.15], wrap=False, vertical_alignment="top", gap="small")
        with words, st.container(gap="xxsmall"):
            if notice:
                st.html(notice)
            parts = [grade_part(grade, tight=bool(notice)) for grade in (graded.crs, graded.icans)]
            st.html(tiles.piece("div", *parts, classes="vigil-bar-grades"))
        with buttons, st.container(gap="xsmall"):
            with st.popover("Reasons", width="stretch"):
                st.html(_everything(graded))
            if ask is None:
                st.button(
                    save_words,
                    type="primary",
                    width="stretch",
                    key=f"assess-save-{form.token}",
                    on_click=press_save,
                )
            else:
                st.button(
                    ask.yes,
                    type="primary",
                    width="stretch",
                    key=f"assess-yes-{form.token}",
                    on_click=answer_yes,
                )


def grade_part(grade: Grade, *, tight: bool = False) -> str:
    """One grade of the bar: tile, head, reasons, and what is missing. Spoken when it changes.

    `tight` leaves room for a line above: the reasons are cut sooner, and stand whole under "Reasons".
    """
    words = tiles.grade_words(grade.grade, grade.at_least)
    why, missing = "; ".join(grade.reasons), ", ".join(_short(grade.missing))
    lines = []
    if why:
        classes = f"vigil-bar-why{_room(missing)}"
        lines.append(tiles.piece("div", text=f"{sentence_case(why)}.", classes=classes))
    if missing:
        to_settle = tiles.piece("b", text="To settle it: ")
        open_words = tiles.piece("span", text=missing)
        lines.append(tiles.piece("div", to_settle, open_words, classes="vigil-bar-why"))
    return tiles.piece(
        "div",
        tiles.grade_tile(grade.grade, grade.at_least, toxicity=grade.scale.label),
        tiles.piece(
            "div",
            tiles.piece("div", text=f"{grade.scale.label} {words}", classes="vigil-bar-head"),
            *lines,
        ),
        classes="vigil-bar-grade vigil-bar-tight" if tight else "vigil-bar-grade",
        role="status",
    )


def _room(missing: str) -> str:
    """Of the four lines, the reasons get those that what is missing leaves free."""
    if not missing:
        return " vigil-bar-alone"
    return " vigil-bar-wide" if len(missing) <= _ONE_LINE else ""


def put_right_words(labels: Sequence[str]) -> str:
    """ "Two things to put right: SpO2, ICE naming"."""
    if not labels:
        return ""
    words = ["No", "One thing", "Two things", "Three things", "Four things", "Five things"]
    head = words[len(labels)] if len(labels) < len(words) else counted(len(labels), "thing", "things")
    return f"{head} to put right: {', '.join(labels)}"


def _notice(form: Form, to_put_right: Sequence[str], ask: Ask | None) -> str:
    if form.refusal:
        return tiles.problem(form.refusal)
    if to_put_right:
        return tiles.problem(put_right_words(to_put_right))
    if ask is None:
        return ""
    return tiles.piece("div", text=" ".join(ask.sentences), classes="vigil-bar-ask", role="alert")


def _everything(graded: GradedAssessment) -> str:
    parts = []
    for grade in (graded.crs, graded.icans):
        parts.append(tiles.piece("p", text=grade.sentence()))
        if grade.missing:
            parts.append(tiles.piece("p", text=f"To settle it: {columns_words(grade.missing)}."))
    step = what_would_raise(graded)
    if step:
        parts.append(tiles.piece("p", text=step))
    parts.append(tiles.piece("p", text=graded.crs.ruleset))
    return tiles.piece("div", *parts, classes="vigil-reasons")


def _short(columns: Sequence[str]) -> list[str]:
    """The five items of the ICE are one thing to do; the rest in the words of the questions."""
    words: list[str] = []
    for column in columns:
        if column.startswith("ice_"):
            word = "ICE score" if len([one for one in columns if one.startswith("ice_")]) > 1 else None
            word = word or columns_words([column])
        else:
            word = _SHORT_WORDS.get(column) or columns_words([column])
        if word not in words:
            words.append(word)
    return words
