"""Small panels of one sign, one for each patient: the first infusion as a line, the second as a dotted one.

All panels have the same axes: days since the infusion, and the same range of values. A day without a value
breaks the line.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from charts import figure as look
from charts.panels import LEFT, RIGHT, Panels, Word, words
from grading.colours import THEME_COLOURS

COLUMNS: Final = 3
ROW_PX: Final = 132
_ROOM: Final = 0.62
_STEP: Final = 7
FIRST, SECOND = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What is drawn: its unit, its range, and the value of the dotted limit."""

    words: str
    low: float
    high: float
    limit: float
    limit_words: str
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where a value stands between the ends of the range, at most at them."""
        return (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class SignLine:
    """One patient after one infusion: days since it -> value."""

    code: str
    number: int
    values: Mapping[int, float]


def draw_sign_panels(lines: Sequence[SignLine], sign: Sign, last_day: int, theme: str) -> look.Drawn:
    """The figure, a panel for each study code in the order given."""
    codes = list(dict.fromkeys(line.code for line in lines))
    rows = max(1, -(-len(codes) // COLUMNS))
    panels = Panels(COLUMNS, rows, last_day, last_day * 0.3, _ROOM)
    places = {code: (place % COLUMNS, place // COLUMNS) for place, code in enumerate(codes)}
    colours = THEME_COLOURS[theme]
    days = [*range(0, last_day + 1, _STEP)]
    traces = [
        _frames(panels, places, sign, days, theme),
        _limit(panels, places, sign, colours.text),
        _values(panels, places, [one for one in lines if one.number == FIRST], sign, colours.text, "solid"),
        _values(panels, places, [one for one in lines if one.number == SECOND], sign, colours.action, "dot"),
        words(theme, list(_day_words(panels, places, days)), soft=True),
        words(theme, list(_tick_words(panels, places, sign)), soft=True, position=LEFT),
        words(theme, list(_names(panels, places)), size=13, position=RIGHT),
    ]
    layout = look.base_layout(theme, ROW_PX * rows + 20) | {
        "margin": {"l": 0, "r": 0, "t": 6, "b": 0},
        **panels.axes(theme, left=last_day * 0.2, right=last_day * 0.06, top=0.3),
    }
    return look.finished(traces, layout)


_Places = Mapping[str, tuple[int, int]]


def _frames(panels: Panels, places: _Places, sign: Sign, days: Sequence[int], theme: str) -> go.Scatter:
    x: list[float | None] = []
    y: list[float | None] = []
    for column, row in places.values():
        for day in days:
            x += [panels.x(column, day), panels.x(column, day), None]
            y += [panels.y(row, 0), panels.y(row, 1), None]
        for tick in sign.ticks:
            x += [panels.x(column, 0), panels.x(column, panels.width), None]
            y += [panels.y(row, sign.share(tick))] * 2 + [None]
    line = {"color": look.rgba(THEME_COLOURS[theme].border, 0.4), "width": 1}
    return go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip")


def _limit(panels: Panels, places: _Places, sign: Sign, colour: str) -> go.Scatter:
    x: list[float | None] = []
    y: list[float | None] = []
    for column, row in places.values():
        x += [panels.x(column, 0), panels.x(column, panels.width), None]
        y += [panels.y(row, sign.share(sign.limit))] * 2 + [None]
    return go.Scatter(
        x=x, y=y, mode="lines", line={"color": colour, "width": 1, "dash": "dot"}, hoverinfo="skip"
    )


def _values(
    panels: Panels, places: _Places, lines: Sequence[SignLine], sign: Sign, colour: str, dash: str
) -> go.Scatter:
    x: list[float | None] = []
    y: list[float | None] = []
    said: list[list[str] | None] = []
    for line in lines:
        column, row = places[line.code]
        last = None
        for day, value in sorted(line.values.items()):
            if last is not None and day > last + 1:
                x, y, said = [*x, None], [*y, None], [*said, None]
            x.append(panels.x(column, day))
            y.append(panels.y(row, sign.share(value)))
            said.append([f"{line.code}, day {day}: {value:g} {sign.words}"])
            last = day
        x, y, said = [*x, None], [*y, None], [*said, None]
    return go.Scatter(
        x=x,
        y=y,
        mode="lines+markers",
        line={"color": colour, "width": 2, "dash": dash},
        marker={"size": 4, "color": colour},
        customdata=said,
        hovertemplate="%{customdata[0]}<extra></extra>",
    )


def _day_words(panels: Panels, places: _Places, days: Sequence[int]) -> Iterator[Word]:
    for column, row in places.values():
        for day in days:
            yield Word(panels.x(column, day), panels.y(row, -0.15), f"day {day}" if day == 0 else str(day))


def _tick_words(panels: Panels, places: _Places, sign: Sign) -> Iterator[Word]:
    for column, row in places.values():
        for tick in sign.ticks:
            yield Word(panels.x(column, 0), panels.y(row, sign.share(tick)), f"{tick:g} ")


def _names(panels: Panels, places: _Places) -> Iterator[Word]:
    for code, (column, row) in places.items():
        yield Word(panels.x(column, 0), panels.y(row, 1.16), f"<b>{look.short_code(code)}</b>")
