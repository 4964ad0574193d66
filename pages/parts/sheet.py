"""One form of a page: what is refused stays as it was typed, what is saved leaves fresh boxes.

A problem's sentence takes the place of the hint under its box, so that nothing moves. A rare value is asked
once more: the form then carries one more box to tick.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NoReturn, TypeVar

import streamlit as st

from actions import context
from actions.errors import ChangedMeanwhile, NotConfirmed, Refused
from db.inputs import Entry, Problem, Question
from db.session import SaveRefused
from pages.parts import tiles
from pages.parts.moments import TypedMoment, read_moment, typed_moment
from pages.parts.wording import date_and_time, date_words

_MARKS: Final = re.compile(r"([\\`*_{}\[\]()#+!|~:$<>&^-])")
_SAID: Final = "office_said"
_CHANGED: Final = "office_changed"

T = TypeVar("T")
E = TypeVar("E", bound=Entry)


class AskOnceMore(Exception):  # noqa: N818 -- a question to a person, not a fault
    """The entry is possible but rare; its questions go to the person."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.sentences = [question.sentence for question in questions]
        super().__init__(" ".join(self.sentences))


@dataclass(frozen=True, slots=True)
class Changed:
    """Somebody else was first: the sentence and both values, ready to show."""

    sentence: str
    rows: list[tuple[str, str, str]]


class Sheet:
    """A form by its name; draw its boxes inside `with sheet.form():`."""

    def __init__(self, name: str) -> None:
        """Take up the form where the last run left it."""
        self.name = name
        self._round: int = st.session_state.setdefault(f"{name}_round", 0)
        self._tries: int = st.session_state.setdefault(f"{name}_tries", 0)
        self._wrong: Mapping[str, str] = st.session_state.get(f"{name}_wrong", {})
        self._asked: Sequence[str] = st.session_state.get(f"{name}_asked", ())

    @property
    def is_open(self) -> bool:
        """Whether the person is in the middle of it."""
        return bool(self._wrong or self._asked)

    def form(self) -> Any:  # noqa: ANN401 -- Streamlit's own context manager
        """The form itself."""
        return st.form(self._key("form"), border=False, enter_to_submit=False)

    def text(self, field: str, label: str, hint: str, value: str = "") -> str:
        """A box for words or a number; nothing is cut or turned, the server judges it."""
        with _close_together():
            typed = st.text_input(label, value=value, autocomplete="off", key=self._key(field))
            self._note(field, hint)
        return typed

    def words(self, field: str, label: str, hint: str, value: str = "") -> str:
        """A larger box for a reason or a note."""
        with _close_together():
            typed = st.text_area(label, value=value, height=80, key=self._key(field))
            self._note(field, hint)
        return typed

    def choice(
        self,
        field: str,
        label: str,
        hint: str,
        options: Sequence[T],
        show: Callable[[T], str],
        value: T | None = None,
    ) -> T | None:
        """One of a few words; nothing is chosen beforehand but what is stored."""
        with _close_together():
            chosen = st.pills(label, options, format_func=show, default=value, key=self._key(field))
            self._note(field, hint)
        return chosen

    def pick(
        self, field: str, label: str, hint: str, options: Sequence[str], value: str | None = None
    ) -> str | None:
        """One of a long list, found by typing a part of it."""
        with _close_together():
            chosen = st.selectbox(
                label,
                options,
                index=None if value is None else list(options).index(value),
                placeholder="Choose, or type a part of it",
                key=self._key(field),
            )
            self._note(field, hint)
        return chosen

    def choices(
        self,
        field: str,
        label: str,
        hint: str,
        options: Sequence[T],
        show: Callable[[T], str],
        value: Sequence[T] = (),
    ) -> list[T]:
        """Any of a few words; only what is stored is chosen beforehand."""
        with _close_together():
            chosen = st.pills(
                label,
                options,
                selection_mode="multi",
                format_func=show,
                default=list(value),
                key=self._key(field),
            )
            self._note(field, hint)
        return list(chosen)

    def moment(self, field: str, label: str, hint: str, stored: datetime | None = None) -> TypedMoment:
        """A date and a time of the hospital, in two boxes."""
        start = typed_moment(stored, context.settings().zone)
        with _close_together():
            left, right = st.columns(2)
            with left:
                on = st.text_input(
                    f"{label}, date", value=start.on, autocomplete="off", key=self._key(f"{field}_on")
                )
            with right:
                at = st.text_input(
                    f"{label}, time", value=start.at, autocomplete="off", key=self._key(f"{field}_at")
                )
            self._note(field, hint)
        return TypedMoment(on, at)

    def day(self, field: str, label: str, hint: str, stored: date | None = None) -> str:
        """A box for a date of the hospital, read by `db.readers.Day`."""
        return self.text(field, label, hint, "" if stored is None else stored.isoformat())

    def yes_no(self, field: str, label: str, hint: str, value: bool | None = None) -> bool | None:
        """Yes or no; None while untouched."""
        return self.choice(field, label, hint, (True, False), lambda yes: "Yes" if yes else "No", value)

    def secret(self, field: str, label: str, hint: str) -> str:
        """A box for the password of a signature; it is empty again after every attempt."""
        with _close_together():
            key = self._key(f"{field}_{self._tries}")
            typed = st.text_input(label, type="password", autocomplete="current-password", key=key)
            self._note(field, hint)
        return typed

    def tick(self, field: str, label: str) -> bool:
        """A box to tick."""
        return st.checkbox(label, key=self._key(field))

    def submit(self, label: str, action: Callable[["Sheet"], str], *, in_form: bool = True) -> None:
        """The button at the end: does the action and says what it returned, or what is to be put right.

        in_form  False where the boxes stand outside `form()`, because a question opens the next one
        """
        for sentence in self._wrong.get("", "").splitlines():
            st.html(tiles.problem(sentence))
        for sentence in self._asked:
            st.html(tiles.problem(sentence))
        confirmed = bool(self._asked) and self.tick("confirmed", "Yes, this is right")
        button = st.form_submit_button if in_form else st.button
        if button(label, type="primary", key=self._key(f"submit_{label}")):
            self._confirmed = confirmed
            self._do(action)

    def read(
        self,
        kind: type[E],
        typed: Mapping[str, object],
        moments: Mapping[str, TypedMoment] | None = None,
        *,
        stored: Mapping[str, Any] | None = None,
        reason: tuple[str, str] | None = None,
    ) -> E:
        """The entry, judged by its own gate; raises Refused with every problem, or AskOnceMore.

        stored  what the boxes began with, where something is corrected; it is not asked about again
        reason  why it is corrected, and the sentence where that is blank
        """
        known = stored or {}
        values, faulty = _with_moments(typed, moments or {}, known)
        entry, problems = kind.check(values)
        fields = {problem.field for problem in faulty}
        faulty += [problem for problem in problems if problem.field not in fields]
        if reason is not None and not reason[0].strip():
            faulty.append(Problem("why", reason[0], reason[1]))
        if entry is None or faulty:
            raise Refused(faulty)
        questions = [
            one for one in entry.to_confirm() if one.value is None or one.value != known.get(one.field)
        ]
        if questions and not self._confirmed:
            raise AskOnceMore(questions)
        return entry

    @property
    def confirmed(self) -> Sequence[str]:
        """The sentences that stood on the screen and that the person said yes to."""
        return self._asked if self._confirmed else ()

    def ask(self, questions: Sequence[Question]) -> None:
        """Ask once more what only the stored records can tell; raises AskOnceMore until it is confirmed."""
        if questions and not self._confirmed:
            raise AskOnceMore(questions)

    _confirmed = False

    def _do(self, action: Callable[["Sheet"], str]) -> NoReturn:
        wrong: dict[str, str] = {}
        asked: Sequence[str] = ()
        try:
            st.session_state[_SAID] = action(self)
            st.session_state[f"{self.name}_round"] += 1
        except (AskOnceMore, NotConfirmed) as question:
            asked = question.sentences
        except ChangedMeanwhile as refusal:
            st.session_state[_CHANGED] = _both_values(refusal)
        except Refused as refusal:
            wrong = self._at_their_boxes(refusal)
        except SaveRefused as refusal:
            wrong[""] = str(refusal)
        st.session_state[f"{self.name}_tries"] += 1
        st.session_state[f"{self.name}_wrong"] = wrong
        st.session_state[f"{self.name}_asked"] = asked
        st.rerun()

    def keep(self, field: str, value: object) -> None:
        """Remember something until this form is saved."""
        st.session_state[self._key(field)] = value

    def kept(self, field: str) -> Any:  # noqa: ANN401 -- whatever was kept
        """What was kept, or None."""
        return st.session_state.get(self._key(field))

    def _at_their_boxes(self, refusal: Refused) -> dict[str, str]:
        """The first sentence of each box; what belongs to no box is all said above the button."""
        wrong: dict[str, str] = {}
        rest: list[str] = []
        for problem in refusal.problems:
            if self._has(problem.field):
                wrong.setdefault(problem.field, problem.sentence)
            else:
                rest.append(problem.sentence)
        return wrong | ({"": "\n".join(rest)} if rest else {})

    def _has(self, field: str) -> bool:
        return any(
            self._key(f"{field}{ending}") in st.session_state for ending in ("", "_on", f"_{self._tries}")
        )

    def _note(self, field: str, hint: str) -> None:
        st.html(tiles.problem(self._wrong[field]) if field in self._wrong else tiles.soft(hint))

    def _key(self, field: str) -> str:
        return f"{self.name}_{self._round}_{field}"


def _with_moments(
    typed: Mapping[str, object], moments: Mapping[str, TypedMoment], stored: Mapping[str, Any]
) -> tuple[dict[str, object], list[Problem]]:
    values, faulty = dict(typed), list[Problem]()
    for field, boxes in moments.items():
        at = read_moment(field, boxes, context.settings().zone, stored.get(field))
        if isinstance(at, Problem):
            faulty.append(at)
        else:
            values[field] = at
    return values, faulty


def _close_together() -> Any:  # noqa: ANN401 -- Streamlit's own context manager
    return st.container(gap=None)


def say(sentence: str) -> None:
    """What an action came to, to be shown at the next run."""
    st.session_state[_SAID] = sentence


def show_said() -> None:
    """What the last action came to, once."""
    changed: Changed | None = st.session_state.pop(_CHANGED, None)
    if changed is not None:
        st.html(tiles.problem(changed.sentence))
        rows = [[tiles.cell(cell) for cell in row] for row in changed.rows]
        st.html(tiles.table("Both values", ["", "Now stored", "Yours, not saved"], rows))
    said = st.session_state.pop(_SAID, None)
    if said:
        st.html(tiles.piece("div", text=said, classes="vigil-banner vigil-said", role="status"))


def unmarked(words: str) -> str:
    """Words that a person typed, for a label of Streamlit, which would read signs in them as marks."""
    return _MARKS.sub(r"\\\1", words)


def shown_value(value: object) -> str:
    """A value of an office record in words; "not recorded" for None."""
    if value is None:
        return "not recorded"
    if isinstance(value, datetime):
        return date_and_time(value, context.settings().zone)
    if isinstance(value, date):
        return date_words(value)
    if isinstance(value, float):
        return f"{value:,.12g}"
    return str(value).replace("_", " ")


_NAMES: Final = {
    "infused_at": "Begin of the infusion",
    "total_cells": "Total of cells",
    "scanned_on": "Date of the PET/CT",
    "response": "Response",
    "deauville": "Deauville score",
    "sampled_on": "Date of sampling",
    "result": "Result",
    "resulted_on": "Date of the result",
    "weight_kg": "Weight in kg",
    "drug_name": "Name of the drug",
    "dose": "Dose",
    "dose_unit": "Unit of the dose",
    "every_hours": "Hours between doses",
    "started_at": "Given or began",
    "ended_at": "Ended",
    "is_ongoing": "Goes on",
    "taken_at": "Time of the sample",
    "value": "Value",
    "unit": "Unit",
    "lln": "Lower limit of normal",
    "uln": "Upper limit of normal",
    "note": "Note",
    "dose_cells_per_kg": "Dose in cells/kg",
    "lot": "Lot",
    "baseline_ice": "Baseline ICE",
    "kind": "Place",
    "from_at": "Beginning",
    "to_at": "End",
    "reason": "Reason",
    "term": "Event",
    "onset_on": "Onset",
    "ended_on": "End",
    "is_serious": "Serious",
    "serious_criteria": "Criteria",
    "aware_at": "The site learned of it",
    "causality_car_t": "Caused by the CAR-T cells",
    "causality_lymphodepletion": "Caused by the lymphodepletion",
    "causality_disease": "Caused by the lymphoma",
    "causality_other": "Caused by something else",
    "proof": "How it was proved",
    "status": "Did it take place",
    "visited_on": "Date of the visit",
    "blood_tests": "Blood tests",
    "ctdna": "ctDNA",
    "pet_ct": "PET/CT",
    "occurred_on": "Date",
    "cause": "Cause of death",
}


def _both_values(refusal: ChangedMeanwhile) -> Changed:
    rows = [
        (_NAMES.get(field, field), shown_value(refusal.theirs.get(field)), shown_value(value))
        for field, value in refusal.yours.items()
    ]
    return Changed(refusal.sentence, rows)
