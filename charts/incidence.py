"""Cumulative incidence of the first grade of at least so much, a panel for each toxicity and infusion.

Steps with their 95 % limits; the competing causes as a dotted line from below; ticks where patients are
censored; under each panel the number at risk for each curve. All panels have the same axes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from charts import figure as look
from charts.panels import LEFT, RIGHT, Panels, Points, Word, band, joined, words
from grading.colours import GRADE_COLOURS, THEME_COLOURS
from grading.scale import Toxicity
from trial.incidence import IncidenceCurve
from trial.safety_times import GradeIncidence

ROW_PX: Final = 300
TOP: Final = 8
_ROOM: Final = 0.72
_DAYS_AT: Final = -0.1
_STEP: Final = 7
_DASHES: Final = {1: "dot", 2: "dash", 3: "solid"}
_BY_NUMBER: Final = {1: "first infusion", 2: "second infusion"}


@dataclass(frozen=True, slots=True)
class _Plane:
    """The panels, and which of them each toxicity and infusion has."""

    panels: Panels
    numbers: tuple[int, ...]
    toxicities: tuple[Toxicity, ...]

    def x(self, one: GradeIncidence, day: float) -> float:
        return self.panels.x(self.numbers.index(one.number), day)

    def y(self, one: GradeIncidence, share: float) -> float:
        return self.panels.y(self.toxicities.index(one.toxicity), share)


def draw_incidence(curves: Sequence[GradeIncidence], last_day: int, theme: str) -> look.Drawn:
    """The figure.

    Args:
        curves: every toxicity, infusion and grade that is shown, in the order of the panels.
        last_day: where the axis ends, in days since the infusion.
        theme: "light" or "dark".
    """
    numbers = tuple(dict.fromkeys(one.number for one in curves))
    toxicities = tuple(dict.fromkeys(one.toxicity for one in curves))
    plane = _Plane(
        Panels(len(numbers), len(toxicities), last_day, last_day * 0.46, _ROOM), numbers, toxicities
    )
    ticks = list(range(0, last_day + 1, _STEP))
    traces = [
        plane.panels.grid(theme, ticks, (0, 0.25, 0.5, 0.75, 1)),
        *_bands(curves, plane, theme),
        _competing(curves, plane, theme),
        *_lines(curves, plane, theme),
        _censored(curves, plane, theme),
        words(theme, list(_axis_words(curves, plane, ticks)), soft=True),
        words(theme, list(_risk_words(curves, plane, ticks))),
        words(
            theme,
            [*_percent_words(curves, plane), *_row_words(curves, plane)],
            soft=True,
            position=LEFT,
        ),
        words(theme, list(_end_words(curves, plane)), position=RIGHT, size=13),
        words(theme, list(_titles(curves, plane)), position=RIGHT, size=14),
    ]
    layout = look.base_layout(theme, TOP + ROW_PX * max(1, len(toxicities))) | {
        "margin": {"l": 0, "r": 0, "t": TOP, "b": 0},
        **plane.panels.axes(theme, left=last_day * 0.26, right=last_day * 0.3),
    }
    return look.finished(traces, layout)


def _steps(one: GradeIncidence, curve: IncidenceCurve, plane: _Plane) -> Points:
    """The line of a curve: to the last day anyone was at risk, or to the end where nobody is left."""
    x: list[float | None] = [plane.x(one, 0)]
    y: list[float | None] = [plane.y(one, 0)]
    for step in curve.steps:
        if step.day <= plane.panels.width:
            x += [plane.x(one, step.day)] * 2
            y += [y[-1], plane.y(one, step.incidence)]
    return [*x, plane.x(one, _end(curve, plane))], [*y, y[-1]]


def _end(curve: IncidenceCurve, plane: _Plane) -> float:
    if curve.nobody_left:
        return plane.panels.width
    return min(curve.last_day or 0, plane.panels.width)


def _limits(one: GradeIncidence, plane: _Plane) -> Iterator[Points]:
    """A box from each step to the next, between its limits; none before there are limits."""
    steps = [step for step in one.curve.steps if step.day <= plane.panels.width]
    ends = [*(step.day for step in steps[1:]), _end(one.curve, plane)]
    for step, end in zip(steps, ends, strict=False):
        if step.low is not None and step.high is not None:
            left, right = plane.x(one, step.day), plane.x(one, end)
            low, high = plane.y(one, step.low), plane.y(one, step.high)
            yield [left, right, right, left, left], [low, low, high, high, low]


def _colour(at_least: int, theme: str) -> str:
    """Grade 3 has its own colour; the paler ones are written in ink, because a line of them is too faint."""
    return GRADE_COLOURS[theme]["3"].background if at_least >= 3 else THEME_COLOURS[theme].text


def _by_grade(curves: Sequence[GradeIncidence]) -> dict[int, list[GradeIncidence]]:
    grades = sorted({one.at_least for one in curves})
    return {grade: [one for one in curves if one.at_least == grade] for grade in grades}


def _bands(curves: Sequence[GradeIncidence], plane: _Plane, theme: str) -> Iterator[go.Scatter]:
    for grade, of_grade in _by_grade(curves).items():
        boxes = [box for one in of_grade for box in _limits(one, plane)]
        yield band(_colour(grade, theme), 0.2 if grade >= 3 else 0.1, joined(boxes))


def _competing(curves: Sequence[GradeIncidence], plane: _Plane, theme: str) -> go.Scatter:
    """Of the lowest grade shown, whose curve it competes with."""
    lowest = min((one.at_least for one in curves), default=0)
    shown = [one for one in curves if one.at_least == lowest and one.competing.steps]
    x, y = joined([_steps(one, one.competing, plane) for one in shown])
    line = {"color": THEME_COLOURS[theme].soft_text, "width": 2, "dash": "1px,4px"}
    return go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip")


def _lines(curves: Sequence[GradeIncidence], plane: _Plane, theme: str) -> Iterator[go.Scatter]:
    for grade, of_grade in _by_grade(curves).items():
        x, y = joined([_steps(one, one.curve, plane) for one in of_grade if one.times])
        line = {"color": _colour(grade, theme), "width": 2.5, "dash": _DASHES.get(grade, "solid")}
        yield go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip")


def _censored(curves: Sequence[GradeIncidence], plane: _Plane, theme: str) -> go.Scatter:
    spots = [
        (plane.x(one, day), plane.y(one, step.incidence))
        for one in curves
        for day in sorted(set(one.curve.censored_on))
        if day <= plane.panels.width and (step := one.curve.at(day)) is not None
    ]
    return go.Scatter(
        x=[x for x, _ in spots],
        y=[y for _, y in spots],
        mode="markers",
        marker={
            "symbol": "line-ns",
            "size": 9,
            "line": {"width": 1.5, "color": THEME_COLOURS[theme].text},
        },
        hoverinfo="skip",
    )


def _axis_words(curves: Sequence[GradeIncidence], plane: _Plane, ticks: Sequence[int]) -> Iterator[Word]:
    for one in _one_a_panel(curves):
        for tick in ticks:
            yield Word(plane.x(one, tick), plane.y(one, _DAYS_AT), str(tick))


def _percent_words(curves: Sequence[GradeIncidence], plane: _Plane) -> Iterator[Word]:
    for one in _one_a_panel(curves):
        for percent in (0, 50, 100):
            yield Word(plane.x(one, 0), plane.y(one, percent / 100), f"{percent} % ")


def _one_a_panel(curves: Sequence[GradeIncidence]) -> list[GradeIncidence]:
    return list({(one.toxicity, one.number): one for one in curves}.values())


def _lines_below(curves: Sequence[GradeIncidence]) -> dict[int, float]:
    """Where the number at risk of each grade stands."""
    return {grade: _DAYS_AT - 0.14 - 0.12 * place for place, grade in enumerate(_by_grade(curves))}


def _risk_words(curves: Sequence[GradeIncidence], plane: _Plane, ticks: Sequence[int]) -> Iterator[Word]:
    below = _lines_below(curves)
    for one in curves:
        for tick, count in zip(ticks, one.at_risk(ticks), strict=True):
            yield Word(plane.x(one, tick), plane.y(one, below[one.at_least]), str(count))


def _row_words(curves: Sequence[GradeIncidence], plane: _Plane) -> Iterator[Word]:
    below = _lines_below(curves)
    for one in _one_a_panel(curves):
        x = plane.x(one, -0.055 * plane.panels.width)
        yield Word(x, plane.y(one, _DAYS_AT), "day")
        for grade, y in below.items():
            yield Word(x, plane.y(one, y), f"at risk ≥{grade}")


def _end_words(curves: Sequence[GradeIncidence], plane: _Plane) -> Iterator[Word]:
    """Each curve is named where it ends, moved apart where two end near each other."""
    for panel in _one_a_panel(curves):
        taken = -1.0
        here = [one for one in curves if (one.toxicity, one.number) == (panel.toxicity, panel.number)]
        ends = [(_last_share(one, plane), one) for one in here if one.times]
        for share, one in sorted(ends, key=lambda end: (end[0], -end[1].at_least)):
            taken = max(share, taken + 0.1)
            text = f"<b>≥{one.at_least}</b> {100 * share:.0f} %"
            yield Word(plane.x(one, _end(one.curve, plane) + 0.4), plane.y(one, taken), text)


def _last_share(one: GradeIncidence, plane: _Plane) -> float:
    shares = [step.incidence for step in one.curve.steps if step.day <= plane.panels.width]
    return shares[-1] if shares else 0.0


def _titles(curves: Sequence[GradeIncidence], plane: _Plane) -> Iterator[Word]:
    for one in _one_a_panel(curves):
        people = len(one.times)
        count = f"n={people}" if people else "nobody at risk"
        text = f"<b>{one.toxicity.label}</b>, {_BY_NUMBER[one.number]}, {count}"
        yield Word(plane.x(one, 0), plane.y(one, 1.12), text)
