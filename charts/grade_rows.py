"""Patients by worst grade, one line for each toxicity and infusion, with exact rates beside it.

At the left each line is a bar of patients, its parts in the order of the grades with the number of patients
in them: first the complete ones, then, half as high, those whose window is still open, by their worst so
far. At the right the rates of the complete patients as points with their 95 % limits and, in words, the count
first. A part's `customdata` is [line, part, words]; `part_codes` says who is in a part.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from charts import figure as look
from grading.colours import GRADE_COLOURS, HATCH, THEME_COLOURS
from trial.incidence import Rate
from trial.safety_worst import GradedRow

TOP: Final = 40
BOTTOM: Final = 34
_OPEN: Final = "open"
_NOT_GRADED: Final = "?"
_PARTS: Final = (*look.GRADES, _NOT_GRADED, _OPEN, *(f"{_OPEN} {grade}" for grade in look.GRADES[1:]))
"""Grade 0 to 5 and "not graded" of the complete; of the open ones nothing so far, or a worst grade so far."""
_NARROWEST_PX: Final = 245
"""What the bars have on a tablet."""

_NAMES: Final = (0.0, 0.15)
_BARS: Final = (0.155, 0.475)
_RATES: Final = (0.52, 0.665)
_WORDS: Final = (0.685, 1.0)
_STEP_PX: Final = 26
_HEIGHT: Final = 0.7
"""Of a bar, as a part of its line."""
_MARKS: Final = {1: "circle", 2: "diamond", 3: "square"}


def draw_grade_rows(
    rows: Sequence[GradedRow], theme: str, *, grades: Sequence[int] = (1, 2, 3)
) -> look.Drawn:
    """The figure for lines from the top down.

    Args:
        rows: the lines.
        theme: "light" or "dark".
        grades: the rates are of these grades or more.
    """
    widest = max((row.patients for row in rows), default=0) or 1
    lines = [(len(rows) - 1 - place, row) for place, row in enumerate(rows)]
    traces = [
        *_bars(lines, widest, theme),
        *_rates(lines, grades, theme),
        _names(lines, theme),
        _counts_in_words(lines, grades, theme),
    ]
    height = TOP + BOTTOM + max(1, len(rows)) * _row_px(grades)
    layout = look.base_layout(theme, height) | {
        "margin": {"l": 0, "r": 0, "t": TOP, "b": BOTTOM},
        "barmode": "stack",
        "yaxis": look.plain_axis(
            theme, range=[-0.5, max(1, len(rows)) - 0.5], showgrid=False, showticklabels=False
        ),
        "xaxis": _axis(theme, _BARS, [0, widest * 1.01], dtick=_tick(widest), tick0=0),
        "xaxis2": _axis(theme, _RATES, [-4, 104], tickvals=[0, 50, 100], ticktext=["0 %", "50 %", "100 %"]),
        "xaxis3": _axis(theme, _NAMES, [0, 1], showticklabels=False, showgrid=False),
        "xaxis4": _axis(theme, _WORDS, [0, 1], showticklabels=False, showgrid=False),
        "annotations": [
            _title("<b>Patients</b> by worst grade", _BARS[0], theme),
            _title("<b>Rate</b> of the complete, 95 % limits", _RATES[0], theme),
        ],
        "shapes": _separators(len(rows), theme),
    }
    return look.finished(traces, layout)


def _row_px(grades: Sequence[int]) -> int:
    return max(60, 14 + _STEP_PX * len(grades))


def _axis(theme: str, domain: tuple[float, float], span: list[float], **more: Any) -> dict[str, Any]:
    return look.plain_axis(theme, domain=list(domain), range=span, anchor="y", **more)


def _tick(widest: int) -> int:
    return next((step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500) if widest / step <= 6), 1000)


def _title(text: str, x: float, theme: str) -> dict[str, Any]:
    return {
        "text": text,
        "x": x,
        "y": 1,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "yshift": 8,
        "showarrow": False,
        "font": {"size": 14, "color": THEME_COLOURS[theme].text},
    }


def _separators(rows: int, theme: str) -> list[dict[str, Any]]:
    line = {"color": look.rgba(THEME_COLOURS[theme].border, 0.5), "width": 1}
    ends = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y"}
    return [ends | {"y0": place + 0.5, "y1": place + 0.5, "line": line} for place in range(rows - 1)]


_Lines = Sequence[tuple[int, GradedRow]]


def part_codes(row: GradedRow, part: str) -> tuple[str, ...]:
    """Who is in a part of a line's bar."""
    kind, _, grade = part.partition(" ")
    if kind == _NOT_GRADED:
        return row.not_graded
    if kind != _OPEN:
        return row.by_grade[int(kind)]
    early = dict(row.early)
    return tuple(code for code in row.pending if early.get(code, 0) == int(grade or 0))


def part_words(part: str) -> str:
    """What a part stands for: "worst grade 2", "window still open, grade 2 so far"."""
    kind, _, grade = part.partition(" ")
    if kind == _NOT_GRADED:
        return "not graded"
    if kind != _OPEN:
        return f"worst grade {kind}"
    return f"window still open, {f'grade {grade}' if grade else 'no grade above 0'} so far"


def _bars(lines: _Lines, widest: int, theme: str) -> Iterator[go.Bar]:
    for part in _PARTS:
        held = [(level, row, count) for level, row in lines if (count := len(part_codes(row, part)))]
        if held:
            yield go.Bar(
                orientation="h",
                y=[level for level, *_ in held],
                x=[count for *_, count in held],
                text=[_part_text(part, count, _NARROWEST_PX * count / widest) for *_, count in held],
                textposition="inside",
                insidetextanchor="middle",
                constraintext="none",
                textangle=0,
                customdata=[[row.label, part, _hover(row, part, count)] for _, row, count in held],
                hovertemplate="%{customdata[2]}<extra></extra>",
                selected={"marker": {"opacity": 1}},
                unselected={"marker": {"opacity": 1}},
                **_looks(part, theme),
            )


def _looks(part: str, theme: str) -> dict[str, Any]:
    """A grade has its colour, "not graded" the hatching; what is open is half as high, with an edge."""
    kind, _, grade = part.partition(" ")
    shown = grade if kind == _OPEN else kind
    own = GRADE_COLOURS[theme][shown if shown in look.GRADES else "gap"]
    hatching = {"shape": "/", "fgcolor": HATCH, "bgcolor": own.background, "size": 7, "solidity": 0.22}
    edge = HATCH if kind == _OPEN else THEME_COLOURS[theme].background
    return {
        "width": _HEIGHT / 2 if kind == _OPEN else _HEIGHT,
        "textfont": {"color": own.text, "size": 13},
        "marker": {
            "color": own.background,
            "line": {"width": 1, "color": edge},
            "pattern": hatching if kind == _NOT_GRADED else {},
        },
    }


def _part_text(part: str, count: int, room_px: float) -> str:
    """The grade above the number of patients; where there is little room, the grade alone."""
    kind, _, grade = part.partition(" ")
    if room_px < 12:
        return ""
    if kind == _OPEN:
        return look.bold_from_3(grade) if grade else "open" if room_px >= 34 else ""
    numeral = look.bold_from_3(kind)
    return f"{numeral}<br>{_small(f'n={count}')}" if room_px >= 22 else numeral


def _small(words: str) -> str:
    return f"<span style='font-size:12px'>{words}</span>"


def _hover(row: GradedRow, part: str, count: int) -> str:
    return f"{row.label}: {count} of {row.patients} patients: {part_words(part)}"


def _offsets(grades: Sequence[int]) -> list[tuple[int, float]]:
    """Each grade and where its rate stands in the line, the lowest grade on top."""
    step = _STEP_PX / _row_px(grades)
    return [(grade, (len(grades) - 1) / 2 * step - place * step) for place, grade in enumerate(grades)]


def _rates(lines: _Lines, grades: Sequence[int], theme: str) -> Iterator[go.Scatter]:
    colour = THEME_COLOURS[theme].text
    points = [
        (level + offset, grade, row.rate(grade)) for level, row in lines for grade, offset in _offsets(grades)
    ]
    known = [(y, grade, rate) for y, grade, rate in points if rate.rate is not None]
    yield go.Scatter(
        x=[value for *_, rate in known for value in (*_percent(rate)[1:], None)],
        y=[value for y, *_ in known for value in (y, y, None)],
        mode="lines",
        line={"color": colour, "width": 2},
        hoverinfo="skip",
        xaxis="x2",
    )
    yield go.Scatter(
        x=[_percent(rate)[0] for *_, rate in known],
        y=[y for y, *_ in known],
        mode="markers",
        marker={
            "color": colour,
            "size": 10,
            "symbol": [_MARKS.get(grade, "square") for _, grade, _ in known],
        },
        hoverinfo="skip",
        cliponaxis=False,
        xaxis="x2",
    )


def _percent(rate: Rate) -> tuple[float, float, float]:
    return tuple(100 * (value or 0.0) for value in (rate.rate, rate.low, rate.high))  # type: ignore[return-value]


def _names(lines: _Lines, theme: str) -> go.Scatter:
    """The words of each line, and beneath them how many patients it stands for."""
    return _texts([level for level, _ in lines], [_name(row) for _, row in lines], theme, "x3")


def _name(row: GradedRow) -> str:
    head, _, rest = row.label.partition(", ")
    count = f"{len(row.complete)} complete, {len(row.pending)} open" if row.patients else "nobody yet"
    return "<br>".join([f"<b>{head}</b>", *([rest] if rest else []), _small(count)])


def _counts_in_words(lines: _Lines, grades: Sequence[int], theme: str) -> go.Scatter:
    spots = [(level + offset, row, grade) for level, row in lines for grade, offset in _offsets(grades)]
    texts = [f"<b>≥{grade}</b>: {_rate_words(row, grade)}" for _, row, grade in spots]
    return _texts([y for y, *_ in spots], texts, theme, "x4", size=12)


def _rate_words(row: GradedRow, grade: int) -> str:
    """The count and the rate; an event in an open window stands behind it, because it is not in the rate."""
    early = len(row.early_from(grade))
    rate = row.rate(grade).in_words if row.complete else "none complete"
    return f"{rate}, {early} early" if early else rate


def _texts(y: Sequence[float], texts: Sequence[str], theme: str, axis: str, *, size: int = 13) -> go.Scatter:
    return go.Scatter(
        x=[0] * len(y),
        y=list(y),
        text=list(texts),
        mode="text",
        textposition="middle right",
        textfont={"color": THEME_COLOURS[theme].text, "size": size},
        hoverinfo="skip",
        cliponaxis=False,
        xaxis=axis,
    )
