"""The staircase and the rule's operating characteristics, side by side, each with its table."""

from typing import Final

import streamlit as st

from charts.characteristics import draw_characteristics
from charts.figure import CONFIG, Drawn
from charts.staircase import draw_staircase
from charts.stopping_rows import StaircaseRows, characteristic_rows, staircase_rows
from db.queries.stopping import RuleState
from pages.committee.stopping_parts.tables import boundary_table, characteristics_table
from pages.committee.stopping_parts.words import formal_words, what_if_words
from pages.parts import tiles
from pages.parts.kept import Kept
from pages.parts.theme import theme_now

_kept: Final[Kept[Drawn]] = Kept()


def draw_pictures(state: RuleState) -> None:
    """Both pictures of one rule; "what if" changes the picture and nothing that is stored."""
    rule, key = state.rule, f"stopping-{state.rule.key}"
    what_if = st.toggle("What if the next patient has an event", key=f"{key}-what-if")
    if what_if:
        st.text(what_if_words(state))
    left, right = st.columns(2)
    with left:
        st.subheader("Observed against the limits", anchor=False)
        _picture(staircase_rows(rule, state.reading, what_if=what_if), key, formal_words(state))
        with st.expander("Show the limits as a table"):
            st.html(boundary_table(rule))
    with right:
        st.subheader("How the rule behaves", anchor=False)
        rows, theme = characteristic_rows(rule), theme_now()
        st.plotly_chart(
            _kept.get((rule, theme), lambda: draw_characteristics(rows, rule.tolerated_rate, theme)),
            theme=None,
            config=CONFIG,
            alt=f"{rule.words}: how often the rule stops at each true rate. The table below holds the same.",
            key=f"{key}-characteristics",
        )
        with st.expander("Show how the rule behaves as a table"):
            st.html(characteristics_table(rule, rows))
    st.html(
        tiles.soft("Squares: limits. Full line: patients whose window has closed. Dashed: still possible.")
    )


def _picture(rows: StaircaseRows, key: str, words: str) -> None:
    theme = theme_now()
    st.plotly_chart(
        _kept.get((rows, theme), lambda: draw_staircase(rows, theme)),
        theme=None,
        config=CONFIG,
        alt=f"Staircase of the rule. {words}",
        key=f"{key}-staircase",
    )
