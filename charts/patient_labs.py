"""A patient's laboratory results on the time axis of the whole course: one row and one trace an analyte."""

from math import ceil, floor, log10
from typing import Any, Final

import plotly.graph_objects as go

from charts import figure as look
from charts.course_rows import CourseRows, LabSeries
from charts.patient_course import LEFT, RIGHT, course_axis, infusion_lines, infusion_words
from grading.colours import THEME_COLOURS

_TOP, _BOTTOM, _TITLE, _ROW_PX = 46, 34, 30, 92
_WIDE_DECADES: Final = 2
_LOWEST_ON_LOG: Final = 0.01
"""A count of 0 has no place on a log scale: it stands on the lowest line, and its words say 0."""


def draw_patient_labs(rows: CourseRows, theme: str) -> look.Drawn:
    """The picture in the theme "light" or "dark"; a series without results is left out."""
    drawn = [series for series in rows.labs if series.points]
    plot = len(drawn) * _ROW_PX + (len(drawn) - 1) * _TITLE
    domains = []
    top = plot
    for _ in drawn:
        domains.append(((top - _ROW_PX) / plot, top / plot))
        top -= _ROW_PX + _TITLE
    axes = [f"y{number or ''}" for number in ("", *range(2, len(drawn) + 1))][: len(drawn)]
    traces = [_line(series, axis, theme) for series, axis in zip(drawn, axes, strict=True)]
    layout = look.base_layout(theme, plot + _TOP + _BOTTOM) | {
        "margin": {"l": LEFT, "r": RIGHT, "t": _TOP, "b": _BOTTOM},
        "xaxis": course_axis(rows, theme, anchor=axes[-1]),
        "annotations": [
            *(_title(series, top) for series, (_, top) in zip(drawn, domains, strict=True)),
            *({**one, "yshift": 20} for one in infusion_words(rows, theme)),
        ],
        "shapes": [
            *infusion_lines(rows, domains, theme),
            *(
                shape
                for series, axis in zip(drawn, axes, strict=True)
                for shape in _limits(series, axis, theme)
            ),
        ],
        **{
            axis.replace("y", "yaxis"): _value_axis(series, domain, theme)
            for series, axis, domain in zip(drawn, axes, domains, strict=True)
        },
    }
    return look.finished(traces, layout)


def _line(series: LabSeries, axis: str, theme: str) -> go.Scatter:
    ink = THEME_COLOURS[theme].text
    return go.Scatter(
        x=[point.at for point in series.points],
        y=[_on_scale(series, point.value) for point in series.points],
        yaxis=axis,
        mode="lines+markers",
        line={"color": ink, "width": 1.8},
        marker={"color": ink, "size": 5},
        customdata=[[point.words] for point in series.points],
        hovertemplate="%{customdata[0]}<extra></extra>",
    )


def _on_scale(series: LabSeries, value: float) -> float:
    return max(value, _LOWEST_ON_LOG) if series.is_log else value


def _value_axis(series: LabSeries, domain: tuple[float, float], theme: str) -> dict[str, Any]:
    scale: dict[str, Any] = {"nticks": 4}
    if series.is_log:
        scale = {"type": "log", "tickmode": "array", "tickvals": _log_ticks(series)}
    return look.plain_axis(theme, domain=list(domain), anchor="x", **scale)


def _log_ticks(series: LabSeries) -> list[float]:
    """Powers of ten, with 2 and 5 between them where the values span less than two."""
    values = [_on_scale(series, point.value) for point in series.points]
    lowest, highest = floor(log10(min(values))), ceil(log10(max(values)))
    steps = (1, 2, 5) if highest - lowest <= _WIDE_DECADES else (1,)
    return [float(f"{step}e{power}") for power in range(lowest, highest + 1) for step in steps]


def _title(series: LabSeries, top: float) -> dict[str, Any]:
    limits = ", ".join(f"{limit:g}" for limit in series.limits)
    lines = f"; dotted at {limits}" if limits else ""
    return {
        "text": f"<b>{series.label}</b>, {series.unit}{lines}",
        "x": 0,
        "y": top,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "yshift": 3,
    }


def _limits(series: LabSeries, axis: str, theme: str) -> list[dict[str, Any]]:
    line = {"color": THEME_COLOURS[theme].soft_text, "width": 1, "dash": "dot"}
    return [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": axis, "y0": limit, "y1": limit}
        | {"line": line, "layer": "below"}
        for limit in series.limits
    ]
