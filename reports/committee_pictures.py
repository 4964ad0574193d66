"""The four pictures of a committee report, drawn as vectors from the frozen rows, in the colours of print.

One drawing serves the PDF and, as SVG, the HTML. Legible without colour: the grade stands in its tile, what
goes on ends in an arrow, what nobody looked at is hatched.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from reportlab.graphics.shapes import Drawing, Group, Line, Polygon, PolyLine, Rect, String
from reportlab.lib.colors import HexColor

from charts.heat_rows import CellKind, HeatCell
from grading.colours import GRADE_COLOURS, HATCH, THEME_COLOURS
from grading.scale import Toxicity
from reports.committee_rows import HeatGrid, PatientRow, ReportRows
from reports.pdf_fonts import BOLD, PLAIN, register_fonts
from trial.protocol import Protocol
from trial.safety_times import incidence_of
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
_LEFT: Final = 62.0


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
    height = _ROW * max(len(infused), 1) + 34
    drawing = Drawing(width, height)
    days = [(rows.cutoff_at - one.infused_at[0]).days + 1 for one in infused]
    most = max([28, *days])
    scale = (width - _LEFT - 20) / most
    step = next(step for step in (7, 14, 28, 56, 91, 182, 100_000) if most / step <= 9)
    for day in range(0, most + 1, step):
        x = _LEFT + day * scale
        drawing.add(Line(x, 18, x, height - 6, strokeColor=_BORDER, strokeWidth=0.3))
        drawing.add(_words(x, 8, f"day {day}", size=6.5, middle=True))
    if not infused:
        drawing.add(_words(_LEFT, height - 20, "Nobody has been infused by the cut-off."))
    for place, (one, last) in enumerate(zip(infused, days, strict=True)):
        y = height - 8 - (place + 1) * _ROW
        _lane(drawing, rows, one, y, scale, last)
    alt = (
        "One lane for each patient from the first infusion. Lines 1 and 2: infusions. Tiles: worst grade of "
        "a day, the numeral from 3 on. T: tocilizumab. Arrow: followed on."
    )
    return Picture("Patients over time", alt, drawing)


def _lane(drawing: Drawing, rows: ReportRows, patient: PatientRow, y: float, scale: float, last: int) -> None:
    first = patient.infused_at[0]
    died = None if patient.died_on is None else (patient.died_on - first.date()).days
    end = last if died is None else max(died, 0)
    middle = y + _ROW / 2
    drawing.add(_words(0, y + 4, patient.code))
    drawing.add(Line(_LEFT, middle, _LEFT + end * scale, middle, strokeColor=_BORDER, strokeWidth=4))
    if died is None:
        tip = _LEFT + end * scale
        arrow = Polygon(
            [tip, middle - 4, tip + 7, middle, tip, middle + 4], fillColor=_SOFT, strokeColor=None
        )
        drawing.add(arrow)
    for day, grade in _worst_by_day(rows, patient):
        colours = _TILES[str(grade)]
        x, side = _LEFT + day * scale, max(scale, 1.2)
        drawing.add(_box(x, middle - 4, side, 8, colours.background))
        if grade >= 3:
            drawing.add(_words(x + side / 2, middle + 4.6, str(grade), size=5.5, bold=True, middle=True))
    for number, at in enumerate(patient.infused_at, start=1):
        x = _LEFT + (at - first) / timedelta(days=1) * scale
        drawing.add(Line(x, y, x, y + _ROW - 1, strokeColor=_ACTION, strokeWidth=1.6))
        drawing.add(_words(x - 5, y + 1, str(number), size=5.5))
    for one in rows.treatments:
        if one.code == patient.code and one.drug == "tocilizumab":
            x = _LEFT + (one.started_at - first) / timedelta(days=1) * scale
            drawing.add(_words(x, y - 0.5, "T", size=5.5, middle=True))
    if died is not None:
        drawing.add(_words(_LEFT + end * scale + 3, middle - 2.5, "died", size=6.5, bold=True))


def _worst_by_day(rows: ReportRows, patient: PatientRow) -> list[tuple[float, int]]:
    """(days since the first infusion, worst proved grade of either toxicity), where it is above 0."""
    found: dict[int, int] = {}
    for grid in rows.heat:
        for row in grid.rows:
            for panel in row.panels if row.study_code == patient.code else ():
                if panel.number > len(patient.infused_at):
                    continue
                shift = (patient.infused_at[panel.number - 1] - patient.infused_at[0]).days
                for cell in panel.cells:
                    if cell.at_least:
                        day = shift + cell.day
                        found[day] = max(cell.at_least, found.get(day, 0))
    return sorted(found.items())


def _incidence(rows: ReportRows, toxicity: Toxicity, protocol: Protocol, width: float) -> Picture:
    """Grade 2 or more, and 3 or more, after each infusion: same axes, number at risk below."""
    courses = [spell.course for spell in rows.spells]
    drawing = Drawing(width, 190)
    room = (width - 60) / 2
    last = 28
    for number in (1, 2):
        left = 30 + (number - 1) * (room + 26)
        _axes(drawing, left, 52, room, 112, last, f"{('First', 'Second')[number - 1]} infusion")
        for at_least, dash in ((2, None), (3, (3, 2))):
            found = incidence_of(courses, toxicity, number, at_least, protocol.monitoring_days)
            steps = [(min(step.day, last), step.incidence) for step in found.curve.steps if step.day <= last]
            end = min(last, found.curve.last_day or 0)
            points = _stairs([(0.0, 0.0), *steps], end, left, 52, room / last, 112)
            drawing.add(_line(points, 1.6, dash))
            y = 52 + 112 * (steps[-1][1] if steps else 0)
            drawing.add(_words(left + end * room / last + 2, y - 2, f"{at_least}+", size=7, bold=True))
            risk = found.at_risk([0, 7, 14, 28])
            row = 24 if at_least == 2 else 12
            drawing.add(_words(left - 26, row, f"{at_least}+", size=6.5))
            for day, count in zip((0, 7, 14, 28), risk, strict=True):
                drawing.add(_words(left + day * room / last, row, str(count), size=6.5, middle=True))
    title = f"{toxicity.label}: cumulative incidence of grade 2 or more, and 3 or more"
    return Picture(
        title, f"{title}, with the number at risk; the table of incidence holds the same.", drawing
    )


def _line(points: list[float], width: float, dash: tuple[int, int] | None) -> PolyLine:
    line = PolyLine(points, strokeColor=_ACTION, strokeWidth=width)
    if dash is not None:
        line.strokeDashArray = dash
    return line


def _axes(
    drawing: Drawing, left: float, low: float, width: float, height: float, last: int, title: str
) -> None:
    drawing.add(_words(left, low + height + 8, title, bold=True))
    for share in (0, 0.5, 1):
        y = low + share * height
        drawing.add(Line(left, y, left + width, y, strokeColor=_BORDER, strokeWidth=0.3))
        drawing.add(_words(left - 24, y - 2, f"{100 * share:.0f} %", size=6.5))
    for day in (0, 7, 14, 21, 28):
        drawing.add(_words(left + day * width / last, low - 12, f"day {day}", size=6.5, middle=True))


def _stairs(
    steps: Sequence[tuple[float, float]], end: float, left: float, low: float, per_day: float, height: float
) -> list[float]:
    """The corners of a step function: flat until the next day, then up."""
    points: list[float] = []
    before = 0.0
    for day, share in steps:
        points += [left + day * per_day, low + before * height, left + day * per_day, low + share * height]
        before = share
    return [*points, left + end * per_day, low + before * height]


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
        drawing.add(Line(40, y, 40 + most_n * across, y, strokeColor=_BORDER, strokeWidth=0.3))
        drawing.add(_words(26, y - 2, str(events), size=6.5))
    drawing.add(_words(40, 4, "patients evaluable (across), patients with an event (up)", size=6.5))
    for n, stop in looks:
        x, y = 40 + n * across, 30 + stop * up
        square = Rect(x - 2, y - 2, 4, 4)
        square.fillColor, square.strokeColor = _INK, None
        drawing.add(square)
        drawing.add(_words(x, y + 4, str(stop), size=6.5, middle=True))
    drawing.add(_path([(0, 0), *enumerate(reading.path, start=1)], across, up, None))
    for edge in ("fewest", "most"):
        fan = [(point.n, getattr(point, edge)) for point in reading.fan]
        if fan:
            drawing.add(_path(fan, across, up, (3, 2)))
    alt = f"{rule.words}: limits as squares, the observed path as a full line, pending patients dashed."
    return Picture(f"Stopping rule: {rule.words}", alt, drawing)


def _path(
    points: Iterable[tuple[int, int]], across: float, up: float, dash: tuple[int, int] | None
) -> PolyLine:
    flat: list[float] = [value for n, events in points for value in (40 + n * across, 30 + events * up)]
    return _line(flat, 2, dash)
