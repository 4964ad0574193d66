"""The swimmer picture: one lane for each patient, both infusions on one time axis.

In a lane the grades of CRS stand above the line, those of ICANS below it; under them ticks for the days on
which drugs were given, on the line the responses. A mark's `customdata` is [study code, words].
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from charts import figure as look
from charts.panels import LEFT, RIGHT, Word, words
from grading.colours import THEME_COLOURS
from grading.scale import Toxicity
from trial.drug_days import DrugGroup
from trial.swimmer import Lane, Stretch

LANE_PX: Final = 52
TOP: Final = 30
BOTTOM: Final = 8
KEY: Final = (
    "▲ tocilizumab, | steroid, ◆ siltuximab or anakinra; CR, PR, SD, PD: PET/CT; II: second infusion; "
    "✕ death, ■ left, ▶ followed further"
)
"""What the marks mean; it stands under the picture's heading."""

_WHERE: Final = {Toxicity.CRS: -0.2, Toxicity.ICANS: 0.1}
_DRUGS_AT: Final = 0.34
_SYMBOLS: Final = {
    DrugGroup.TOCILIZUMAB: "triangle-up",
    DrugGroup.STEROID: "line-ns",
    DrugGroup.ANTICYTOKINE: "diamond",
}
_NARROWEST_PX: Final = 780
"""What the picture has on a tablet."""
_NUMERAL_PX: Final = 9


def draw_swimmer(
    lanes: Sequence[Lane],
    toxicities: Sequence[Toxicity],
    numbers: Sequence[int],
    last_day: int,
    theme: str,
) -> look.Drawn:
    """The figure for lanes from the top down.

    Args:
        lanes: everyone infused.
        toxicities: whose grades are shown,
        numbers: after which infusions.
        last_day: where the axis ends, in days since the first infusion.
        theme: "light" or "dark".
    """
    placed = list(enumerate(lanes))
    colours = THEME_COLOURS[theme]
    traces = [
        _lines(placed, last_day, colours.soft_text),
        *_grades(placed, toxicities, numbers, last_day, theme),
        *_drugs(placed, last_day, colours.text),
        _ends(placed, last_day, colours.text),
        words(theme, list(_infusion_words(placed, last_day)), size=13),
        words(theme, list(_response_words(placed, last_day)), size=13),
        words(theme, list(_rows(placed, toxicities, last_day)), soft=True, position=RIGHT),
        _names(placed, last_day, theme),
    ]
    layout = look.base_layout(theme, TOP + BOTTOM + LANE_PX * max(1, len(placed))) | {
        "margin": {"l": 0, "r": 0, "t": TOP, "b": BOTTOM},
        "xaxis": look.plain_axis(
            theme,
            range=[-0.21 * last_day, 1.04 * last_day],
            side="top",
            **_ticks(last_day),
        ),
        "yaxis": look.plain_axis(
            theme, range=[max(1, len(placed)) - 0.5, -0.5], showgrid=False, showticklabels=False
        ),
    }
    return look.finished(traces, layout)


def _step(last_day: int) -> int:
    return next((step for step in (7, 14, 28, 90) if last_day / step <= 10), 180)


def _ticks(last_day: int) -> dict[str, Any]:
    days = list(range(0, last_day + 1, _step(last_day)))
    texts = [f"day {day}" if day == 0 else str(day) for day in days]
    return {"tickmode": "array", "tickvals": days, "ticktext": texts}


_Placed = Sequence[tuple[int, Lane]]


def _lines(placed: _Placed, last_day: int, colour: str) -> go.Scatter:
    """The line of each lane, from the first infusion to the last day known."""
    x: list[float | None] = []
    y: list[float | None] = []
    for level, lane in placed:
        x += [0, min(lane.last_day, last_day), None]
        y += [level, level, None]
    return go.Scatter(x=x, y=y, mode="lines", line={"color": colour, "width": 1.5}, hoverinfo="skip")


def _grades(
    placed: _Placed,
    toxicities: Sequence[Toxicity],
    numbers: Sequence[int],
    last_day: int,
    theme: str,
) -> Iterator[go.Scatter]:
    """One trace of bars for each grade, then the numerals, one trace for each colour they are written in."""
    shown = [
        (level + _WHERE[one.toxicity], lane, one)
        for level, lane in placed
        for one in lane.of(toxicities, numbers)
        if one.first_day <= last_day
    ]
    for grade in sorted({one.grade for *_, one in shown}):
        x: list[float | None] = []
        y: list[float | None] = []
        for at, _, one in shown:
            if one.grade == grade:
                x += [*_from_to(one, last_day), None]
                y += [at, at, None]
        line = {"color": look.tile_colour(theme, str(grade)), "width": 13}
        yield go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip")
    texts = [_numeral(one, last_day) for *_, one in shown]
    for colour, positions in look.by_text_colour(theme, [str(one.grade) for *_, one in shown]).items():
        chosen = [shown[position] for position in positions]
        yield go.Scatter(
            x=[(one.first_day + min(one.last_day, last_day)) / 2 for *_, one in chosen],
            y=[at for at, *_ in chosen],
            text=[texts[position] for position in positions],
            mode="markers+text",
            textfont={"color": colour, "size": 12},
            marker={"size": 13, "opacity": 0, "color": colour},
            customdata=[[lane.code, _stretch_words(lane, one)] for _, lane, one in chosen],
            hovertemplate="%{customdata[1]}<extra></extra>",
            **look.keep_looks(colour),
        )


def _from_to(one: Stretch, last_day: int) -> tuple[float, float]:
    """The days of a bar; from grade 3 on it is as wide as its numeral, so that no numeral is cut."""
    left, right = one.first_day - 0.5, min(one.last_day + 0.5, last_day)
    lacking = _numeral_days(last_day) - (right - left) if one.grade >= 3 else 0
    return left - max(0, lacking / 2), right + max(0, lacking / 2)


def _numeral(one: Stretch, last_day: int) -> str:
    """The grade where its stretch is wide enough for it; the hover and the table have all."""
    has_room = one.last_day - one.first_day + 1 >= _numeral_days(last_day)
    return look.bold_from_3(str(one.grade)) if has_room or one.grade >= 3 else ""


def _numeral_days(last_day: int) -> float:
    """How many days a numeral takes on a tablet."""
    return _NUMERAL_PX * 1.25 * last_day / _NARROWEST_PX


def _stretch_words(lane: Lane, one: Stretch) -> str:
    until = f" to {one.last_day}" if one.last_day > one.first_day else ""
    return f"{lane.code}: {one.toxicity.label} grade {one.grade}, day {one.first_day}{until}"


def _drugs(placed: _Placed, last_day: int, colour: str) -> Iterator[go.Scatter]:
    for group, symbol in _SYMBOLS.items():
        spots = [
            (day, level + _DRUGS_AT, lane.code)
            for level, lane in placed
            for given, day in lane.drug_days
            if given is group and day <= last_day
        ]
        if spots:
            yield go.Scatter(
                x=[day for day, *_ in spots],
                y=[y for _, y, _ in spots],
                mode="markers",
                marker={
                    "symbol": symbol,
                    "size": 9,
                    "color": colour,
                    "line": {"width": 1.5, "color": colour},
                },
                customdata=[[code, f"{code}: {group.label}, day {day}"] for day, _, code in spots],
                hovertemplate="%{customdata[1]}<extra></extra>",
                unselected={"marker": {"opacity": 1}},
            )


def _ends(placed: _Placed, last_day: int, colour: str) -> go.Scatter:
    """A cross for a death, a square for who left, an arrow for who is followed further."""
    # A little behind the last day, whose grade it would hide.
    beside = 0.012 * last_day
    spots = [(min(lane.last_day, last_day) + beside, level, _end(lane, last_day)) for level, lane in placed]
    return go.Scatter(
        x=[x for x, *_ in spots],
        y=[y for _, y, _ in spots],
        mode="markers",
        marker={"symbol": [end for *_, end in spots], "size": 13, "color": colour},
        customdata=[[lane.code, _end_words(lane)] for _, lane in placed],
        hovertemplate="%{customdata[1]}<extra></extra>",
        unselected={"marker": {"opacity": 1}},
    )


def _end(lane: Lane, last_day: int) -> str:
    if lane.goes_on or lane.last_day > last_day:
        return "triangle-right"
    return "x" if lane.died_day is not None else "square"


def _end_words(lane: Lane) -> str:
    if lane.died_day is not None:
        return f"{lane.code}: died, day {lane.died_day}"
    how = "followed to" if lane.goes_on else "left,"
    return f"{lane.code}: {how} day {lane.last_day}"


def _infusion_words(placed: _Placed, last_day: int) -> Iterator[Word]:
    for level, lane in placed:
        if lane.second_infusion_day is not None and lane.second_infusion_day <= last_day:
            yield Word(lane.second_infusion_day, level, "<b>II</b>")


def _response_words(placed: _Placed, last_day: int) -> Iterator[Word]:
    for level, lane in placed:
        for day, response in lane.responses:
            if day <= last_day:
                yield Word(day, level + _DRUGS_AT, f"<b>{response.value}</b>")


def _rows(placed: _Placed, toxicities: Sequence[Toxicity], last_day: int) -> Iterator[Word]:
    """Which line of a lane is which, at the left of each."""
    for level, _ in placed:
        for toxicity in toxicities:
            yield Word(-0.066 * last_day, level + _WHERE[toxicity], toxicity.label)


def _names(placed: _Placed, last_day: int, theme: str) -> go.Scatter:
    colour = THEME_COLOURS[theme].text
    return go.Scatter(
        x=[-0.07 * last_day] * len(placed),
        y=[level for level, _ in placed],
        text=[look.short_code(lane.code) for _, lane in placed],
        mode="markers+text",
        textposition=LEFT,
        textfont={"color": colour, "size": 13},
        marker={"size": 30, "opacity": 0, "color": colour},
        customdata=[[lane.code, f"Open {lane.code}"] for _, lane in placed],
        hovertemplate="%{customdata[1]}<extra></extra>",
        cliponaxis=False,
        **look.keep_looks(colour),
    )
