"""A stopping rule in the committee's report: its staircase, and beside it how the rule behaves."""

from collections.abc import Iterable
from typing import Final

from reportlab.graphics.shapes import Circle, Drawing, Line, PolyLine

from charts.stopping_rows import CharacteristicRow, characteristic_rows
from reports.committee_rows import ReportRows
from reports.drawing import ACTION, SOFT, Picture, corners, line, rule, square, words
from trial.stopping_reading import RuleReading
from trial.stopping_rules import boundary_of, read
from trial.stopping_settings import StoppingRule

_HEIGHT: Final = 170.0
_LOW: Final = 30.0
_ROOM: Final = 118.0


def draw_staircase(rows: ReportRows, stopping: StoppingRule, width: float) -> Picture:
    """Limits, observed path and fan at the left; at the right the share of trials that the rule pauses."""
    patients = next((row.patients for row in rows.rules if row.key == stopping.key), ())
    drawing = Drawing(width, _HEIGHT)
    _observed(drawing, stopping, read(stopping, patients), 0.55 * width)
    _behaviour(drawing, stopping, 0.62 * width, 0.35 * width)
    alt = (
        f"{stopping.words}: limits as squares, the observed path as a full line to its dot, what is still "
        "possible with the pending patients dashed. Beside it how often the rule pauses a trial at each true "
        "rate, exact; the square is the tolerated rate."
    )
    return Picture(f"Stopping rule: {stopping.words}", alt, drawing)


def _observed(drawing: Drawing, stopping: StoppingRule, reading: RuleReading, width: float) -> None:
    looks = [(n, stop) for n, stop in boundary_of(stopping) if stop is not None]
    most_n = max([stopping.n_max, len(reading.infused), 1])
    possible = (point.most for point in reading.fan)
    most = max([2, *(stop for _, stop in looks), *reading.path, *possible]) + 1
    across, up = (width - 60) / most_n, _ROOM / most
    for n in range(0, most_n + 1, max(1, most_n // 15)):
        drawing.add(words(40 + n * across, 16, str(n), size=6.5, middle=True))
    for events in range(0, most + 1, max(1, most // 8)):
        y = _LOW + events * up
        drawing.add(rule(40, y, 40 + most_n * across, y))
        drawing.add(words(26, y - 2, str(events), size=6.5))
    drawing.add(words(40, 4, "patients evaluable (across), patients with an event (up)", size=6.5))
    for n, stop in looks:
        x, y = 40 + n * across, _LOW + stop * up
        drawing.add(square(x, y, 4))
        drawing.add(words(x, y + 4, str(stop), size=6.5, middle=True))
    path = [(0, 0), *enumerate(reading.path, start=1)]
    drawing.add(_path(path, across, up, None))
    n, events = path[-1]
    drawing.add(Circle(40 + n * across, _LOW + events * up, 3, fillColor=ACTION, strokeColor=None))
    for edge in ("fewest", "most"):
        fan = [(point.n, getattr(point, edge)) for point in reading.fan]
        if fan:
            drawing.add(_path(fan, across, up, (3, 2)))


def _path(
    points: Iterable[tuple[int, int]], across: float, up: float, dash: tuple[int, int] | None
) -> PolyLine:
    flat = (
        value
        for corner in corners((40 + n * across, _LOW + events * up) for n, events in points)
        for value in corner
    )
    return line(list(flat), 2, dash)


def _behaviour(drawing: Drawing, stopping: StoppingRule, left: float, width: float) -> None:
    shown = characteristic_rows(stopping)
    across = width / shown[-1].true_rate
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = _LOW + share * _ROOM
        drawing.add(rule(left, y, left + width, y))
        drawing.add(words(left - 24, y - 2, f"{100 * share:.0f} %", size=6.5))
    for step in range(7):
        rate = shown[-1].true_rate * step / 6
        drawing.add(words(left + rate * across, 16, f"{100 * rate:.3g} %", size=6.5, middle=True))
    drawing.add(words(left, 4, "true rate of the event (across), trials that the rule pauses (up)", size=6.5))
    curve = [(0.0, 0.0), *((one.true_rate, one.stop_probability) for one in shown)]
    points = [value for rate, stops in curve for value in (left + rate * across, _LOW + stops * _ROOM)]
    drawing.add(line(points, 2, None))
    tolerated = next(one for one in shown if one.true_rate == stopping.tolerated_rate)
    _mark_tolerated(drawing, tolerated, left + tolerated.true_rate * across)


def _mark_tolerated(drawing: Drawing, tolerated: CharacteristicRow, x: float) -> None:
    y = _LOW + tolerated.stop_probability * _ROOM
    drawing.add(Line(x, _LOW, x, _LOW + _ROOM, strokeColor=SOFT, strokeWidth=0.6, strokeDashArray=(1, 2)))
    drawing.add(square(x, y, 5))
    false_stop = f"false stop {100 * tolerated.stop_probability:.3g} % at the tolerated rate"
    drawing.add(words(x + 4, _LOW + _ROOM - 7, false_stop, size=6.5, bold=True))
