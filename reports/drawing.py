"""The strokes that the pictures of the committee's report are made of, in the colours of print."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from reportlab.graphics.shapes import Drawing, Line, PolyLine, Rect, String
from reportlab.lib.colors import HexColor

from grading.colours import GRADE_COLOURS, HATCH, THEME_COLOURS
from reports.pdf_fonts import BOLD, PLAIN

_COLOURS: Final = THEME_COLOURS["light"]
TILES: Final = GRADE_COLOURS["light"]
INK: Final = HexColor(_COLOURS.text)
SOFT: Final = HexColor(_COLOURS.soft_text)
ACTION: Final = HexColor(_COLOURS.action)
BORDER: Final = HexColor(_COLOURS.border)
_HATCH: Final = HexColor(HATCH)
LEFT: Final = 62.0
"""Room at the left for a study code."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing with its title and what it shows in words, for those who do not see it."""

    title: str
    alt: str
    drawing: Drawing


def words(
    x: float, y: float, text: str, *, size: float = 8.0, bold: bool = False, middle: bool = False
) -> String:
    """Words from a point on, or with their middle at it."""
    anchor: Literal["start", "middle"] = "middle" if middle else "start"
    font = BOLD if bold else PLAIN
    return String(x, y, text, fontName=font, fontSize=size, fillColor=INK, textAnchor=anchor)


def box(x: float, y: float, width: float, height: float, colour: str) -> Rect:
    """A tile of a grade, with a fine rim."""
    tile = Rect(x, y, width, height)
    tile.fillColor, tile.strokeColor, tile.strokeWidth = HexColor(colour), BORDER, 0.3
    return tile


def square(x: float, y: float, side: float) -> Rect:
    """A filled square in ink around a point."""
    mark = Rect(x - side / 2, y - side / 2, side, side)
    mark.fillColor, mark.strokeColor = INK, None
    return mark


def hatching(x: float, y: float, width: float, height: float) -> Iterator[Line]:
    """Slanting lines across a tile: nobody looked, or nothing is proved."""
    for step in (0.0, 0.5, 1.0):
        yield Line(
            x + width * max(0.0, step - 0.5),
            y + height * max(0.0, 0.5 - step),
            x + width * min(1.0, step + 0.5),
            y + height * min(1.0, 1.5 - step),
            strokeColor=_HATCH,
            strokeWidth=0.6,
        )


def line(points: list[float], width: float, dash: tuple[int, int] | None) -> PolyLine:
    """A line through points (x, y, x, y, ...) in the colour of actions; `dash` is drawn, not drawn."""
    drawn = PolyLine(points, strokeColor=ACTION, strokeWidth=width)
    if dash is not None:
        drawn.strokeDashArray = dash
    return drawn


def rule(x1: float, y1: float, x2: float, y2: float) -> Line:
    """A line that only helps the eye."""
    return Line(x1, y1, x2, y2, strokeColor=BORDER, strokeWidth=0.2)


def corners(points: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """The corners of a step function: flat until the next point, then straight up or down to it."""
    before: float | None = None
    for across, up in points:
        if before is not None:
            yield across, before
        yield across, up
        before = up
