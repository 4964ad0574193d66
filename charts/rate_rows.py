"""Rates as points with their 95 % limits, one line each, with the count in words beside them.

The lines stand in sections; what is not of this trial has hollow marks. No line is tested against another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go

from charts import figure as look
from grading.colours import THEME_COLOURS
from trial.incidence import Rate

LINE_PX: Final = 38
TOP: Final = 34
BOTTOM: Final = 26
_NAMES: Final = 0.3
"""The part of the width that the names have; the columns share the rest."""
_PLOT: Final = 0.42
"""The part of a column that its points have; its words have the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLine:
    """One line.

    under    softer words beneath the name: the denominator, the scale
    rates    one for each column; None where there is none
    says     the words beside each rate where they are not its own: of a published rate, as it was printed
    is_ours  False for a published rate
    """

    name: str
    under: str
    rates: tuple[Rate | None, ...]
    says: tuple[str, ...] = ()
    is_ours: bool = True

    def words(self, column: int) -> str:
        """What stands beside the rate of a column."""
        if self.says:
            return self.says[column]
        rate = self.rates[column]
        return rate.in_words if rate is not None and rate.patients else "nobody yet"


Section = tuple[str, Sequence[RateLine]]
"""Its heading, "" for none, and its lines."""


def draw_rate_rows(sections: Sequence[Section], heads: Sequence[str], theme: str) -> look.Drawn:
    """The figure.

    Args:
        sections: from the top down.
        heads: the words above each column.
        theme: "light" or "dark".
    """
    placed = list(_placed(sections))
    lines = [(y, line) for y, line in placed if isinstance(line, RateLine)]
    colours = THEME_COLOURS[theme]
    traces = [_names(placed, colours.text), _unders(lines, colours.soft_text)]
    for column in range(len(heads)):
        traces += [*_points(lines, column, theme), _words(lines, column, colours.text)]
    rows = max(1, len(placed))
    layout = look.base_layout(theme, TOP + BOTTOM + LINE_PX * rows) | {
        "margin": {"l": 0, "r": 0, "t": TOP, "b": BOTTOM},
        "yaxis": look.plain_axis(theme, range=[rows - 0.5, -0.5], showgrid=False, showticklabels=False),
        "xaxis": _axis(theme, (0, _NAMES), [0, 1], showgrid=False, showticklabels=False),
        "annotations": [
            _head(text, _column(column, len(heads))[0], colours.text) for column, text in enumerate(heads)
        ],
    }
    for column in range(len(heads)):
        left, right = _column(column, len(heads))
        middle = left + (right - left) * _PLOT
        layout[f"xaxis{2 * column + 2}"] = _axis(
            theme,
            (left, middle - 0.01),
            [-4, 104],
            tickvals=[0, 50, 100],
            ticktext=["0", "50", "100 %"],
        )
        layout[f"xaxis{2 * column + 3}"] = _axis(
            theme, (middle, right), [0, 1], showgrid=False, showticklabels=False
        )
    return look.finished(traces, layout)


def _column(column: int, columns: int) -> tuple[float, float]:
    width = (1 - _NAMES) / columns
    return _NAMES + column * width, _NAMES + (column + 1) * width


def _axis(theme: str, domain: tuple[float, float], span: list[float], **more: Any) -> dict[str, Any]:
    return look.plain_axis(theme, domain=list(domain), range=span, anchor="y", **more)


def _placed(sections: Sequence[Section]) -> Iterator[tuple[int, RateLine | str]]:
    """Each heading and line at its level."""
    level = 0
    for heading, lines in sections:
        for one in ([heading] if heading else []) + list(lines):
            yield level, one
            level += 1


def _head(text: str, x: float, colour: str) -> dict[str, Any]:
    return {
        "text": f"<b>{text}</b>",
        "x": x,
        "y": 1,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "yshift": 6,
        "showarrow": False,
        "font": {"size": 14, "color": colour},
    }


def _names(placed: Sequence[tuple[int, RateLine | str]], colour: str) -> go.Scatter:
    texts = [
        (y, one.name, 0.18) if isinstance(one, RateLine) else (y, f"<b>{one}</b>", 0.0) for y, one in placed
    ]
    return _texts([y - up for y, _, up in texts], [text for _, text, _ in texts], colour, 13, "x")


_Lines = Sequence[tuple[int, RateLine]]


def _unders(lines: _Lines, colour: str) -> go.Scatter:
    return _texts([y + 0.24 for y, _ in lines], [line.under for _, line in lines], colour, 12, "x")


def _texts(y: Sequence[float], texts: Sequence[str], colour: str, size: int, axis: str) -> go.Scatter:
    return go.Scatter(
        x=[0] * len(y),
        y=list(y),
        text=list(texts),
        mode="text",
        textposition="middle right",
        textfont={"size": size, "color": colour},
        hoverinfo="skip",
        cliponaxis=False,
        xaxis=axis,
    )


def _points(lines: _Lines, column: int, theme: str) -> Iterator[go.Scatter]:
    colours = THEME_COLOURS[theme]
    known = [(y, line, rate) for y, line in lines if (rate := line.rates[column]) is not None]
    drawn = [(y, line, _percent(rate)) for y, line, rate in known if rate.rate is not None]
    axis = f"x{2 * column + 2}"
    yield go.Scatter(
        x=[value for *_, (_, low, high) in drawn for value in (low, high, None)],
        y=[value for y, *_ in drawn for value in (y, y, None)],
        mode="lines",
        line={"color": colours.text, "width": 2},
        hoverinfo="skip",
        xaxis=axis,
    )
    yield go.Scatter(
        x=[rate for *_, (rate, _, _) in drawn],
        y=[y for y, *_ in drawn],
        mode="markers",
        marker={
            "size": 10,
            "symbol": "circle",
            "color": [colours.text if line.is_ours else colours.background for _, line, _ in drawn],
            "line": {"width": 2, "color": colours.text},
        },
        hoverinfo="skip",
        cliponaxis=False,
        xaxis=axis,
    )


def _percent(rate: Rate) -> tuple[float, float, float]:
    return 100 * (rate.rate or 0.0), 100 * (rate.low or 0.0), 100 * (rate.high or 0.0)


def _words(lines: _Lines, column: int, colour: str) -> go.Scatter:
    texts = [line.words(column) for _, line in lines]
    return _texts([y for y, _ in lines], texts, colour, 12, f"x{2 * column + 3}")
