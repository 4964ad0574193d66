"""The two figures of the safety page, and what opens when one of their marks is touched."""

from typing import Any, Final

import streamlit as st

from actions.permissions import Page
from charts.figure import CONFIG, Drawn
from charts.grade_shares import draw_grade_shares
from charts.heat_map import draw_heat_map
from charts.heat_rows import INFUSIONS, day_shares
from pages.committee.safety_parts import tables
from pages.committee.safety_parts.loaded import Loaded
from pages.committee.safety_parts.opened import Bar, Day, patient_address, show_bar, show_day
from pages.parts import tiles
from pages.parts.access import is_fragment_run, require_role
from pages.parts.kept import Kept
from pages.parts.theme import theme_now

_kept: Final[Kept[Drawn]] = Kept()


@st.fragment
def show_pictures(loaded: Loaded) -> None:
    """Both figures; what is touched opens below its figure, and only this part is drawn again."""
    if is_fragment_run():
        require_role(Page.SAFETY)
    theme, last_day = theme_now(), loaded.protocol.monitoring_days
    key = (loaded.version, loaded.scale, loaded.rows, theme, last_day)
    chosen = _chosen(
        st.plotly_chart(
            _kept.get(("heat", *key), lambda: draw_heat_map(loaded.rows, last_day, theme)),
            theme=None,
            config=CONFIG,
            alt=f"{loaded.scale.label}: worst grade of each patient by day. The table below holds the same.",
            key=f"safety-heat-{loaded.scale}",
            on_select="rerun",
            selection_mode="points",
        )
    )
    _open_cell(loaded, chosen)
    _show_table(loaded)
    _show_shares(loaded, key, theme, last_day)


def _open_cell(loaded: Loaded, chosen: list[Any]) -> None:
    if not chosen:
        st.html(tiles.soft("Select a day to open its entries, or a study code to open the patient."))
    elif chosen[1] is None:
        words = f"Open {chosen[0]}"
        address = patient_address(str(chosen[0]))
        st.html(tiles.link(words, address, classes="vigil-link vigil-link-block"))
    else:
        show_day(loaded, Day(str(chosen[0]), int(chosen[1]), int(chosen[2])))


def _show_table(loaded: Loaded) -> None:
    folded = st.expander("Show as table", key="safety-table", on_change="rerun")
    if folded.open:
        with folded:
            for number in INFUSIONS:
                st.html(tables.grid_table(loaded, number))


def _show_shares(loaded: Loaded, key: tuple[Any, ...], theme: str, last_day: int) -> None:
    st.header("Share of grades by day", anchor=False)
    st.html(tiles.soft("Of the patients assessed on the day; how many they were stands above each bar."))
    shares = day_shares(loaded.rows, last_day)
    chosen = _chosen(
        st.plotly_chart(
            _kept.get(("shares", *key), lambda: draw_grade_shares(shares, last_day, theme)),
            theme=None,
            config=CONFIG,
            alt=f"{loaded.scale.label}: share of patients at each worst grade by day, as in the table below.",
            key=f"safety-shares-{loaded.scale}",
            on_select="rerun",
            selection_mode="points",
        )
    )
    if chosen:
        show_bar(loaded, loaded.rows, Bar(int(chosen[0]), int(chosen[1]), str(chosen[2])))
    folded = st.expander("Show the shares as table", key="safety-share-table", on_change="rerun")
    if folded.open:
        with folded:
            st.html(tables.share_table(loaded, shares))


def _chosen(selection: Any) -> list[Any]:  # noqa: ANN401 - Streamlit's selection
    points = selection["selection"]["points"] if selection else []
    data = points[0].get("customdata") if points else None
    return list(data.values()) if isinstance(data, dict) else list(data or [])
