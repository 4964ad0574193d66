"""The two strips of the patient's picture: CRS and ICANS over time, hatched where nobody looked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

import plotly.graph_objects as go

from charts import figure as look
from charts.axis_rows import AxisRows
from charts.segments import GradedAt, Segment, gaps_between, grade_segments
from grading.colours import THEME_COLOURS, tile_text
from grading.scale import Toxicity

_STRIP_Y: Final = {Toxicity.CRS: 1, Toxicity.ICANS: 0}
_PLOT_WIDTH: Final = 690
"""About how many pixels the axis has on a tablet: decides whether a numeral has room."""


def strip_segments(rows: AxisRows, scale: Toxicity) -> list[Segment]:
    """The stretches of one toxicity's strip."""
    graded = [
        GradedAt(entry.assessed_at, grade.grade, grade.at_least, entry.stable_id)
        for entry in rows.entries
        if (grade := entry.grades.get(scale)) is not None
    ]
    return grade_segments(graded, partial(_grade_stands_until, rows, scale), rows.strips_until)


def _grade_stands_until(rows: AxisRows, scale: Toxicity, row: GradedAt) -> datetime:
    oftener = row.at_least >= rows.protocol.ice_at_every_time_from_grade
    if scale is Toxicity.CRS or oftener:
        return rows.vital_signs_stand_until(row.at)
    return rows.ice_stands_until(row.at)


def grade_strips(rows: AxisRows, theme: str) -> list[Any]:
    by_scale = {scale: strip_segments(rows, scale) for scale in Toxicity}
    boxes = [
        (rows.clock(from_at), rows.clock(to_at), _STRIP_Y[scale] - 0.43, _STRIP_Y[scale] + 0.43)
        for scale, segments in by_scale.items()
        for from_at, to_at in gaps_between(segments, rows.infused_at, rows.until, rows.away)
    ]
    tiles = _tiles(rows, theme, by_scale)
    hatched = [look.hatching(theme, boxes, xaxis="x", yaxis="y")] if boxes else []
    return [*tiles, *hatched, *_numerals(rows, theme, by_scale)]


def _tiles(rows: AxisRows, theme: str, by_scale: dict[Toxicity, list[Segment]]) -> list[Any]:
    known = {scale: [one for one in segments if one.known] for scale, segments in by_scale.items()}
    edges = sorted({at for segments in known.values() for one in segments for at in (one.from_at, one.to_at)})
    if not edges:
        return []
    z = [[_grade_at(known[scale], at) for at in edges[:-1]] for scale in (Toxicity.ICANS, Toxicity.CRS)]
    x = [rows.clock(at) for at in edges]
    return [look.heat_map_of_grades(theme, x=x, y=[0, 1], z=z, ygap=6, xaxis="x", yaxis="y")]


def _grade_at(segments: Sequence[Segment], at: datetime) -> int | None:
    return next((one.at_least for one in segments if one.from_at <= at < one.to_at), None)


@dataclass(frozen=True, slots=True)
class _Numeral:
    """One numeral as it is written; `text` is "" where there is no room for it."""

    segment: Segment
    scale: Toxicity
    text: str
    at: datetime
    position: str
    size: int
    colour: str


def _numerals(rows: AxisRows, theme: str, by_scale: dict[Toxicity, list[Segment]]) -> list[Any]:
    """The numerals where a grade changes: one trace a text colour, and every stretch can be touched."""
    shown = [
        _numeral(rows, theme, scale, one, is_last=one is segments[-1])
        for scale, segments in by_scale.items()
        for one in segments
    ]
    made = []
    for colour in sorted({one.colour for one in shown}):
        chosen = [one for one in shown if one.colour == colour]
        made.append(
            go.Scatter(
                x=[rows.clock(one.at) for one in chosen],
                y=[_STRIP_Y[one.scale] for one in chosen],
                text=[look.bold_from_3(one.text) for one in chosen],
                mode="markers+text",
                textposition=[one.position for one in chosen],
                textfont={"color": colour, "size": [one.size for one in chosen]},
                marker={"size": 10, "opacity": 0, "symbol": "square"},
                customdata=[
                    [one.segment.stable_id, _segment_words(rows, one.scale, one.segment)] for one in chosen
                ],
                hovertemplate="%{customdata[1]}<extra></extra>",
                cliponaxis=False,
                **look.keep_looks(colour),
            )
        )
    return made


def _numeral(rows: AxisRows, theme: str, scale: Toxicity, one: Segment, *, is_last: bool) -> _Numeral:
    """At the start of its stretch; small in the middle of a short one; beside the last when that is short."""
    text = tile_text(one.grade, one.at_least)
    colour = look.text_colour(theme, text)
    width = (one.to_at - one.from_at) / (rows.end - rows.first_day) * _PLOT_WIDTH
    if width >= 10 + 8 * len(text):
        return _Numeral(one, scale, text, one.from_at, "middle right", 15, colour)
    if is_last:
        # The grade that stands now is never left to its colour alone.
        return _Numeral(one, scale, text, one.to_at, "middle right", 15, THEME_COLOURS[theme].text)
    middle = one.from_at + (one.to_at - one.from_at) / 2
    has_room = width >= 6 * len(text)
    return _Numeral(one, scale, text if has_room else "", middle, "middle center", 11, colour)


def _segment_words(rows: AxisRows, scale: Toxicity, one: Segment) -> str:
    head = {"?": "not graded yet"}.get(text := tile_text(one.grade, one.at_least), text)
    since = rows.moment(one.from_at)
    lasted = f"since {since}" if one.to_at > rows.until else f"{since} to {rows.moment(one.to_at)}"
    return f"<b>{scale.label} {head}</b><br>{lasted}"
