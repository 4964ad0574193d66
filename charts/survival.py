"""PFS and OS by Kaplan and Meier, a panel for each curve and infusion, all with the same axes.

Steps with their 95 % limits, ticks where patients are censored, the number at risk under each axis, the
median in words; "NR" where it is not reached.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from charts import figure as look
from charts.panels import LEFT, RIGHT, Panels, Points, Word, band, joined, words
from grading.colours import THEME_COLOURS
from trial.efficacy import EfficacySet, Survival
from trial.survival import Median, SurvivalCurve

ROW_PX: Final = 300
TOP: Final = 8
_ROOM: Final = 0.72
_DAYS_AT: Final = -0.1
_RISK_AT: Final = -0.24
_ENDS: Final = (90, 180, 365, 730, 1095)
_ORDINALS: Final = {1: "first", 2: "second"}


@dataclass(frozen=True, slots=True)
class _Panel:
    """One curve in its place."""

    panels: Panels
    column: int
    row: int
    what: Survival
    of: EfficacySet

    @property
    def curve(self) -> SurvivalCurve:
        return self.of.curve(self.what)

    def x(self, day: float) -> float:
        return self.panels.x(self.column, day)

    def y(self, share: float) -> float:
        return self.panels.y(self.row, share)


def draw_survival(sets: Sequence[EfficacySet], theme: str) -> look.Drawn:
    """The figure: PFS at the left, OS at the right, one row for each set."""
    last_day = last_day_of(sets)
    panels = Panels(len(Survival), max(1, len(sets)), last_day, last_day * 0.4, _ROOM)
    shown = [
        _Panel(panels, column, row, what, one)
        for row, one in enumerate(sets)
        for column, what in enumerate(Survival)
    ]
    colours = THEME_COLOURS[theme]
    ticks = _ticks(last_day)
    traces = [
        panels.grid(theme, ticks, (0, 0.25, 0.5, 0.75, 1)),
        band(colours.text, 0.12, joined([box for one in shown for box in _limits(one)])),
        _lines(shown, colours.text),
        _censored(shown, colours.text),
        words(
            theme, [Word(one.x(day), one.y(_DAYS_AT), str(day)) for one in shown for day in ticks], soft=True
        ),
        words(theme, [word for one in shown for word in _at_risk(one, ticks)]),
        words(theme, [word for one in shown for word in _at_the_left(one)], soft=True, position=LEFT),
        words(theme, [word for one in shown for word in _titles(one)], size=14, position=RIGHT),
        words(theme, [word for one in shown for word in _medians(one)], size=12, position=RIGHT),
    ]
    layout = look.base_layout(theme, TOP + ROW_PX * max(1, len(sets))) | {
        "margin": {"l": 0, "r": 0, "t": TOP, "b": 0},
        **panels.axes(theme, left=last_day * 0.22, right=last_day * 0.06, top=0.36),
    }
    return look.finished(traces, layout)


def last_day_of(sets: Sequence[EfficacySet]) -> int:
    """Where the axis ends: the first round number of days that holds everyone's time."""
    days = (one.curve(what).last_day or 0 for one in sets for what in Survival)
    longest = int(max(days, default=0))
    return next((end for end in _ENDS if longest <= end), longest)


def _ticks(last_day: int) -> list[int]:
    step = next(step for step in (30, 90, 180, 365) if last_day / step <= 5 or step == 365)
    return list(range(0, last_day + 1, step))


def _steps(one: _Panel) -> Points:
    curve = one.curve
    x: list[float | None] = [one.x(0)]
    y: list[float | None] = [one.y(1)]
    for step in curve.steps:
        x += [one.x(step.day)] * 2
        y += [y[-1], one.y(step.survival)]
    return [*x, one.x(curve.last_day or 0)], [*y, y[-1]]


def _limits(one: _Panel) -> Iterator[Points]:
    """A box from each step to the next, between its limits; none before there are limits."""
    steps = one.curve.steps
    ends = [*(step.day for step in steps[1:]), one.curve.last_day or 0]
    # Without a step there is one end too many.
    for step, end in zip(steps, ends, strict=False):
        if step.low is not None and step.high is not None:
            left, right, low, high = one.x(step.day), one.x(end), one.y(step.low), one.y(step.high)
            yield [left, right, right, left, left], [low, low, high, high, low]


def _lines(shown: Sequence[_Panel], colour: str) -> go.Scatter:
    x, y = joined([_steps(one) for one in shown if one.of.rows])
    return go.Scatter(x=x, y=y, mode="lines", line={"color": colour, "width": 2.5}, hoverinfo="skip")


def _censored(shown: Sequence[_Panel], colour: str) -> go.Scatter:
    spots = [
        (one.x(day), one.y(step.survival))
        for one in shown
        for day in one.curve.censored_on
        if (step := one.curve.at(day)) is not None
    ]
    return go.Scatter(
        x=[x for x, _ in spots],
        y=[y for _, y in spots],
        mode="markers",
        marker={"symbol": "line-ns", "size": 10, "line": {"width": 1.5, "color": colour}},
        hoverinfo="skip",
    )


def _days(one: _Panel, ticks: Sequence[int]) -> Iterator[Word]:
    for day in ticks:
        yield Word(one.x(day), one.y(_DAYS_AT), str(day))


def _at_risk(one: _Panel, ticks: Sequence[int]) -> Iterator[Word]:
    for day, count in zip(ticks, one.of.at_risk(one.what, ticks), strict=True):
        yield Word(one.x(day), one.y(_RISK_AT), str(count))


def _at_the_left(one: _Panel) -> Iterator[Word]:
    for percent in (0, 50, 100):
        yield Word(one.x(0), one.y(percent / 100), f"{percent} % ")
    x = one.x(-0.05 * one.panels.width)
    yield Word(x, one.y(_DAYS_AT), "day")
    yield Word(x, one.y(_RISK_AT), "at risk")


def _titles(one: _Panel) -> Iterator[Word]:
    people = f"n={len(one.of.rows)}" if one.of.rows else "nobody yet"
    text = f"<b>{one.what.value.upper()}</b> from the {_ORDINALS[one.of.number]} infusion, {people}"
    yield Word(one.x(0), one.y(1.26), text)


def _medians(one: _Panel) -> Iterator[Word]:
    if one.of.rows:
        yield Word(one.x(0), one.y(1.12), survival_words(one.curve))


def survival_words(curve: SurvivalCurve) -> str:
    """ "2 events, 5 censored; median 63 days (30 to NR)"."""
    events = f"{curve.events} {'event' if curve.events == 1 else 'events'}"
    return f"{events}, {len(curve.censored_on)} censored; median {median_words(curve.median)}"


def median_words(median: Median) -> str:
    """ "63 days (30 to NR)": NR is not reached, never infinity."""
    if median.day is None:
        return "NR" if median.low is None else f"NR (from {median.low:g} days)"
    return f"{median.day:g} days ({_or_nr(median.low)} to {_or_nr(median.high)})"


def _or_nr(day: float | None) -> str:
    return "NR" if day is None else f"{day:g}"
