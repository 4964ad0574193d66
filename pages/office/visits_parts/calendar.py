"""The calendar of all patients: a row each, a column for each planned visit, the next due first."""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from actions import context
from pages.office.office_parts.patients import patient_link
from pages.office.visits_parts.loaded import FollowUp, next_first
from pages.office.visits_parts.words import (
    COUNTED_WORDS,
    gap_words,
    infusions_counted,
    row_name,
    state_words,
)
from pages.parts import tiles
from pages.parts.wording import counted, date_words, listed
from trial.visits import Visit, VisitState, next_visit, visit_label

_CLASSES = {
    VisitState.OVERDUE: "vigil-slot-overdue",
    VisitState.DUE: "vigil-slot-due",
    VisitState.NOT_YET: "vigil-slot-not-yet",
    VisitState.NO_LONGER: "vigil-slot-not-yet",
}
"""Words and ink say how a visit stands; never a warm colour, which is a grade's."""


def draw_calendar(follow_ups: Sequence[FollowUp], today: date) -> None:
    """The sentence on what waits, then the table."""
    rows = next_first((one, number) for one in follow_ups for number in infusions_counted(one))
    if not rows:
        st.text("Nobody is infused yet. Visits are planned from the infusion on.")
        return
    st.text(_waiting_words([visit for one, number in rows for visit in one.of_infusion(number)]))
    plan = context.protocol().follow_up
    names = [visit.name for visit in plan.visits]
    caption = f"Planned visits as of {date_words(today)}, {COUNTED_WORDS[plan.counted_from]}, next due first"
    heads = ["Patient", "Next", *(visit_label(name) for name in names)]
    cells = [_row(one, number, names, today) for one, number in rows]
    table = tiles.table(caption, heads, cells, numbers=True)
    st.html(tiles.piece("div", table, classes="vigil-visits"))


def _waiting_words(visits: Sequence[Visit]) -> str:
    """ "1 visit is overdue, 2 are due, 1 more may take place now."."""
    number = {state: sum(visit.state is state for visit in visits) for state in VisitState}
    if not any(number[state] for state in (VisitState.OVERDUE, VisitState.DUE, VisitState.OPEN)):
        return "No visit is overdue, due or open."
    parts = [
        f"{counted(number[state], 'visit is', 'visits are')} {words}"
        for state, words in (
            (VisitState.OVERDUE, "overdue"),
            (VisitState.DUE, "due"),
            (VisitState.OPEN, "open before the planned day"),
        )
        if number[state]
    ]
    return f"{listed(parts)}."


def _row(follow_up: FollowUp, number: int, names: Sequence[str], today: date) -> list[str]:
    visits = {visit.planned.name: visit for visit in follow_up.of_infusion(number)}
    of = row_name(follow_up, number)
    name = patient_link(follow_up.patient) + (tiles.piece("div", text=of, classes="vigil-soft") if of else "")
    return [name, _next(tuple(visits.values()), today), *(_cell(visits[one], today) for one in names)]


def _next(visits: Sequence[Visit], today: date) -> str:
    visit = next_visit(visits)
    if visit is None:
        return tiles.cell("none left")
    return tiles.piece("b", text=visit_label(visit.planned.name)) + tiles.cell(
        f": {state_words(visit, today)[:1].lower()}{state_words(visit, today)[1:]}"
    )


def _cell(visit: Visit, today: date) -> str:
    stands = tiles.piece(
        "div", text=state_words(visit, today), classes=f"vigil-slot {_CLASSES.get(visit.state, '')}".strip()
    )
    gaps = "".join(tiles.piece("div", text=words, classes="vigil-soft") for words in gap_words(visit))
    return stands + gaps
