"""The patient's picture on the page: one figure, and which of its points was touched."""

from typing import Any, Final

import streamlit as st

from charts.axis_rows import AxisRows
from charts.figure import CONFIG, Drawn
from charts.patient_axis import draw_patient_axis
from pages.parts.kept import Kept
from pages.parts.theme import theme_now
from pages.parts.wording import counted, infusion_words, sentence_case
from pages.ward.patient_parts.loaded import Loaded

_kept: Final[Kept[Drawn]] = Kept()


def show_picture(loaded: Loaded) -> str | None:
    """Draw the picture; returns the stable id of the entry whose point was chosen."""
    theme, until = theme_now(), loaded.shown_until
    key = (loaded.version, loaded.infusion.id, until, theme, loaded.protocol.hash, loaded.zone.key)
    chosen = st.plotly_chart(
        _kept.get(key, lambda: draw_patient_axis(_rows(loaded), theme)),
        theme=None,
        config=CONFIG,
        alt=_in_words(loaded),
        key=f"patient-axis-{loaded.infusion.id}",
        on_select="rerun",
        selection_mode="points",
    )
    return _chosen_id(chosen)


def _rows(loaded: Loaded) -> AxisRows:
    return AxisRows(
        infusion_words=sentence_case(infusion_words(loaded.infusion.number)),
        infused_at=loaded.infusion.infused_at,
        entries=loaded.entries,
        until=loaded.shown_until,
        zone=loaded.zone,
        protocol=loaded.protocol,
        away=loaded.away(),
    )


def _chosen_id(chosen: Any) -> str | None:  # noqa: ANN401 - Streamlit's selection
    points = chosen["selection"]["points"] if chosen else []
    data = points[0].get("customdata") if points else None
    return str(data[0]) if data and data[0] else None


def _in_words(loaded: Loaded) -> str:
    entries = counted(len(loaded.entries), "entry", "entries")
    return (
        f"{loaded.patient.study_code}, {infusion_words(loaded.infusion.number)}: CRS and ICANS grades, "
        f"temperature, blood pressure, SpO2, ICE, drugs and oxygen over time, from {entries}. "
        "The table of entries below holds the same values."
    )
