"""One picture of the page: its heading, how to read it, the figure, saving it, and the table behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from charts.figure import CONFIG, Drawn
from pages.committee.safety_parts.view import View, part
from pages.parts import tiles
from pages.parts.saving import save_buttons
from pages.parts.theme import theme_now
from pages.parts.wording import date_and_time, zone_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is shown.

    name     says which picture it is, in keys and file names
    title    the heading
    how      how to read it, in a sentence or two
    alt      what a person who cannot see it is told; the table holds the same numbers
    draw     theme -> the figure
    table    the same rows as HTML, with links to the patients
    answers  whether a touch on a mark opens something
    """

    name: str
    title: str
    how: str
    alt: str
    draw: Callable[[str], Drawn]
    table: Callable[[], str]
    answers: bool = False


def show_picture(view: View, picture: Picture) -> list[Any]:
    """Draw it; returns the `customdata` of the mark that was touched last, or nothing."""
    head = tiles.piece("h2", text=picture.title, classes="vigil-h2")
    st.html(tiles.Ready(head + tiles.soft(picture.how)))
    theme = theme_now()
    figure = part(view, ("figure", picture.name, theme), lambda: picture.draw(theme))
    selection = st.plotly_chart(
        figure,
        theme=None,
        config=CONFIG,
        alt=picture.alt,
        key=f"picture-{picture.name}",
        on_select="rerun" if picture.answers else "ignore",
        selection_mode="points",
    )
    st.html(tiles.Ready(_buttons(view, picture)))
    folded = st.expander(f"Show as table: {picture.title}", key=f"table-{picture.name}", on_change="rerun")
    if folded.open:
        with folded:
            st.html(tiles.Ready(part(view, ("table", picture.name), picture.table)))
    return _touched(selection) if picture.answers else []


def _touched(selection: Any) -> list[Any]:  # noqa: ANN401 - Streamlit's selection
    points = selection["selection"]["points"] if selection else []
    data = points[0].get("customdata") if points else None
    return list(data.values()) if isinstance(data, dict) else list(data or [])


def _buttons(view: View, picture: Picture) -> str:
    """Save as SVG or PNG; title and cut-off travel with the picture."""
    on = view.cut_off.astimezone(view.zone).date()
    return save_buttons(f"picture-{picture.name}", picture.title, cut_off_words(view), on)


def cut_off_words(view: View) -> str:
    """What a picture needs to be understood elsewhere: the trial, the cut-off and the filter."""
    until = f"{date_and_time(view.cut_off, view.zone)} {zone_words(view.cut_off, view.zone)}"
    chosen = ", ".join(f"{name} {value}" for name, value in view.filter.address().items() if name != "cutoff")
    return f"{view.protocol.registration}, data up to {until}" + (f", only {chosen}" if chosen else "") + "."
