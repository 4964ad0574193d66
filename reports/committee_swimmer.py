"""The swimmer of the committee's report: one lane for each patient, from the first infusion to the cut-off.

Days are those of the hospital, the day of the first infusion being 0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from reportlab.graphics.shapes import Drawing, Line, Polygon

from reports.committee_rows import PatientRow, ReportRows
from reports.drawing import ACTION, BORDER, LEFT, SOFT, TILES, Picture, box, rule, square, words
from trial.drug_days import DrugGroup

_LANE: Final = 21.0
_LETTERS: Final = {DrugGroup.TOCILIZUMAB: "T", DrugGroup.STEROID: "S", DrugGroup.ANTICYTOKINE: "A"}
_STEPS: Final = (7, 14, 28, 56, 91, 182, 100_000)
_ALT: Final = (
    "One lane for each patient from the first infusion. Lines 1 and 2: infusions. Tiles: worst grade of a "
    "day; above them, at the first worst day of each infusion, its numeral. Below, at the first day of each: "
    "T tocilizumab, S steroids, A another anticytokine drug. Arrow: followed on. Square: left the trial."
)

Day = tuple[int, int, int]
"""(infusion, days since the first infusion, worst proved grade)."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """Days since the first infusion across the page."""

    zone: ZoneInfo
    points_a_day: float

    def x(self, day: float) -> float:
        return LEFT + day * self.points_a_day

    def day(self, patient: PatientRow, at: datetime) -> int:
        return self.day_of(patient, at.astimezone(self.zone).date())

    def day_of(self, patient: PatientRow, on: date) -> int:
        return (on - patient.infused_at[0].astimezone(self.zone).date()).days


def draw_swimmer(rows: ReportRows, zone: ZoneInfo, width: float) -> Picture:
    """A lane for everyone infused; nobody is said in words."""
    infused = [one for one in rows.patients if one.infused_at]
    height = _LANE * max(len(infused), 1) + 34
    drawing = Drawing(width, height)
    followed = [_Scale(zone, 1).day(one, rows.cutoff_at) + 1 for one in infused]
    most = max([28, *followed])
    scale = _Scale(zone, (width - LEFT - 30) / most)
    step = next(step for step in _STEPS if most / step <= 9)
    for day in range(0, most + 1, step):
        drawing.add(rule(scale.x(day), 18, scale.x(day), height - 6))
        drawing.add(words(scale.x(day), 8, f"day {day}", size=6.5, middle=True))
    if not infused:
        drawing.add(words(LEFT, height - 20, "Nobody has been infused by the cut-off."))
    for place, (one, last) in enumerate(zip(infused, followed, strict=True), start=1):
        _lane(drawing, rows, one, height - 8 - (place - 0.5) * _LANE, scale, last)
    return Picture("Patients over time", _ALT, drawing)


def _lane(
    drawing: Drawing, rows: ReportRows, patient: PatientRow, middle: float, scale: _Scale, last: int
) -> None:
    ends = [on for on in (patient.died_on, patient.left_on) if on is not None]
    end = max(0, min((scale.day_of(patient, on) for on in ends), default=last))
    drawing.add(words(0, middle - 3, patient.code))
    drawing.add(Line(LEFT, middle, scale.x(end), middle, strokeColor=BORDER, strokeWidth=4))
    _grades(drawing, worst_by_day(rows, patient, scale.zone), middle, scale)
    for number, at in enumerate(patient.infused_at, start=1):
        x = scale.x(scale.day(patient, at))
        drawing.add(Line(x, middle - 7, x, middle + 7, strokeColor=ACTION, strokeWidth=1.6))
        drawing.add(words(x - 5, middle - 8, str(number), size=6))
    for x, letters in _drugs(rows, patient, scale):
        drawing.add(words(x, middle - 10, letters, size=6))
    _end(drawing, patient, scale.x(end), middle)


def _end(drawing: Drawing, patient: PatientRow, x: float, middle: float) -> None:
    """Words for a death, a square for who left, an arrow for who is followed on."""
    if patient.died_on is not None:
        drawing.add(words(x + 3, middle - 2.5, "died", size=6.5, bold=True))
    elif patient.left_on is not None:
        drawing.add(square(x + 3, middle, 6))
        drawing.add(words(x + 9, middle - 2.5, "left", size=6.5))
    else:
        tip = [x, middle - 4, x + 7, middle, x, middle + 4]
        drawing.add(Polygon(tip, fillColor=SOFT, strokeColor=None))


def _grades(drawing: Drawing, days: Sequence[Day], middle: float, scale: _Scale) -> None:
    """A tile for each day; above the first of the worst days of an infusion its numeral."""
    marked: set[int] = set()
    worst = {number: max(one for other, _, one in days if other == number) for number, *_ in days}
    for number, day, grade in days:
        x, side = scale.x(day), max(scale.points_a_day, 1.2)
        drawing.add(box(x, middle - 4, side, 8, TILES[str(grade)].background))
        if grade == worst[number] and number not in marked:
            marked.add(number)
            drawing.add(words(x + side / 2, middle + 5.5, str(grade), size=6.5, bold=True, middle=True))


def worst_by_day(rows: ReportRows, patient: PatientRow, zone: ZoneInfo) -> list[Day]:
    """The worst proved grade of either toxicity on each day, where it is above 0."""
    began = [at.astimezone(zone).date() for at in patient.infused_at]
    found: dict[tuple[int, int], int] = {}
    for grid in rows.heat:
        for row in grid.rows:
            for panel in row.panels if row.study_code == patient.code else ():
                if panel.number > len(began):
                    continue
                shift = (began[panel.number - 1] - began[0]).days
                for cell in panel.cells:
                    if cell.at_least:
                        at = (panel.number, shift + cell.day)
                        found[at] = max(cell.at_least, found.get(at, 0))
    return [(number, day, grade) for (number, day), grade in sorted(found.items())]


def _drugs(rows: ReportRows, patient: PatientRow, scale: _Scale) -> Iterator[tuple[float, str]]:
    """Where the letters stand: the first day of each group after each infusion, near ones together."""
    firsts = sorted(
        (scale.day(patient, one.infused_at) + min(days), _LETTERS[group])
        for one in rows.treated
        if one.code == patient.code
        for group, days in one.given.items()
    )
    together: list[tuple[float, str]] = []
    for day, letter in firsts:
        x = scale.x(day)
        if together and x - together[-1][0] < 5 * len(together[-1][1]):
            together[-1] = (together[-1][0], together[-1][1] + letter)
        else:
            together.append((x, letter))
    yield from together
