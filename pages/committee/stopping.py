"""Stopping rules: what was observed against each rule, how the rule behaves, and what was decided on it."""

from datetime import datetime

import streamlit as st

from actions import context
from actions.permissions import Action, Page, may
from clock import utc_now
from db.queries.stopping import RuleState, load_rules
from db.roles import Actor
from db.session import reading
from pages.committee.stopping_parts.decision import draw_decision
from pages.committee.stopping_parts.pictures import draw_pictures
from pages.committee.stopping_parts.tables import decisions_table, parameters_table, patients_table
from pages.committee.stopping_parts.words import formal_words, immediate_words, reached_words
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.saving import allow_saving
from pages.parts.sheet import show_said
from pages.parts.wording import date_and_time, zone_words

_PURPOSE = (
    "A rule pauses the trial for the committee's review. It never stops the trial by itself. The formal "
    "reading counts patients in the order of infusion when their window has closed; the immediate reading "
    "counts all events so far."
)


def main() -> None:
    """One run of the page."""
    actor = require_role(Page.STOPPING)
    now, zone = utc_now(), context.settings().zone
    with reading() as session:
        rules = load_rules(session, context.protocol().stopping, now, zone)
    st.title("Stopping rules", anchor=False)
    st.html(tiles.soft(f"Data as of {date_and_time(now, zone)} {zone_words(now, zone)}. {_PURPOSE}"))
    show_said()
    allow_saving()
    if not rules:
        st.text("The protocol in force has no stopping rule.")
    for state in rules:
        _draw_rule(actor, state, now)


def _draw_rule(actor: Actor, state: RuleState, now: datetime) -> None:
    st.header(state.rule.words, anchor=False)
    if state.crossing is not None:
        st.html(tiles.piece("div", text=reached_words(state), classes="vigil-banner", role="status"))
    st.text(formal_words(state))
    st.text(immediate_words(state))
    draw_pictures(state, now)
    st.html(patients_table(state))
    if may(actor.role, Action.DECIDE_ON_RULE):
        draw_decision(actor, state)
    st.html(decisions_table(state))
    st.html(parameters_table(state.rule))


main()
