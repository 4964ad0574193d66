"""A patient's whole course on one time axis: daily grades, events, disease, drugs. Rows in, figure out.

Every point carries the address of its record in `customdata`. What goes on ends in an arrow.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import plotly.graph_objects as go

from charts import figure as look
from charts.course_rows import Bar, CourseRows, DayTile, Lane, Mark
from grading.colours import GRADE_COLOURS, THEME_COLOURS
from grading.scale import Toxicity

LEFT: Final = 150
"""Room for the names of events and drugs, in pixels; the laboratory's picture has the same."""

RIGHT: Final = 16
_TOP, _BOTTOM, _TITLE = 30, 34, 30
_STRIP_PX, _ROW_PX = 34, 26
_STRIPS: Final = "strips"
_ORDER: Final = (_STRIPS, Lane.EVENTS, Lane.DISEASE, Lane.DRUGS)
_AXES: Final[Mapping[str, str]] = {
    name: f"y{number or ''}" for number, name in zip(("", 2, 3, 4), _ORDER, strict=True)
}
_TITLES: Final[Mapping[str, str]] = {
    _STRIPS: "<b>CRS and ICANS</b>, worst of the day",
    Lane.EVENTS: "<b>Adverse events</b>, with their CTCAE grade",
    Lane.DISEASE: "<b>Disease</b>: PET/CT, ctDNA, what followed",
    Lane.DRUGS: "<b>Treatments</b>",
}
_STRIP_Y: Final = {Toxicity.CRS: 1, Toxicity.ICANS: 0}


@dataclass(frozen=True, slots=True)
class _Rooms:
    """Each part's names from the top down and its lower and upper edge as a share of the plot."""

    names: Mapping[str, Sequence[str]]
    domains: Mapping[str, tuple[float, float]]
    height: int

    def level(self, lane: str, name: str) -> int:
        """The y value of a row: 0 is the lowest."""
        names = self.names[lane]
        return len(names) - 1 - names.index(name)


def draw_patient_course(rows: CourseRows, theme: str) -> look.Drawn:
    """The picture in the theme "light" or "dark"."""
    rooms = _lay_out(rows)
    traces = [
        *_tiles(rows, theme),
        *_bars(rows, rooms, theme),
        *_event_grades(rows, rooms, theme),
        *_marks(rows, rooms, theme),
    ]
    layout = look.base_layout(theme, rooms.height) | {
        "margin": {"l": LEFT, "r": RIGHT, "t": _TOP, "b": _BOTTOM},
        "xaxis": course_axis(rows, theme, anchor=_AXES[_lowest(rooms)]),
        **_value_axes(rooms, theme),
        "annotations": [*_titles(rooms), *infusion_words(rows, theme)],
        "shapes": infusion_lines(rows, rooms.domains.values(), theme),
    }
    return look.finished(traces, layout)


def course_axis(rows: CourseRows, theme: str, anchor: str) -> dict[str, Any]:
    """Days from the first infusion: numbered where there are few, else every so many; dates in the hover."""
    first, last = rows.span
    zero = rows.infusions[0][1] if rows.infusions else first
    midnight = zero.replace(hour=0, minute=0, second=0, microsecond=0)
    days = max((last - first) // timedelta(days=1), 1)
    every = next(step for step in (1, 2, 7, 14, 28, 56, 91, 10_000) if days / step <= 14)
    start = -((midnight - first) // timedelta(days=1))
    shown = [day for day in range(start, start + days + 1) if day % every == 0]
    return look.plain_axis(
        theme,
        type="date",
        range=[first, last],
        anchor=anchor,
        tickmode="array",
        tickvals=[midnight + timedelta(days=day, hours=12) for day in shown],
        ticktext=[f"Day {day}" for day in shown],
        tickangle=0,
        showgrid=True,
    )


def infusion_lines(
    rows: CourseRows, domains: Iterable[tuple[float, float]], theme: str
) -> list[dict[str, Any]]:
    """A line in the action colour at each infusion, through every part of the picture."""
    line = {"color": THEME_COLOURS[theme].action, "width": 2}
    return [
        {
            "type": "line",
            "xref": "x",
            "yref": "paper",
            "x0": at,
            "x1": at,
            "y0": low,
            "y1": high,
            "line": line,
        }
        for _, at in rows.infusions
        for low, high in domains
    ]


def infusion_words(rows: CourseRows, theme: str) -> list[dict[str, Any]]:
    """ "First infusion" above its line."""
    font = {"color": THEME_COLOURS[theme].action, "size": 13}
    return [
        {"text": f"<b>{words}</b>", "x": at, "y": 1, "xref": "x", "yref": "paper", "xanchor": "left"}
        | {"yanchor": "bottom", "showarrow": False, "font": font, "xshift": 4}
        for words, at in rows.infusions
    ]


def _lay_out(rows: CourseRows) -> _Rooms:
    names: dict[str, Sequence[str]] = {_STRIPS: [scale.label for scale in (Toxicity.CRS, Toxicity.ICANS)]}
    names |= {lane: rows.names(lane) for lane in Lane if rows.names(lane)}
    pixels = {part: _STRIP_PX * 2 if part == _STRIPS else _ROW_PX * len(names[part]) for part in names}
    plot = sum(pixels.values()) + _TITLE * (len(pixels) - 1)
    domains: dict[str, tuple[float, float]] = {}
    top = plot
    for part in names:
        domains[part] = ((top - pixels[part]) / plot, top / plot)
        top -= pixels[part] + _TITLE
    return _Rooms(names, domains, plot + _TOP + _BOTTOM)


def _lowest(rooms: _Rooms) -> str:
    return list(rooms.domains)[-1]


def _value_axes(rooms: _Rooms, theme: str) -> dict[str, Any]:
    font = {"color": THEME_COLOURS[theme].text, "size": 13}
    return {
        _AXES[part].replace("y", "yaxis"): look.plain_axis(
            theme,
            domain=list(domain),
            anchor="x",
            range=[-0.5, len(rooms.names[part]) - 0.5],
            tickvals=list(range(len(rooms.names[part]))),
            ticktext=[_short(name) for name in reversed(rooms.names[part])],
            tickfont=font,
            showgrid=False,
        )
        for part, domain in rooms.domains.items()
    }


def _short(name: str) -> str:
    """What has room beside the axis; the whole name stands in the hover and in the table."""
    return name if len(name) <= 20 else f"{name[:19]}…"


def _titles(rooms: _Rooms) -> list[dict[str, Any]]:
    return [
        {"text": _TITLES[part], "x": 0, "y": top, "xref": "paper", "yref": "paper", "xanchor": "left"}
        | {"yanchor": "bottom", "showarrow": False, "yshift": 3}
        for part, (_, top) in rooms.domains.items()
        if part != _STRIPS
    ]


def _tiles(rows: CourseRows, theme: str) -> list[Any]:
    day = timedelta(days=1)
    made: list[Any] = []
    known = [tile for tile in rows.tiles if tile.text != "?"]
    if known:
        days = sorted({tile.day for tile in known})
        edges = sorted({at for one in days for at in (one, one + day)})
        grades = {(tile.day, tile.scale): tile.at_least for tile in known}
        z = [[grades.get((at, scale)) for at in edges[:-1]] for scale in (Toxicity.ICANS, Toxicity.CRS)]
        made.append(
            look.heat_map_of_grades(theme, x=edges, y=[0, 1], z=z, ygap=4, xaxis="x", yaxis=_AXES[_STRIPS])
        )
    boxes = [
        (from_at, to_at, _STRIP_Y[scale] - 0.44, _STRIP_Y[scale] + 0.44)
        for scale in Toxicity
        for from_at, to_at in [
            *rows.gaps(scale),
            *((tile.day, tile.day + day) for tile in rows.tiles if tile.scale is scale and tile.text == "?"),
        ]
    ]
    if boxes:
        made.append(look.hatching(theme, boxes, xaxis="x", yaxis=_AXES[_STRIPS]))
    return [*made, *_numerals(rows, theme)]


def _numerals(rows: CourseRows, theme: str) -> Iterable[Any]:
    """One numeral where the grade changes, in a trace for each text colour; every tile can be touched."""
    changes = _changes(rows.tiles)
    texts = [tile.text for tile in rows.tiles]
    for colour, places in look.by_text_colour(theme, texts).items():
        chosen = [rows.tiles[place] for place in places]
        yield go.Scatter(
            x=[tile.day + timedelta(hours=12) for tile in chosen],
            y=[_STRIP_Y[tile.scale] for tile in chosen],
            yaxis=_AXES[_STRIPS],
            mode="markers+text",
            text=[look.bold_from_3(tile.text) if tile in changes else "" for tile in chosen],
            textfont={"color": colour, "size": 13},
            marker={"size": 14, "opacity": 0, "symbol": "square"},
            customdata=[[tile.link, tile.words] for tile in chosen],
            hovertemplate="%{customdata[1]}<extra></extra>",
            **look.keep_looks(colour),
        )


def _changes(tiles: Sequence[DayTile]) -> set[DayTile]:
    """The first tile of each stretch of one text; after a day without a tile it is said again."""
    found: set[DayTile] = set()
    for scale in Toxicity:
        before: DayTile | None = None
        for tile in sorted((one for one in tiles if one.scale is scale), key=lambda one: one.day):
            follows = before is not None and tile.day - before.day == timedelta(days=1)
            if before is None or not follows or before.text != tile.text:
                found.add(tile)
            before = tile
    return found


def _bars(rows: CourseRows, rooms: _Rooms, theme: str) -> Iterable[Any]:
    """Events in soft ink, drugs in the action colour, arrows where something goes on."""
    colours = THEME_COLOURS[theme]
    for lane, colour, width in ((Lane.EVENTS, colours.soft_text, 8), (Lane.DRUGS, colours.action, 8)):
        bars = [bar for bar in rows.bars if bar.lane is lane]
        if not bars:
            continue
        x: list[datetime | None] = []
        y: list[float | None] = []
        data: list[list[str]] = []
        for bar in bars:
            level = rooms.level(lane, bar.name)
            x += [bar.from_at, bar.to_at or rows.now, None]
            y += [level, level, None]
            data += [[bar.link, bar.words]] * 2 + [["", ""]]
        yield go.Scatter(
            x=x,
            y=y,
            yaxis=_AXES[lane],
            mode="lines",
            line={"color": colour, "width": width},
            customdata=data,
            hovertemplate="%{customdata[1]}<extra></extra>",
        )
        going_on = [bar for bar in bars if bar.to_at is None]
        if going_on:
            yield _arrows(going_on, rows.now, lane, rooms, colour)


def _arrows(bars: Sequence[Bar], now: datetime, lane: Lane, rooms: _Rooms, colour: str) -> go.Scatter:
    return go.Scatter(
        x=[now] * len(bars),
        y=[rooms.level(lane, bar.name) for bar in bars],
        yaxis=_AXES[lane],
        mode="markers",
        marker={"symbol": "triangle-right", "size": 15, "color": colour, "opacity": 1},
        customdata=[[bar.link, bar.words] for bar in bars],
        hovertemplate="%{customdata[1]}<extra></extra>",
        cliponaxis=False,
        **_keep_marker(),
    )


def _event_grades(rows: CourseRows, rooms: _Rooms, theme: str) -> Iterable[Any]:
    """The grade of each event as a tile with its numeral, at its onset."""
    graded = [bar for bar in rows.bars if bar.grade is not None]
    for colour, places in look.by_text_colour(theme, [str(bar.grade) for bar in graded]).items():
        chosen = [graded[place] for place in places]
        tiles = [GRADE_COLOURS[theme][str(bar.grade)].background for bar in chosen]
        yield go.Scatter(
            x=[bar.from_at for bar in chosen],
            y=[rooms.level(bar.lane, bar.name) for bar in chosen],
            yaxis=_AXES[Lane.EVENTS],
            mode="markers+text",
            text=[look.bold_from_3(str(bar.grade)) for bar in chosen],
            textfont={"color": colour, "size": 12},
            marker={"symbol": "square", "size": 19, "color": tiles, "opacity": 1},
            customdata=[[bar.link, bar.words] for bar in chosen],
            hovertemplate="%{customdata[1]}<extra></extra>",
            selected={"textfont": {"color": colour}, "marker": {"opacity": 1}},
            unselected={"textfont": {"color": colour}, "marker": {"opacity": 1}},
        )


def _marks(rows: CourseRows, rooms: _Rooms, theme: str) -> Iterable[Any]:
    """Scans, samples and what followed in ink with their words; doses as ticks in the action colour."""
    colours = THEME_COLOURS[theme]
    for lane, colour in ((Lane.DISEASE, colours.text), (Lane.DRUGS, colours.action)):
        marks = [mark for mark in rows.marks if mark.lane is lane]
        if marks:
            yield _mark_trace(marks, lane, rooms, colour, colours.text)


def _mark_trace(marks: Sequence[Mark], lane: Lane, rooms: _Rooms, colour: str, ink: str) -> go.Scatter:
    ticks = [mark.symbol == "line-ns" for mark in marks]
    return go.Scatter(
        x=[mark.at for mark in marks],
        y=[rooms.level(lane, mark.name) for mark in marks],
        yaxis=_AXES[lane],
        mode="markers+text",
        text=[mark.text for mark in marks],
        textposition="middle right",
        textfont={"color": ink, "size": 12},
        marker={
            "symbol": [mark.symbol for mark in marks],
            "size": [16 if tick else 11 for tick in ticks],
            "color": colour,
            "line": {"width": [3 if tick else 1.5 for tick in ticks], "color": colour},
            "opacity": 1,
        },
        customdata=[[mark.link, mark.words] for mark in marks],
        hovertemplate="%{customdata[1]}<extra></extra>",
        cliponaxis=False,
        selected={"textfont": {"color": ink}, "marker": {"opacity": 1}},
        unselected={"textfont": {"color": ink}, "marker": {"opacity": 1}},
    )


def _keep_marker() -> dict[str, Any]:
    return {"selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}}}
