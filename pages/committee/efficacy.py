"""Efficacy, for the closed part: 3-month remission, response, PFS and OS.

Nothing of it is read before the person's right was asked on the server, so what is sent to anybody else holds
none of it.
"""

from typing import Final

import streamlit as st

from actions.errors import NotPermitted
from actions.permissions import Action, Page, require
from charts.rate_rows import RateLine, Section, draw_rate_rows
from charts.survival import draw_survival
from db.queries.endpoints import load_followed
from db.roles import Actor
from db.session import reading
from pages.committee.efficacy_parts.tables import endpoint_tables, rate_table, survival_tables
from pages.committee.safety_parts.picture import Picture, show_picture
from pages.committee.safety_parts.top import open_view
from pages.committee.safety_parts.view import View, part
from pages.parts import tiles
from pages.parts.access import is_fragment_run, require_role
from pages.parts.wording import infusion_words
from trial.efficacy import EfficacySet, efficacy_set
from trial.endpoints import ResponseCount
from trial.follow_up_plan import MissingScan

_HEADS: Final = ("3-month complete remission", "Objective response")


def main() -> None:
    """One run of the page."""
    actor = require_role(Page.EFFICACY)
    st.title("Efficacy", anchor=False)
    if not _may_see(actor):
        return
    view = open_view(Page.EFFICACY, with_toxicity=False)
    if view is not None:
        show_pictures(view)


def _may_see(actor: Actor) -> bool:
    """The right itself is asked for, not only the page; a refusal is a sentence."""
    try:
        require(actor, Action.SEE_EFFICACY)
    except NotPermitted as refusal:
        st.text(refusal.sentence)
        return False
    return True


@st.fragment
def show_pictures(view: View) -> None:
    """Both pictures and the line of each patient."""
    if is_fragment_run() and not _may_see(require_role(Page.EFFICACY)):
        return
    sets = part(view, "efficacy", lambda: _load(view))
    st.html(tiles.soft("Closed part: for the committee and the investigators only."))
    _show_rates(view, sets)
    _show_survival(view, sets)
    st.html(tiles.Ready(part(view, "endpoints", lambda: endpoint_tables(sets))))


def _load(view: View) -> tuple[EfficacySet, ...]:
    codes = {person.study_code for person in view.people}
    with reading() as session:
        followed = [one for one in load_followed(session, view.zone) if one.study_code in codes]
    on = view.cut_off.astimezone(view.zone).date()
    return tuple(
        efficacy_set(followed, view.protocol.endpoints, on, number) for number in view.filter.infusions
    )


def _show_rates(view: View, sets: tuple[EfficacySet, ...]) -> None:
    rules = view.protocol.endpoints
    first, last = rules.month_3_day - rules.month_3_before, rules.month_3_day + rules.month_3_after
    without = "counts as not CR" if rules.month_3_missing is MissingScan.NOT_CR else "is not counted"
    show_picture(
        view,
        Picture(
            name="response",
            title="Complete remission and response",
            how=f"Lugano 2014. 3-month CR: by the PET/CT nearest to day {rules.month_3_day}, of day {first} "
            f"to {last}; who has none {without}. Response: best of CR or PR before progression. "
            "What came after the second infusion is a set of its own.",
            alt="3-month complete remission and objective response with exact limits, as in the table below.",
            draw=lambda theme: draw_rate_rows(_sections(sets), ("Share of patients",), theme),
            table=lambda: rate_table(_counts(sets)),
        ),
    )


def _counts(sets: tuple[EfficacySet, ...]) -> list[tuple[str, int, ResponseCount]]:
    return [
        (head, one.number, count)
        for place, head in enumerate(_HEADS)
        for one in sets
        for count in [(one.month_3_cr, one.response)[place]]
    ]


def _sections(sets: tuple[EfficacySet, ...]) -> list[Section]:
    counts = _counts(sets)
    return [(head, [_line(number, count) for of, number, count in counts if of == head]) for head in _HEADS]


def _line(number: int, count: ResponseCount) -> RateLine:
    parts = [f"{count.rate.patients} counted", f"{len(count.pending)} pending"]
    if count.early:
        parts.append(f"{len(count.early)} of them so far")
    if count.not_counted:
        parts.append(f"{len(count.not_counted)} without PET/CT")
    return RateLine(name=f"From the {infusion_words(number)}", under=", ".join(parts), rates=(count.rate,))


def _show_survival(view: View, sets: tuple[EfficacySet, ...]) -> None:
    show_picture(
        view,
        Picture(
            name="survival",
            title="Progression-free and overall survival",
            how="Kaplan-Meier with 95 % limits; ticks: censored; under each axis the number at risk. "
            "Days since the infusion. NR: not reached.",
            alt="Progression-free and overall survival with the number at risk; the table holds each time.",
            draw=lambda theme: draw_survival(sets, theme),
            table=lambda: survival_tables(sets),
        ),
    )


main()
