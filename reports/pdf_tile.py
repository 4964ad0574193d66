"""A grade as a tile of a PDF, drawn as vectors in the light colours."""

from typing import Any, Final

from reportlab.graphics.shapes import Drawing, Group, Line, Rect, String
from reportlab.lib.colors import HexColor

from grading.colours import GRADE_COLOURS, HATCH, THEME_COLOURS, tile_text
from reports.pdf_fonts import BOLD, drawable, register_fonts

_WIDTH: Final = 24.0
_HEIGHT: Final = 15.0
_NUMERAL: Final = 9.5
_INK: Final = HexColor(THEME_COLOURS["light"].text)


def grade_tile(grade: int | None, at_least: int | None) -> Drawing:
    """Its numeral on its colour; "≥3" with a dashed rim; "?" on hatching; hatching alone for a gap."""
    register_fonts()
    known = grade if grade is not None else at_least or None
    colours = GRADE_COLOURS["light"]["gap" if known is None else str(known)]
    face = HexColor(colours.background)
    drawing = Drawing(_WIDTH + 2, _HEIGHT + 2)
    drawing.add(_box(fillColor=face, strokeColor=face if known else HexColor(HATCH), strokeWidth=0.6))
    text = tile_text(grade, at_least)
    if known is None:
        drawing.add(_hatching())
        if text:
            drawing.add(
                _box(x=_WIDTH / 2 - 5, y=3, width=12, height=_HEIGHT - 4, fillColor=face, strokeColor=None)
            )
    elif grade is None:
        drawing.add(_box(fillColor=None, strokeColor=_INK, strokeWidth=0.9, strokeDashArray=[2, 1.5]))
    drawing.add(_numeral(text, colours.text))
    return drawing


def _box(x: float = 1, y: float = 1, width: float = _WIDTH, height: float = _HEIGHT, **look: Any) -> Rect:
    return Rect(x, y, width, height, rx=3, ry=3, **look)


def _numeral(text: str, colour: str) -> String:
    above = 1 + (_HEIGHT - _NUMERAL * 0.72) / 2
    numeral = String(1 + _WIDTH / 2, above, drawable(text), textAnchor="middle")
    numeral.fontName, numeral.fontSize, numeral.fillColor = BOLD, _NUMERAL, HexColor(colour)
    return numeral


def _hatching() -> Group:
    lines = Group()
    for start in range(3 - int(_HEIGHT), int(_WIDTH), 4):
        first, last = max(start, 0), min(start + _HEIGHT, _WIDTH)
        slanted = (1 + first, 1 + first - start, 1 + last, 1 + last - start)
        lines.add(Line(*slanted, strokeColor=HexColor(HATCH), strokeWidth=0.6))
    return lines
