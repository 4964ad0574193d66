"""Small panels of curves on one pair of axes: infusions side by side, one row for each thing shown.

Plotly pays for each trace, and for each axis more than that; so every panel is a part of the same plane,
moved by whole steps, and all panels have the same axes by construction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go

from charts import figure as look
from grading.colours import THEME_COLOURS

Points = tuple[list[float | None], list[float | None]]
"""x and y of a trace; None parts one line from the next."""


@dataclass(frozen=True, slots=True)
class Panels:
    """Where panels stand. Inside a panel x runs from 0 to `width` and y from 0 to 1.

    columns, rows  how many panels
    gap            between two columns, in units of x
    room           between two rows, in units of y: for what stands under a panel's axis
    """

    columns: int
    rows: int
    width: float
    gap: float
    room: float

    def x(self, column: int, value: float) -> float:
        """Where a value stands on the common axis."""
        return column * (self.width + self.gap) + value

    def y(self, row: int, value: float) -> float:
        """The same for y; the first row is on top."""
        return value - row * (1 + self.room)

    def axes(self, theme: str, *, left: float, right: float, top: float = 0.25) -> dict[str, Any]:
        """The two axes of the figure, without ticks of their own."""
        bare: dict[str, Any] = {"showgrid": False, "showticklabels": False}
        last = self.x(max(0, self.columns - 1), self.width)
        return {
            "xaxis": look.plain_axis(theme, range=[-left, last + right], **bare),
            "yaxis": look.plain_axis(
                theme, range=[self.y(max(0, self.rows - 1), -self.room + top), 1 + top], **bare
            ),
        }

    def grid(self, theme: str, ticks: Sequence[float], levels: Sequence[float]) -> go.Scatter:
        """The faint lines of all panels, as one trace."""
        x: list[float | None] = []
        y: list[float | None] = []
        for column in range(self.columns):
            for row in range(self.rows):
                for tick in ticks:
                    x += [self.x(column, tick), self.x(column, tick), None]
                    y += [self.y(row, 0), self.y(row, 1), None]
                for level in levels:
                    x += [self.x(column, 0), self.x(column, self.width), None]
                    y += [self.y(row, level), self.y(row, level), None]
        line = {"color": look.rgba(THEME_COLOURS[theme].border, 0.4), "width": 1}
        return go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip")


@dataclass(frozen=True, slots=True)
class Word:
    """A text at a point of the plane."""

    x: float
    y: float
    text: str


RIGHT: Final = "middle right"
CENTRE: Final = "middle center"
LEFT: Final = "middle left"


def words(
    theme: str, at: Sequence[Word], *, size: int = 12, soft: bool = False, position: str = CENTRE
) -> go.Scatter:
    """Texts of one look, as one trace; `position` is where they stand beside their points."""
    colours = THEME_COLOURS[theme]
    return go.Scatter(
        x=[one.x for one in at],
        y=[one.y for one in at],
        text=[one.text for one in at],
        mode="text",
        textposition=position,
        textfont={"size": size, "color": colours.soft_text if soft else colours.text},
        hoverinfo="skip",
        cliponaxis=False,
    )


def band(colour: str, opacity: float, points: Points) -> go.Scatter:
    """Filled shapes without an edge; `points` go round each of them."""
    return go.Scatter(
        x=points[0],
        y=points[1],
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=look.rgba(colour, opacity),
        hoverinfo="skip",
    )


def joined(parts: Sequence[Points]) -> Points:
    """Several lines as one trace."""
    x: list[float | None] = []
    y: list[float | None] = []
    for one_x, one_y in parts:
        x += [*one_x, None]
        y += [*one_y, None]
    return x, y
