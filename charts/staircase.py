"""The staircase of a stopping rule: its limits, the observed path and the fan of the pending patients."""

from typing import Any, Final

import plotly.graph_objects as go

from charts import figure as look
from charts.stopping_rows import StaircaseRows
from grading.colours import THEME_COLOURS

_HEIGHT: Final = 380


def draw_staircase(rows: StaircaseRows, theme: str) -> look.Drawn:
    """Limits in ink with their numerals, the observed path in the action colour, the fan dashed."""
    traces = [_limits(rows, theme), *_fan(rows, theme), *_path(rows, theme), *_what_if(rows, theme)]
    highest = max([1, *(stop for _, stop in rows.boundary if stop), *rows.path, *(p.most for p in rows.fan)])
    layout = look.base_layout(theme, _HEIGHT) | {
        "margin": {"l": 60, "r": 16, "t": 12, "b": 52},
        "xaxis": _axis(theme, "Patients evaluable", rows.n_max),
        "yaxis": _axis(theme, "Patients with an event", highest + 1),
    }
    return look.finished(traces, layout)


def _axis(theme: str, title: str, most: int) -> dict[str, Any]:
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100) if most / step <= 16)
    words = {"text": title, "font": {"color": THEME_COLOURS[theme].text, "size": 13}}
    return look.plain_axis(theme, range=[-0.4, most + 0.6], dtick=step, tick0=0, title=words)


def _limits(rows: StaircaseRows, theme: str) -> go.Scatter:
    ink = THEME_COLOURS[theme].text
    looks = [(n, stop) for n, stop in rows.boundary if stop is not None]
    has_room = len(looks) <= 25
    return go.Scatter(
        x=[n for n, _ in looks],
        y=[stop for _, stop in looks],
        mode="lines+markers+text" if has_room else "lines",
        line={"color": ink, "width": 2, "shape": "hvh"},
        marker={"color": ink, "size": 7, "symbol": "square"},
        text=[str(stop) for _, stop in looks],
        textposition="top center",
        textfont={"color": ink, "size": 12},
        customdata=[[f"With {n} evaluable the rule pauses at {stop} events"] for n, stop in looks],
        hovertemplate="%{customdata[0]}<extra></extra>",
    )


def _path(rows: StaircaseRows, theme: str) -> list[go.Scatter]:
    action = THEME_COLOURS[theme].action
    words = [["Nobody is evaluable yet"]]
    words += [
        [f"{n}: {code}, {events} with an event"]
        for n, (code, events) in enumerate(zip(rows.complete, rows.path, strict=True), start=1)
    ]
    return [
        go.Scatter(
            x=list(range(len(rows.path) + 1)),
            y=[0, *rows.path],
            mode="lines+markers",
            line={"color": action, "width": 3, "shape": "hv"},
            marker={"color": action, "size": 9},
            customdata=words,
            hovertemplate="%{customdata[0]}<extra></extra>",
        )
    ]


def _fan(rows: StaircaseRows, theme: str) -> list[go.Scatter]:
    """The most and the fewest events that are still possible, one dashed trace."""
    if not rows.fan:
        return []
    n = [point.n for point in rows.fan]
    words = [[f"With {p.n} evaluable: {p.fewest} to {p.most} events are possible"] for p in rows.fan]
    return [
        go.Scatter(
            x=[*n, None, *n],
            y=[*(point.most for point in rows.fan), None, *(point.fewest for point in rows.fan)],
            mode="lines+markers",
            line={"color": THEME_COLOURS[theme].action, "width": 2, "dash": "dash", "shape": "hv"},
            marker={"color": THEME_COLOURS[theme].action, "size": 6, "symbol": "circle-open"},
            customdata=[*words, [""], *words],
            hovertemplate="%{customdata[0]}<extra></extra>",
        )
    ]


def _what_if(rows: StaircaseRows, theme: str) -> list[go.Scatter]:
    if rows.next_events is None:
        return []
    n, events = rows.next_events
    ink = THEME_COLOURS[theme].text
    return [
        go.Scatter(
            x=[n],
            y=[events],
            mode="markers+text",
            marker={"color": ink, "size": 15, "symbol": "diamond-open", "line": {"width": 2, "color": ink}},
            text=["next patient"],
            textposition="bottom right",
            textfont={"color": ink, "size": 12},
            hovertemplate=f"If the next patient has an event: {events} among {n}<extra></extra>",
        )
    ]
