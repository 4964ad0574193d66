"""The fonts of every PDF, embedded in it, and text as reportlab's paragraphs take it.

Latin, Greek and signs come from DejaVu Sans Condensed, Chinese from Droid Sans Fallback; a character that
neither can draw is written as its code, never dropped.
"""

from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab import rl_config
from reportlab.graphics.shapes import STATE_DEFAULTS
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

PLAIN: Final = "VigilPlain"
BOLD: Final = "VigilBold"
CHINESE: Final = "VigilChinese"

_FOLDER: Final = Path(__file__).with_name("fonts")
_FILES: Final = {
    PLAIN: "DejaVuSansCondensed.ttf",
    BOLD: "DejaVuSansCondensed-Bold.ttf",
    CHINESE: "DroidSansFallbackFull.ttf",
}


@cache
def register_fonts() -> None:
    """Make the fonts known to reportlab; reads their files once in a process."""
    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, str(_FOLDER / file)))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=PLAIN, boldItalic=BOLD)
    # Tables and drawings name reportlab's own font once, even where they use none of it.
    rl_config.canvas_basefontname = PLAIN
    STATE_DEFAULTS["fontName"] = PLAIN


def markup(words: str) -> str:
    """Text as a paragraph's markup: signs escaped, line breaks kept, each run in a font that has it."""
    # A unit stays with its number.
    told = words.replace("\r\n", "\n").replace("\r", "\n").replace(" %", "\u00a0%")
    return "<br/>".join(_line(line) for line in told.split("\n"))


def drawable(words: str) -> str:
    """One line of text for a drawing, where only one font is used: what that lacks is written as its code."""
    return "".join(sign if _font_of(sign) == PLAIN else _code(sign) for sign in words)


def is_chinese(words: str) -> bool:
    """Whether most of the letters are Chinese, which is broken into lines anywhere."""
    letters = [sign for sign in words if sign.isalpha()]
    return sum(_font_of(sign) == CHINESE for sign in letters) * 2 > len(letters)


def _line(words: str) -> str:
    runs = groupby(words.replace("\t", " "), key=_font_of)
    return "".join(_run("".join(signs), font) for font, signs in runs)


def _run(words: str, font: str | None) -> str:
    if font is None:
        return escape("".join(map(_code, words)))
    text = escape(words)
    return text if font == PLAIN else f'<font name="{font}">{text}</font>'


def _code(sign: str) -> str:
    return f"[U+{ord(sign):04X}]"


@cache
def _font_of(sign: str) -> str | None:
    """The font that draws this character, None where no font has it."""
    register_fonts()
    return next((font for font in (PLAIN, CHINESE) if ord(sign) in _glyphs(font)), None)


@cache
def _glyphs(font: str) -> frozenset[int]:
    known: Any = pdfmetrics.getFont(font)
    return frozenset(known.face.charToGlyph)
