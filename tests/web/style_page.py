"""A page with each framework part that style.css touches; run by test_style.py alone."""

import streamlit as st

from pages.parts import tiles
from pages.parts.style import show_style

st.set_page_config(layout="wide")


def draw() -> None:
    """Everything once."""
    st.title("Title")
    st.header("Header")
    st.pills("Oxygen", ["Room air", "CPAP"], default="CPAP")
    st.pills("Drugs", ["tocilizumab", "anakinra"], default="anakinra", selection_mode="multi")
    st.segmented_control("Observed", ["Now", "Earlier"], default="Now")
    st.number_input("Temperature", value=None, format="%g")
    st.button("Assess", type="primary")
    with st.form("form"):
        st.form_submit_button("Add", type="primary")
    grades = [tiles.grade_tile(grade, grade) for grade in range(6)]
    st.html(
        tiles.line(
            *grades, tiles.grade_tile(None, 3), tiles.grade_tile(None, 0), tiles.grade_tile(None, None)
        )
    )
    st.html(tiles.soft("Last: 37.0 at 07:52") + tiles.problem("SpO2 must be 1 to 100 %."))
    st.html(tiles.alert_band("Not acknowledged") + tiles.outlined_band("Overdue"))
    st.html(tiles.table("Told", ["Who", "When"], [[tiles.cell("Dr Wu"), tiles.cell("07:52")]]))
    st.tabs(["Now", "Before"])
    with st.bottom:
        st.button("Save assessment")


def _other() -> None:
    st.title("Other")


show_style()
st.navigation(
    [st.Page(draw, title="Board", default=True), st.Page(_other, title="Other")], position="top"
).run()
