"""The staircase and the rule's operating characteristics, side by side, each with its table."""

from datetime import datetime
from typing import Final

import streamlit as st

from actions import context
from charts.characteristics import draw_characteristics
from charts.figure import CONFIG, Drawn
from charts.staircase import draw_staircase
from charts.stopping_rows import characteristic_rows, staircase_rows
from db.queries.stopping import RuleState
from pages.committee.stopping_parts.tables import boundary_table, characteristics_table
from pages.committee.stopping_parts.words import formal_words, what_if_words
from pages.parts import tiles
from pages.parts.kept import Kept
from pages.parts.saving import save_buttons
from pages.parts.theme import theme_now
from pages.parts.wording import date_and_time, zone_words

_kept: Final[Kept[Drawn]] = Kept()


def draw_pictures(state: RuleState, now: datetime) -> None:
    """Both pictures of one rule; "what if" changes the picture and nothing that is stored."""
    what_if = st.toggle("What if the next patient has an event", key=f"stopping-{state.rule.key}-what-if")
    if what_if:
        st.text(what_if_words(state))
    left, right = st.columns(2)
    with left:
        st.subheader("Observed against the limits", anchor=False)
        _draw_staircase(state, now, what_if=what_if)
        with st.expander("Show the limits as a table"):
            st.html(boundary_table(state.rule))
    with right:
        st.subheader("How the rule behaves", anchor=False)
        _draw_characteristics(state, now)
    st.html(
        tiles.soft("Squares: limits. Full line: patients whose window has closed. Dashed: still possible.")
    )


def _draw_staircase(state: RuleState, now: datetime, *, what_if: bool) -> None:
    rows, theme = staircase_rows(state.rule, state.reading, what_if=what_if), theme_now()
    figure = _kept.get((rows, theme), lambda: draw_staircase(rows, theme))
    alt = f"Staircase of the rule. {formal_words(state)}"
    _show(state, figure, "staircase", "observed against the limits", alt, now)


def _draw_characteristics(state: RuleState, now: datetime) -> None:
    rule, theme = state.rule, theme_now()
    rows = characteristic_rows(rule)
    figure = _kept.get((rule, theme), lambda: draw_characteristics(rows, rule.tolerated_rate, theme))
    alt = f"{rule.words}: how often the rule stops at each true rate. The table below holds the same."
    _show(state, figure, "characteristics", "how the rule behaves", alt, now)
    with st.expander("Show how the rule behaves as a table"):
        st.html(characteristics_table(rule, rows))


def _show(state: RuleState, figure: Drawn, name: str, words: str, alt: str, now: datetime) -> None:
    """The figure, and the buttons that save it; `words` follow the rule's in the title of the file."""
    key, zone = f"stopping-{state.rule.key}-{name}", context.settings().zone
    st.plotly_chart(figure, theme=None, config=CONFIG, alt=alt, key=key)
    until = f"{date_and_time(now, zone)} {zone_words(now, zone)}"
    note = f"{context.protocol().registration}, data up to {until}. Version {state.rule.version} of the rule."
    title = f"{state.rule.words}: {words}"
    st.html(tiles.Ready(save_buttons(key, title, note, now.astimezone(zone).date())))
