"""What every picture shares: its colours, fonts, hatching and the rules that keep a thumb scrolling.

Figures are drawn without Streamlit's theme; all colours come from `grading.colours`.
Plotly drops time zones, so every x value is the hospital's own clock, without a zone.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

import plotly.graph_objects as go

from grading.colours import GRADE_COLOURS, HATCH, THEME_COLOURS

CONFIG: Final[dict[str, Any]] = {
    "displayModeBar": False,
    "showSendToCloud": False,
    "doubleClick": False,
    "doubleClickDelay": 0,
}
"""Passed to every chart: no tool bar, nothing that uploads, and two quick touches are two touches.

Plotly takes a touch within 0.3 s of another, wherever it lands, for a double click that chooses nothing.
"""

FONT: Final = '"Source Sans", "Source Sans Pro", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif'
GRADES: Final = ("0", "1", "2", "3", "4", "5")


def rgba(colour: str, opacity: float) -> str:
    """A colour of the theme, made lighter: "rgba(22,32,42,0.25)"."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def base_layout(theme: str, height: int) -> dict[str, Any]:
    """The layout of a picture: plain background, no legend, no zoom, an ink box for the hover."""
    colours = THEME_COLOURS[theme]
    return {
        "height": height,
        "paper_bgcolor": colours.background,
        "plot_bgcolor": colours.background,
        "font": {"family": FONT, "size": 13, "color": colours.text},
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "hoverdistance": 12,
        "hoverlabel": {
            "bgcolor": colours.text,
            "bordercolor": colours.text,
            "font": {"family": FONT, "size": 14, "color": colours.background},
            "align": "left",
        },
    }


def plain_axis(theme: str, **more: Any) -> dict[str, Any]:
    """An axis that a finger cannot zoom, with a faint grid and soft labels."""
    colours = THEME_COLOURS[theme]
    return {
        "fixedrange": True,
        "zeroline": False,
        "gridcolor": rgba(colours.border, 0.35),
        "tickfont": {"color": colours.soft_text, "size": 13},
        "ticks": "",
    } | more


def grade_scale(theme: str) -> list[list[Any]]:
    """A stepped colour scale for z values 0 to 5 with `zmin=-.5` and `zmax=5.5`."""
    steps: list[list[Any]] = []
    for number, grade in enumerate(GRADES):
        colour = GRADE_COLOURS[theme][grade].background
        steps += [[number / 6, colour], [(number + 1) / 6, colour]]
    return steps


def heat_map_of_grades(theme: str, **data: Any) -> go.Heatmap:
    """Tiles of grades, without a colour bar and without a hover of their own."""
    return go.Heatmap(
        colorscale=grade_scale(theme), zmin=-0.5, zmax=5.5, showscale=False, hoverinfo="skip", **data
    )


def hatching(theme: str, boxes: Iterable[tuple[Any, Any, Any, Any]], **axes: Any) -> go.Scatter:
    """One trace for all boxes (x from, x to, y from, y to) where nobody looked."""
    x: list[Any] = []
    y: list[Any] = []
    for left, right, low, high in boxes:
        x += [left, right, right, left, left, None]
        y += [low, low, high, high, low, None]
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": HATCH, "width": 1},
        fill="toself",
        fillpattern={
            "shape": "/",
            "fgcolor": HATCH,
            "bgcolor": GRADE_COLOURS[theme]["gap"].background,
            "size": 7,
            "solidity": 0.22,
        },
        hoverinfo="skip",
        **axes,
    )


def keep_looks(colour: str) -> dict[str, Any]:
    """After a click Plotly fades what was not clicked; here everything keeps its looks."""
    return {
        "selected": {"textfont": {"color": colour}, "marker": {"opacity": 0}},
        "unselected": {"textfont": {"color": colour}, "marker": {"opacity": 0}},
    }


def by_text_colour(theme: str, texts: Sequence[str]) -> dict[str, list[int]]:
    """The numerals grouped by the colour they are written in: one trace each. Values are positions.

    A text is a tile's ("3", "≥3", "?"); "?" stands on hatching.
    """
    groups: dict[str, list[int]] = {}
    for position, text in enumerate(texts):
        groups.setdefault(text_colour(theme, text), []).append(position)
    return groups


def text_colour(theme: str, text: str) -> str:
    """The colour a tile's text is written in on its tile."""
    grade = text.removeprefix("≥")
    return GRADE_COLOURS[theme][grade if grade in GRADES else "gap"].text


def tile_colour(theme: str, text: str) -> str:
    """The colour of a tile with this text."""
    grade = text.removeprefix("≥")
    return GRADE_COLOURS[theme][grade if grade in GRADES else "gap"].background


def bold_from_3(text: str) -> str:
    """The numeral as it is printed: bold from grade 3 and while unsettled."""
    return f"<b>{text}</b>" if text.startswith("≥") or text in ("3", "4", "5") else text


def short_code(code: str) -> str:
    """A study code where there is room for eleven letters."""
    return code if len(code) <= 11 else f"{code[:10]}…"


def local(at: datetime, zone: tzinfo) -> datetime:
    """The hospital's clock at an instant, without its zone, as Plotly needs it."""
    return at.astimezone(zone).replace(tzinfo=None)


class Drawn(go.Figure):  # type: ignore[misc] # Plotly brings no types
    """A figure that is finished: written once in plain values, so that showing it again costs little.

    Nobody may change it, nor what `to_dict` gives.
    """

    def __init__(self, plain: dict[str, Any]) -> None:
        super().__init__()
        self._plain = plain

    def to_dict(self) -> dict[str, Any]:
        """The whole figure, not a copy."""
        return self._plain


def finished(traces: Sequence[Any], layout: dict[str, Any]) -> Drawn:
    """Check a figure against Plotly's schema and finish it."""
    plain: dict[str, Any] = json.loads(go.Figure(list(traces), layout).to_json())
    # Plotly's own template only fills in looks that are all set here.
    plain["layout"]["template"] = {}
    return Drawn(plain)
