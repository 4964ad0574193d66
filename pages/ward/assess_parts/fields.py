"""The boxes and choices of the assess page: the question, the last value beside it, the problem under it.

A box never starts filled, and the last value never stands in it. Choices are pills, which wrap and show
every choice at once; a chosen one that is touched again is given back. Problems take the place of the
"Last" line, so that nothing moves under a finger.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, Final

import streamlit as st

from db.queries.assess import LastValue
from pages.parts import tiles
from pages.parts.wording import when
from pages.ward.assess_parts.form import Form

STEP: Final[Mapping[str, float]] = {"temperature_c": 0.1}


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the drawing functions need: the form, the values of before, and what is to be put right.

    problems  question -> sentence
    treated   column -> the treatments that stand for its time, in words; never filled into the box
    offers    question -> a value that may have been meant
    """

    form: Form
    last: Mapping[str, LastValue]
    now: datetime
    zone: tzinfo
    baseline_ice: int | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    offers: Mapping[str, float] = field(default_factory=dict)
    may_judge: bool = False
    lasting_findings: Sequence[str] = ()
    lasting_note: str | None = None
    treated: Mapping[str, str] = field(default_factory=dict)

    def last_words(self, column: str, words: Callable[[Any], str], sign: str = " at ") -> str:
        """ "37.2 at 07:52", or "" where the column was never recorded after this infusion."""
        last = self.last.get(column)
        return "" if last is None else f"{words(last.value)}{sign}{when(last.at, self.now, self.zone)}"


def shown(value: float) -> str:
    """A number as it is stored, never rounded: 37.96 stays 37.96, 112.0 reads 112."""
    return f"{value:.15g}"


def as_shown(value: float | None) -> float | None:
    """A number as its box shows it, so that what is stored is what was seen (six digits, "%g")."""
    return None if value is None else float(f"{value:.6g}")


def number(sheet: Sheet, question: str, label: str) -> None:
    """A box for a number, with its last value or its problem under it."""
    form = sheet.form
    st.number_input(
        label,
        value=None,
        format="%g",
        step=STEP.get(question, 1.0),
        key=form.key(question),
        on_change=form.left,
    )
    problem = sheet.problems.get(question)
    last = sheet.last_words(question, shown)
    if problem is None:
        st.html(tiles.soft(f"Last: {last}" if last else "No earlier value"))
        return
    st.html(tiles.problem(problem))
    if question in sheet.offers:
        meant = sheet.offers[question]
        st.button(
            f"Yes, {shown(meant)}",
            key=f"assess-offer-{form.token}-{question}",
            on_click=partial(_take_offer, form, question, meant),
        )


def one_of(
    sheet: Sheet,
    question: str,
    label: str,
    choices: Mapping[str, str],
    *,
    last: str = "",
    bold: bool = True,
    then: Callable[[], None] | None = None,
) -> Any:  # noqa: ANN401 - the choice's own type
    """Choices of which one holds. `last` stands beside the question; `then` runs after a touch."""
    return _pills(sheet, question, label, choices, "single", last=last, bold=bold, then=then)


def any_of(
    sheet: Sheet,
    question: str,
    label: str,
    choices: Mapping[str, str],
    *,
    last: str = "",
    bold: bool = True,
    then: Callable[[], None] | None = None,
) -> Any:  # noqa: ANN401 - the list of the choices' own type
    """Choices of which several may hold; `none` first excludes the others."""
    return _pills(sheet, question, label, choices, "multi", last=last, bold=bold, then=then)


def problem_line(sheet: Sheet, question: str) -> None:
    """The problem of a question that has no "Last" line of its own."""
    if question in sheet.problems:
        st.html(tiles.problem(sheet.problems[question]))


def treated_line(sheet: Sheet, question: str) -> None:
    """What is recorded as a treatment for the time of the assessment, beside the box and never in it."""
    if question in sheet.treated:
        st.html(tiles.soft(f"Recorded as a treatment at this time: {sheet.treated[question]}."))


def _pills(
    sheet: Sheet,
    question: str,
    label: str,
    choices: Mapping[str, str],
    mode: Any,  # noqa: ANN401 - a literal of the framework
    *,
    last: str,
    bold: bool,
    then: Callable[[], None] | None,
) -> Any:  # noqa: ANN401
    options: Sequence[str] = list(choices)
    answer = st.pills(
        _label(label, last, bold),
        options,
        selection_mode=mode,
        format_func=lambda word: choices.get(word, str(word)),
        key=sheet.form.key(question),
        on_change=partial(_touched, sheet.form, then),
        wrap=True,
    )
    problem_line(sheet, question)
    return answer


def _label(label: str, last: str, bold: bool) -> str:
    head = f"**{label}**" if bold else label
    return f"{head} last: {last}" if last else head


def _touched(form: Form, then: Callable[[], None] | None) -> None:
    if then is not None:
        then()
    form.left()


def _take_offer(form: Form, question: str, meant: float) -> None:
    st.session_state[form.key(question)] = float(meant)
    form.left()
