"""The four pictures of a committee report, drawn as vectors from the frozen rows, in the colours of print.

One drawing serves the PDF and, as SVG, the HTML. Legible without colour: the grade stands in its tile, what
goes on ends in an arrow, what nobody looked at is hatched.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from reportlab.graphics.shapes import Circle, Drawing, Group, Line, Polygon, PolyLine, Rect, String
from reportlab.lib.colors import HexColor

from charts.heat_rows import CellKind, HeatCell
from grading.colours import GRADE_COLOURS, HATCH, THEME_COLOURS
from grading.scale import Toxicity
from reports.committee_rows import HeatGrid, PatientRow, ReportRows
from reports.pdf_fonts import BOLD, PLAIN, register_fonts
from trial.protocol import Protocol
from trial.safety_times import GradeIncidence, incidence_of
from trial.stopping_rules import boundary_of, read
from trial.stopping_settings import StoppingRule

_COLOURS: Final = THEME_COLOURS["light"]
_TILES: Final = GRADE_COLOURS["light"]
_INK: Final = HexColor(_COLOURS.text)
_SOFT: Final = HexColor(_COLOURS.soft_text)
_ACTION: Final = HexColor(_COLOURS.action)
_BORDER: Final = HexColor(_COLOURS.border)
_HATCH: Final = HexColor(HATCH)
_ROW: Final = 15.0
_LANE: Final = 21.0
_LEFT: Final = 62.0
_BETWEEN: Final = 64.0
"""Room between two panels, for the words beside the axis of the second."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing with its title and what it shows in words, for those who do not see it."""

    title: str
    alt: str
    drawing: Drawing


def pictures_of(rows: ReportRows, protocol: Protocol, width: float) -> tuple[Picture, ...]:
    """Heat maps, swimmer, cumulative incidence and a staircase for each rule; `width` in points."""
    register_fonts()
    return (
        *(_heat_map(grid, protocol.monitoring_days, width) for grid in rows.heat),
        _swimmer(rows, width),
        *(_incidence(rows, toxicity, protocol, width) for toxicity in Toxicity),
        *(_staircase(rows, rule, width) for rule in protocol.stopping),
    )


def _words(
    x: float, y: float, text: str, *, size: float = 8.0, bold: bool = False, middle: bool = False
) -> String:
    anchor: Literal["start", "middle"] = "middle" if middle else "start"
    font = BOLD if bold else PLAIN
    return String(x, y, text, fontName=font, fontSize=size, fillColor=_INK, textAnchor=anchor)


def _heat_map(grid: HeatGrid, last_day: int, width: float) -> Picture:
    height = _ROW * len(grid.rows) + 30
    drawing = Drawing(width, height)
    room = (width - _LEFT - 12) / 2
    side = room / (last_day + 1)
    for number in (1, 2):
        left = _LEFT + (number - 1) * (room + 12)
        drawing.add(_words(left, height - 9, f"{('First', 'Second')[number - 1]} infusion", bold=True))
        for day in range(last_day + 1):
            drawing.add(_words(left + (day + 0.5) * side, height - 20, str(day), size=6.5, middle=True))
    for place, row in enumerate(grid.rows):
        y = height - 26 - (place + 1) * _ROW
        drawing.add(_words(0, y + 4, row.study_code))
        for panel in row.panels:
            left = _LEFT + (panel.number - 1) * (room + 12)
            if panel.note is not None:
                drawing.add(_words(left + 4, y + 4, panel.note, size=7))
            for cell in panel.cells:
                drawing.add(_tile(left + cell.day * side, y, side - 1.2, _ROW - 1.2, cell))
    label = grid.toxicity.label
    alt = f"{label}: worst of each day. Hatched: nobody looked, or not graded. Dot: nothing was due."
    return Picture(f"{label}: worst grade of each patient by day", alt, drawing)


def _tile(x: float, y: float, width: float, height: float, cell: HeatCell) -> Group:
    """The numeral on its colour; hatched where nobody looked or nothing is proved, else a dot."""
    if cell.hatched:
        return Group(_box(x, y, width, height, "#FFFFFF"), *_hatching(x, y, width, height))
    if cell.kind is CellKind.DOT or cell.at_least is None:
        return Group(_words(x + width / 2, y + height / 2 - 2.6, cell.text, middle=True))
    colours = _TILES[str(cell.at_least)]
    numeral = String(
        x + width / 2,
        y + height / 2 - 2.6,
        cell.text,
        fontName=BOLD if cell.at_least >= 3 else PLAIN,
        fontSize=7.5 if len(cell.text) == 1 else 6,
        fillColor=HexColor(colours.text),
        textAnchor="middle",
    )
    return Group(_box(x, y, width, height, colours.background), numeral)


def _box(x: float, y: float, width: float, height: float, colour: str) -> Rect:
    box = Rect(x, y, width, height)
    box.fillColor, box.strokeColor, box.strokeWidth = HexColor(colour), _BORDER, 0.3
    return box


def _hatching(x: float, y: float, width: float, height: float) -> Iterator[Line]:
    for step in (0.0, 0.5, 1.0):
        yield Line(
            x + width * max(0.0, step - 0.5),
            y + height * max(0.0, 0.5 - step),
            x + width * min(1.0, step + 0.5),
            y + height * min(1.0, 1.5 - step),
            strokeColor=_HATCH,
            strokeWidth=0.6,
        )


def _swimmer(rows: ReportRows, width: float) -> Picture:
    """One lane a patient from the first infusion; what goes on at the cut-off ends in an arrow."""
    infused = [one for one in rows.patients if one.infused_at]
    height = _LANE * max(len(infused), 1) + 34
    drawing = Drawing(width, height)
    days = [(rows.cutoff_at - one.infused_at[0]).days + 1 for one in infused]
    most = max([28, *days])
    scale = (width - _LEFT - 20) / most
    step = next(step for step in (7, 14, 28, 56, 91, 182, 100_000) if most / step <= 9)
    for day in range(0, most + 1, step):
        x = _LEFT + day * scale
        drawing.add(_rule(x, 18, x, height - 6))
        drawing.add(_words(x, 8, f"day {day}", size=6.5, middle=True))
    if not infused:
        drawing.add(_words(_LEFT, height - 20, "Nobody has been infused by the cut-off."))
    for place, (one, last) in enumerate(zip(infused, days, strict=True)):
        y = height - 8 - (place + 1) * _LANE
        _lane(drawing, rows, one, y, scale, last)
    alt = (
        "One lane for each patient from the first infusion. Lines 1 and 2: infusions. Tiles: worst grade of "
        "a day; above it the numeral of the worst day, from 3 on. T: tocilizumab. Arrow: followed on."
    )
    return Picture("Patients over time", alt, drawing)


def _lane(drawing: Drawing, rows: ReportRows, patient: PatientRow, y: float, scale: float, last: int) -> None:
    first = patient.infused_at[0]
    died = None if patient.died_on is None else (patient.died_on - first.date()).days
    end = last if died is None else max(died, 0)
    middle = y + _LANE / 2
    drawing.add(_words(0, middle - 3, patient.code))
    drawing.add(Line(_LEFT, middle, _LEFT + end * scale, middle, strokeColor=_BORDER, strokeWidth=4))
    if died is None:
        tip = _LEFT + end * scale
        arrow = Polygon(
            [tip, middle - 4, tip + 7, middle, tip, middle + 4], fillColor=_SOFT, strokeColor=None
        )
        drawing.add(arrow)
    _lane_grades(drawing, _worst_by_day(rows, patient), middle, scale)
    for number, at in enumerate(patient.infused_at, start=1):
        x = _LEFT + (at - first) / timedelta(days=1) * scale
        drawing.add(Line(x, middle - 7, x, middle + 7, strokeColor=_ACTION, strokeWidth=1.6))
        drawing.add(_words(x - 5, middle - 8, str(number), size=6))
    for one in rows.treatments:
        if one.code == patient.code and one.drug == "tocilizumab":
            x = _LEFT + (one.started_at - first) / timedelta(days=1) * scale
            drawing.add(_words(x, middle - 10, "T", size=6, middle=True))
    if died is not None:
        drawing.add(_words(_LEFT + end * scale + 3, middle - 2.5, "died", size=6.5, bold=True))


def _lane_grades(drawing: Drawing, days: Sequence[tuple[int, int, int]], middle: float, scale: float) -> None:
    """A tile for each day; above the first of the worst days of an infusion its numeral, from 3 on."""
    for number, day, grade in days:
        x, side = _LEFT + day * scale, max(scale, 1.2)
        drawing.add(_box(x, middle - 4, side, 8, _TILES[str(grade)].background))
        worst = max(one for other, _, one in days if other == number)
        is_first = day == next(one for other, one, found in days if (other, found) == (number, worst))
        if grade >= 3 and is_first and grade == worst:
            drawing.add(_words(x + side / 2, middle + 5.5, str(grade), size=6.5, bold=True, middle=True))


def _worst_by_day(rows: ReportRows, patient: PatientRow) -> list[tuple[int, int, int]]:
    """(infusion, days since the first one, worst proved grade of either toxicity), where it is above 0."""
    found: dict[tuple[int, int], int] = {}
    for grid in rows.heat:
        for row in grid.rows:
            for panel in row.panels if row.study_code == patient.code else ():
                if panel.number > len(patient.infused_at):
                    continue
                shift = (patient.infused_at[panel.number - 1] - patient.infused_at[0]).days
                for cell in panel.cells:
                    if cell.at_least:
                        at = (panel.number, shift + cell.day)
                        found[at] = max(cell.at_least, found.get(at, 0))
    return [(number, day, grade) for (number, day), grade in sorted(found.items())]


def _incidence(rows: ReportRows, toxicity: Toxicity, protocol: Protocol, width: float) -> Picture:
    """Grade 2 or more, and 3 or more, after each infusion: same axes, number at risk below."""
    courses = [spell.course for spell in rows.spells]
    last = protocol.monitoring_days
    drawing = Drawing(width, 190)
    room = (width - 46 - _BETWEEN - 20) / 2
    for number in (1, 2):
        panel = _Panel(46 + (number - 1) * (room + _BETWEEN), 52, room, 112, last)
        _axes(drawing, panel, f"{('First', 'Second')[number - 1]} infusion")
        found = {at_least: incidence_of(courses, toxicity, number, at_least, last) for at_least in (2, 3)}
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
    steps = [(min(step.day, panel.last), step.incidence) for step in found.curve.steps]
    shown = [(day, share) for day, share in steps if day <= panel.last]
    end = min(panel.last, found.curve.last_day or 0)
    share = shown[-1][1] if shown else 0.0
    points = [(panel.x(day), panel.y(up)) for day, up in _corners([(0.0, 0.0), *shown, (end, share)])]
    drawing.add(_line([value for point in points for value in point], 1.6, None if at_least == 2 else (3, 2)))
    return end, share


def _name_curves(drawing: Drawing, panel: _Panel, ends: Mapping[int, tuple[float, float]]) -> None:
    """ "2+" and "3+" at the ends; one name where both curves end at the same place."""
    if ends[2] == ends[3]:
        ends, names = {2: ends[2]}, {2: "2+, 3+"}
    else:
        names = {2: "2+", 3: "3+"}
    for at_least, (day, share) in ends.items():
        drawing.add(_words(panel.x(day) + 3, panel.y(share) - 2.5, names[at_least], size=7, bold=True))


def _number_at_risk(drawing: Drawing, panel: _Panel, found: GradeIncidence, at_least: int) -> None:
    y = 22 if at_least == 2 else 11
    drawing.add(_words(panel.left - 44, y, f"at risk, {at_least}+", size=6.5))
    for day, count in zip(panel.ticks, found.at_risk(list(panel.ticks)), strict=True):
        drawing.add(_words(panel.x(day), y, str(count), size=6.5, middle=True))


def _line(points: list[float], width: float, dash: tuple[int, int] | None) -> PolyLine:
    line = PolyLine(points, strokeColor=_ACTION, strokeWidth=width)
    if dash is not None:
        line.strokeDashArray = dash
    return line


def _axes(drawing: Drawing, panel: _Panel, title: str) -> None:
    drawing.add(_words(panel.left, panel.y(1) + 8, title, bold=True))
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = panel.y(share)
        drawing.add(_rule(panel.left, y, panel.left + panel.width, y))
        drawing.add(_words(panel.left - 24, y - 2, f"{100 * share:.0f} %", size=6.5))
    for day in panel.ticks:
        words = f"day {day}" if day == 0 else str(day)
        drawing.add(_words(panel.x(day), panel.low - 11, words, size=6.5, middle=True))


def _rule(x1: float, y1: float, x2: float, y2: float) -> Line:
    """A line that only helps the eye."""
    return Line(x1, y1, x2, y2, strokeColor=_BORDER, strokeWidth=0.2)


def _corners(points: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """The corners of a step function: flat until the next point, then straight up or down to it."""
    before: float | None = None
    for across, up in points:
        if before is not None:
            yield across, before
        yield across, up
        before = up


def _staircase(rows: ReportRows, rule: StoppingRule, width: float) -> Picture:
    patients = next((row.patients for row in rows.rules if row.key == rule.key), ())
    reading = read(rule, patients)
    looks = [(n, stop) for n, stop in boundary_of(rule) if stop is not None]
    most_n = max([rule.n_max, len(reading.infused), 1])
    most = max([2, *(stop for _, stop in looks), *reading.path]) + 1
    drawing = Drawing(width, 170)
    across, up = (width - 60) / most_n, 118 / most
    for n in range(0, most_n + 1, max(1, most_n // 15)):
        drawing.add(_words(40 + n * across, 16, str(n), size=6.5, middle=True))
    for events in range(0, most + 1, max(1, most // 8)):
        y = 30 + events * up
        drawing.add(_rule(40, y, 40 + most_n * across, y))
        drawing.add(_words(26, y - 2, str(events), size=6.5))
    drawing.add(_words(40, 4, "patients evaluable (across), patients with an event (up)", size=6.5))
    for n, stop in looks:
        x, y = 40 + n * across, 30 + stop * up
        square = Rect(x - 2, y - 2, 4, 4)
        square.fillColor, square.strokeColor = _INK, None
        drawing.add(square)
        drawing.add(_words(x, y + 4, str(stop), size=6.5, middle=True))
    observed = [(0, 0), *enumerate(reading.path, start=1)]
    drawing.add(_path(observed, across, up, None))
    n, events = observed[-1]
    drawing.add(Circle(40 + n * across, 30 + events * up, 3, fillColor=_ACTION, strokeColor=None))
    for edge in ("fewest", "most"):
        fan = [(point.n, getattr(point, edge)) for point in reading.fan]
        if fan:
            drawing.add(_path(fan, across, up, (3, 2)))
    alt = (
        f"{rule.words}: limits as squares, the observed path as a full line to its dot, what "
        "is still possible with the pending patients dashed."
    )
    return Picture(f"Stopping rule: {rule.words}", alt, drawing)


def _path(
    points: Iterable[tuple[int, int]], across: float, up: float, dash: tuple[int, int] | None
) -> PolyLine:
    corners = _corners((40 + n * across, 30 + events * up) for n, events in points)
    flat = [value for corner in corners for value in corner]
    return _line(flat, 2, dash)
