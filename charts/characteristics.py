"""How often a stopping rule stops at each true rate: its operating characteristics as a curve."""

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from charts import figure as look
from charts.stopping_rows import CharacteristicRow
from grading.colours import THEME_COLOURS

_HEIGHT: Final = 380


def draw_characteristics(rows: Sequence[CharacteristicRow], tolerated_rate: float, theme: str) -> look.Drawn:
    """Probability of ever stopping over the true rate; a dotted line at the tolerated rate."""
    colours = THEME_COLOURS[theme]
    at_tolerated = next(row for row in rows if row.true_rate == tolerated_rate)
    curve = go.Scatter(
        x=[100 * row.true_rate for row in rows],
        y=[100 * row.stop_probability for row in rows],
        mode="lines",
        line={"color": colours.action, "width": 3},
        customdata=[
            [
                f"True rate {100 * row.true_rate:.3g} %: stops {100 * row.stop_probability:.3g} % of trials"
                f"<br>on average after {row.expected_patients:.1f} patients, {row.expected_events:.1f} events"
            ]
            for row in rows
        ],
        hovertemplate="%{customdata[0]}<extra></extra>",
    )
    point = go.Scatter(
        x=[100 * tolerated_rate],
        y=[100 * at_tolerated.stop_probability],
        mode="markers+text",
        marker={"color": colours.text, "size": 10, "symbol": "square"},
        text=[f"false stop {100 * at_tolerated.stop_probability:.3g} %"],
        textposition="bottom right",
        textfont={"color": colours.text, "size": 13},
        hoverinfo="skip",
    )
    font = {"color": colours.text, "size": 13}
    layout = look.base_layout(theme, _HEIGHT) | {
        "margin": {"l": 60, "r": 16, "t": 12, "b": 52},
        "xaxis": look.plain_axis(
            theme, rangemode="tozero", title={"text": "True rate of the event, %", "font": font}
        ),
        "yaxis": look.plain_axis(
            theme, range=[-2, 102], dtick=20, title={"text": "Trials that the rule stops, %", "font": font}
        ),
        "shapes": [
            {"type": "line", "xref": "x", "yref": "paper", "x0": 100 * tolerated_rate}
            | {"x1": 100 * tolerated_rate, "y0": 0, "y1": 1}
            | {"line": {"color": colours.soft_text, "width": 1, "dash": "dot"}, "layer": "below"}
        ],
    }
    return look.finished([curve, point], layout)
