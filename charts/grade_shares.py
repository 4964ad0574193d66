"""Share of patients at each worst grade, by day: stacked bars with the number assessed above each.

The columns stand where those of the heat map do. A bar's `customdata` is
[infusion, day, grade or "?", words].
"""

from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go

from charts import figure as look
from charts.day_columns import INFUSION_WORDS, DayColumns
from charts.day_shares import DayShare
from charts.heat_map import DAYS_FROM, LEFT, RIGHT
from grading.colours import GRADE_COLOURS, HATCH, THEME_COLOURS

HEIGHT: Final = 300
TOP: Final = 46
_PLOT_PX: Final = HEIGHT - TOP - 30
_NUMERAL_PX: Final = 16


def draw_grade_shares(shares: Sequence[DayShare], columns: DayColumns, theme: str) -> look.Drawn:
    """The figure; days on which nobody was assessed stay empty, with no number above."""
    seen = [share for share in shares if share.assessed]
    colours = THEME_COLOURS[theme]
    traces = [_bars(seen, grade, columns, theme) for grade in look.GRADES]
    if any(share.ungraded for share in seen):
        traces.append(_bars(seen, "?", columns, theme))
    traces.append(_assessed(seen, columns, colours.text))
    layout = look.base_layout(theme, HEIGHT) | {
        "margin": {"l": LEFT, "r": RIGHT, "t": TOP, "b": 30},
        "barmode": "stack",
        "bargap": 0.12,
        "xaxis": look.plain_axis(
            theme,
            range=columns.span,
            domain=[DAYS_FROM, 1],
            anchor="y",
            showgrid=False,
            **columns.ticks(),
        ),
        "yaxis": look.plain_axis(
            theme,
            anchor="x",
            range=[0, 112],
            tickvals=[0, 25, 50, 75, 100],
            ticktext=["0 %", "25 %", "50 %", "75 %", "100 %"],
        ),
        "annotations": [title | {"yshift": 4} for title in columns.titles(colours.text)],
    }
    return look.finished([trace for trace in traces if trace is not None], layout)


def _bars(shares: Sequence[DayShare], grade: str, columns: DayColumns, theme: str) -> go.Bar | None:
    counts = [len(share.codes(grade)) for share in shares]
    held = [(share, count) for share, count in zip(shares, counts, strict=True) if count]
    if not held:
        return None
    colours = GRADE_COLOURS[theme]["gap" if grade == "?" else grade]
    heights = [100 * count / share.assessed for share, count in held]
    hatch = {"shape": "/", "fgcolor": HATCH, "size": 7, "solidity": 0.22} if grade == "?" else {}
    return go.Bar(
        x=[columns.x(share.number, share.day) for share, _ in held],
        y=heights,
        text=[_numeral(grade, height) for height in heights],
        textposition="inside",
        insidetextanchor="middle",
        constraintext="none",
        textangle=0,
        textfont={"color": colours.text, "size": 13},
        marker={
            "color": colours.background,
            "line": {"width": 1, "color": THEME_COLOURS[theme].background},
            "pattern": hatch,
        },
        customdata=[[share.number, share.day, grade, _words(share, grade, count)] for share, count in held],
        hovertemplate="%{customdata[3]}<extra></extra>",
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
    )


def _numeral(grade: str, height: float) -> str:
    room = height / 112 * _PLOT_PX
    return look.bold_from_3(grade) if room >= _NUMERAL_PX else ""


def _words(share: DayShare, grade: str, count: int) -> str:
    head = f"{INFUSION_WORDS[share.number].capitalize()}, day {share.day}"
    worst = "not graded yet" if grade == "?" else f"at worst grade {grade}"
    return f"{head}: {count} of {share.assessed} assessed {worst}"


def _assessed(shares: Sequence[DayShare], columns: DayColumns, colour: str) -> go.Scatter:
    style: dict[str, Any] = {"color": colour, "size": 12}
    return go.Scatter(
        x=[columns.x(share.number, share.day) for share in shares],
        y=[100] * len(shares),
        text=[str(share.assessed) for share in shares],
        mode="text",
        textposition="top center",
        textfont=style,
        hoverinfo="skip",
        unselected={"textfont": {"color": colour}},
    )
