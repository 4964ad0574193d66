"""The four pictures of a committee report, drawn as vectors from the frozen rows, in the colours of print.

One drawing serves the PDF and, as SVG, the HTML. Legible without colour: the grade stands in its tile, what
goes on ends in an arrow, what nobody looked at is hatched.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from reportlab.graphics.shapes import Drawing, Group, String
from reportlab.lib.colors import HexColor

from charts.heat_rows import CellKind, HeatCell
from grading.scale import Toxicity
from reports.committee_rows import HeatGrid, ReportRows
from reports.committee_staircase import draw_staircase
from reports.committee_swimmer import draw_swimmer
from reports.drawing import LEFT, TILES, Picture, box, corners, hatching, line, rule, words
from reports.pdf_fonts import BOLD, PLAIN, register_fonts
from trial.protocol import Protocol
from trial.safety_times import INCIDENCE_DAYS, GradeIncidence, incidence_of

__all__ = ["Picture", "pictures_of"]

_ROW: Final = 15.0
_BETWEEN: Final = 64.0
"""Room between two panels, for the words beside the axis of the second."""


def pictures_of(rows: ReportRows, protocol: Protocol, zone: ZoneInfo, width: float) -> tuple[Picture, ...]:
    """Heat maps, swimmer, cumulative incidence and a staircase for each rule; `width` in points."""
    register_fonts()
    return (
        *(_heat_map(grid, protocol.monitoring_days, width) for grid in rows.heat),
        draw_swimmer(rows, zone, width),
        *(_incidence(rows, toxicity, protocol, width) for toxicity in Toxicity),
        *(draw_staircase(rows, rule, width) for rule in protocol.stopping),
    )


def _heat_map(grid: HeatGrid, last_day: int, width: float) -> Picture:
    height = _ROW * len(grid.rows) + 30
    drawing = Drawing(width, height)
    room = (width - LEFT - 12) / 2
    side = room / (last_day + 1)
    for number in (1, 2):
        left = LEFT + (number - 1) * (room + 12)
        drawing.add(words(left, height - 9, f"{('First', 'Second')[number - 1]} infusion", bold=True))
        for day in range(last_day + 1):
            drawing.add(words(left + (day + 0.5) * side, height - 20, str(day), size=6.5, middle=True))
    for place, row in enumerate(grid.rows):
        y = height - 26 - (place + 1) * _ROW
        drawing.add(words(0, y + 4, row.study_code))
        for panel in row.panels:
            left = LEFT + (panel.number - 1) * (room + 12)
            if panel.note is not None:
                drawing.add(words(left + 4, y + 4, panel.note, size=7))
            for cell in panel.cells:
                drawing.add(_tile(left + cell.day * side, y, side - 1.2, _ROW - 1.2, cell))
    label = grid.toxicity.label
    alt = f"{label}: worst of each day. Hatched: nobody looked, or not graded. Dot: nothing was due."
    return Picture(f"{label}: worst grade of each patient by day", alt, drawing)


def _tile(x: float, y: float, width: float, height: float, cell: HeatCell) -> Group:
    """The numeral on its colour; hatched where nobody looked or nothing is proved, else a dot."""
    if cell.hatched:
        return Group(box(x, y, width, height, "#FFFFFF"), *hatching(x, y, width, height))
    if cell.kind is CellKind.DOT or cell.at_least is None:
        return Group(words(x + width / 2, y + height / 2 - 2.6, cell.text, middle=True))
    colours = TILES[str(cell.at_least)]
    numeral = String(
        x + width / 2,
        y + height / 2 - 2.6,
        cell.text,
        fontName=BOLD if cell.at_least >= 3 else PLAIN,
        fontSize=7.5 if len(cell.text) == 1 else 6,
        fillColor=HexColor(colours.text),
        textAnchor="middle",
    )
    return Group(box(x, y, width, height, colours.background), numeral)


def _incidence(rows: ReportRows, toxicity: Toxicity, protocol: Protocol, width: float) -> Picture:
    """Grade 2 or more, and 3 or more, after each infusion: same axes, number at risk below."""
    courses = [spell.course for spell in rows.spells]
    window = protocol.monitoring_days
    drawing = Drawing(width, 190)
    room = (width - 46 - _BETWEEN - 20) / 2
    for number in (1, 2):
        panel = _Panel(46 + (number - 1) * (room + _BETWEEN), 52, room, 112, INCIDENCE_DAYS)
        found = {at_least: incidence_of(courses, toxicity, number, at_least, window) for at_least in (2, 3)}
        people = len(found[2].times)
        counted = f"{people} at risk on day 0" if people else "nobody at risk"
        _axes(drawing, panel, f"{('First', 'Second')[number - 1]} infusion, {counted}")
        if people:
            ends = {at_least: _draw_curve(drawing, panel, one, at_least) for at_least, one in found.items()}
            _name_curves(drawing, panel, ends)
        for at_least, one in found.items():
            _number_at_risk(drawing, panel, one, at_least)
    title = f"{toxicity.label}: cumulative incidence of grade 2 or more, and 3 or more"
    alt = (
        f"Share of patients with {toxicity.label} of grade 2 or more (full line) and 3 or more (dashed) "
        "by each day; below, how many were still at risk. The table of incidence holds the limits."
    )
    return Picture(title, alt, drawing)


@dataclass(frozen=True, slots=True)
class _Panel:
    """Where a curve is drawn: from day 0 to `last` across, from 0 to 1 up."""

    left: float
    low: float
    width: float
    height: float
    last: int

    def x(self, day: float) -> float:
        return self.left + day * self.width / self.last

    def y(self, share: float) -> float:
        return self.low + share * self.height

    @property
    def ticks(self) -> range:
        return range(0, self.last + 1, 2 if self.last <= 14 else 7)


def _draw_curve(drawing: Drawing, panel: _Panel, found: GradeIncidence, at_least: int) -> tuple[float, float]:
    """The steps; returns the day and the share at which the curve ends."""
    shown = [(step.day, step.incidence) for step in found.curve.steps if step.day <= panel.last]
    end = panel.last if found.curve.nobody_left else min(panel.last, found.curve.last_day or 0)
    share = shown[-1][1] if shown else 0.0
    points = [(panel.x(day), panel.y(up)) for day, up in corners([(0.0, 0.0), *shown, (end, share)])]
    drawing.add(line([value for point in points for value in point], 1.6, None if at_least == 2 else (3, 2)))
    return end, share


def _name_curves(drawing: Drawing, panel: _Panel, ends: Mapping[int, tuple[float, float]]) -> None:
    """ "2+" and "3+" at the ends; one name where both curves end at the same place."""
    if ends[2] == ends[3]:
        ends, names = {2: ends[2]}, {2: "2+, 3+"}
    else:
        names = {2: "2+", 3: "3+"}
    for at_least, (day, share) in ends.items():
        drawing.add(words(panel.x(day) + 3, panel.y(share) + 2, names[at_least], size=7, bold=True))


def _number_at_risk(drawing: Drawing, panel: _Panel, found: GradeIncidence, at_least: int) -> None:
    y = 22 if at_least == 2 else 11
    drawing.add(words(panel.left - 44, y, f"at risk, {at_least}+", size=6.5))
    for day, count in zip(panel.ticks, found.at_risk(list(panel.ticks)), strict=True):
        drawing.add(words(panel.x(day), y, str(count), size=6.5, middle=True))


def _axes(drawing: Drawing, panel: _Panel, title: str) -> None:
    drawing.add(words(panel.left, panel.y(1) + 8, title, bold=True))
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = panel.y(share)
        drawing.add(rule(panel.left, y, panel.left + panel.width, y))
        drawing.add(words(panel.left - 24, y - 2, f"{100 * share:.0f} %", size=6.5))
    for day in panel.ticks:
        named = f"day {day}" if day == 0 else str(day)
        drawing.add(words(panel.x(day), panel.low - 11, named, size=6.5, middle=True))
