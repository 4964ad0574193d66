"""The parts that every PDF of the house is made of, and the frame of its pages.

A PDF is made of plain values alone: the same values give the same bytes. Colours are the light ones, which
keep their order on a grey print; a grade is a tile with its numeral, as on every screen.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    KeepTogether,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)
from reportlab.platypus import Frame as TextFrame

from grading.colours import THEME_COLOURS
from reports.pdf_fonts import BOLD, PLAIN, drawable, is_chinese, markup, register_fonts
from reports.pdf_tile import grade_tile

__all__ = [
    "Flowable",
    "Frame",
    "fitting_widths",
    "grade_tile",
    "heading",
    "make_pdf",
    "new_page",
    "page_width",
    "pairs",
    "paragraph",
    "soft",
    "space",
    "table",
    "together",
]

Cell = str | Flowable
"""What stands in a cell: words, or a part such as a tile."""

_COLOURS: Final = THEME_COLOURS["light"]
_INK: Final = HexColor(_COLOURS.text)
_SOFT: Final = HexColor(_COLOURS.soft_text)
_BORDER: Final = HexColor(_COLOURS.border)
_PANEL: Final = HexColor(_COLOURS.panel)
_MARGIN: Final = 16 * mm
_FOOT: Final = 20 * mm
_ROOM_UNDER_HEADING: Final = 25 * mm
_SIZE: Final = 9.0
_PADDING_LEFT: Final = 3
_PADDING_RIGHT: Final = 6
_WIDEST: Final = 170.0
"""Beyond so many points a column asks for no more room than another."""


class _Heading(Paragraph):
    """Told apart from text, so that it gets room for what follows."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands on every page: the document's name above, its marks and "Page 1 of 4" below.

    title   the document, also in the file's properties: "Serious adverse event, CART-007, version 2"
    study   the registration of the trial
    marks   lines at the foot, such as the data cut-off and the SHA-256 of the content
    """

    title: str
    study: str
    marks: tuple[str, ...]
    wide: bool = False


def make_pdf(frame: Frame, parts: Iterable[Flowable]) -> bytes:
    """The file. `parts` come from the functions below, in the order of reading."""
    register_fonts()
    file = io.BytesIO()
    document = BaseDocTemplate(
        file,
        pagesize=_page(frame.wide),
        pageTemplates=[PageTemplate("page", frames=[_text_frame(frame.wide)])],
        title=frame.title,
        author="Vigil",
        subject=frame.study,
        lang="en",
        invariant=1,  # no clock and no chance in the file
        pageCompression=1,
        initialFontName=PLAIN,
    )
    document.build(list(_with_room(parts)), canvasmaker=_canvas_of(frame))
    return file.getvalue()


def _with_room(parts: Iterable[Flowable]) -> Iterator[Flowable]:
    """A heading that would stand alone at the foot of a page begins the next one."""
    for part in parts:
        if isinstance(part, _Heading):
            yield CondPageBreak(_ROOM_UNDER_HEADING)
        yield part


def _text_frame(wide: bool) -> TextFrame:
    width, height = _page(wide)
    top = _MARGIN + 6 * mm
    return TextFrame(
        _MARGIN,
        _FOOT,
        width - 2 * _MARGIN,
        height - top - _FOOT,
        leftPadding=0,
        rightPadding=0,
        topPadding=0,
        bottomPadding=0,
    )


def page_width(wide: bool = False) -> float:
    """The width of the text in points."""
    return float(_page(wide)[0]) - 2 * _MARGIN


def heading(words: str, level: int = 2) -> Flowable:
    """A heading: 1 is the document's name, 2 a section, 3 a part of one. It never ends a page."""
    return _Heading(markup(words), _style(f"h{level}", BOLD, {1: 15.0, 2: 11.5, 3: _SIZE}[level]))


def paragraph(words: str) -> Flowable:
    """Text; its line breaks are kept."""
    return Paragraph(markup(words) or " ", _body("body", words))


def soft(words: str) -> Flowable:
    """Secondary words in the soft colour."""
    return Paragraph(markup(words) or " ", _body("soft", words))


def space(points: float = 6.0) -> Flowable:
    """Some room."""
    return Spacer(1, points)


def new_page() -> Flowable:
    """What follows begins on a new page."""
    return PageBreak()


def together(*parts: Flowable) -> Flowable:
    """Parts that are not torn apart by the end of a page, where one page can hold them."""
    return KeepTogether(list(parts))


def pairs(rows: Iterable[tuple[str, Cell]], label_width: float = 44 * mm, wide: bool = False) -> Flowable:
    """Labels with their values, one beside the other."""
    cells = [[Paragraph(markup(label), _style("label", PLAIN, _SIZE)), _cell(value)] for label, value in rows]
    style = [("VALIGN", (0, 0), (-1, -1), "TOP"), *_padding(1.5), *_lines(0)]
    return Table(
        cells,
        colWidths=[label_width, page_width(wide) - label_width],
        style=style,
        hAlign="LEFT",
        splitInRow=1,
    )


def table(
    heads: Sequence[str], rows: Iterable[Sequence[Cell]], widths: Sequence[float], *, wide: bool = False
) -> Flowable:
    """A table over as many pages as it needs, its heads on each.

    widths  shares of the width of the text, one for each column
    """
    whole = page_width(wide) / sum(widths)
    head: list[Any] = [Paragraph(markup(words), _style("head", BOLD, _SIZE - 0.5)) for words in heads]
    body = [[_cell(cell) for cell in row] for row in rows]
    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("BACKGROUND", (0, 0), (-1, 0), _PANEL),
        *_padding(2.5),
        *_lines(1),
    ]
    return Table(
        [head, *body],
        colWidths=[share * whole for share in widths],
        repeatRows=1,
        style=style,
        hAlign="LEFT",
        splitInRow=1,
    )


def fitting_widths(heads: Sequence[str], rows: Sequence[Sequence[str]], *, wide: bool = False) -> list[float]:
    """Widths for `table`, in points: no word is broken while the page has room, longer texts get the rest."""
    register_fonts()
    columns = [[(head, BOLD), *((row[place], PLAIN) for row in rows)] for place, head in enumerate(heads)]
    least = [max(_longest_word(words, font) for words, font in column) for column in columns]
    wanted = [min(_WIDEST, max(_width(words, font) for words, font in column)) for column in columns]
    more = [max(one - another, 0.0) for one, another in zip(wanted, least, strict=True)]
    left = page_width(wide) - sum(least)
    if left <= 0 or not any(more):
        return least
    share = left / sum(more)
    return [one + share * another for one, another in zip(least, more, strict=True)]


def _longest_word(words: str, font: str) -> float:
    """Chinese may be broken anywhere, so that it asks for no room of its own."""
    found = words.split() or [""]
    return max(min(_width(word, font), _WIDEST) if not is_chinese(word) else 0.0 for word in found)


def _width(words: str, font: str) -> float:
    lines = words.split("\n")
    return max(float(stringWidth(line, font, _SIZE)) for line in lines) + _PADDING_LEFT + _PADDING_RIGHT + 0.5


def _cell(value: Cell) -> Flowable:
    return Paragraph(markup(value) or " ", _body("cell", value)) if isinstance(value, str) else value


def _body(kind: str, words: str) -> ParagraphStyle:
    """Chinese has no spaces to break a line at: a text that is mostly Chinese is broken anywhere."""
    return _style(kind, PLAIN, _SIZE, "CJK" if is_chinese(words) else None)


@cache
def _style(kind: str, font: str, size: float, wrap: str | None = None) -> ParagraphStyle:
    style = ParagraphStyle(
        kind, fontName=font, fontSize=size, leading=size * 1.32, textColor=_INK, wordWrap=wrap
    )
    if kind in ("soft", "label"):
        style.textColor = _SOFT
    if kind.startswith("h"):
        style.spaceBefore, style.spaceAfter = (
            (0 if kind in ("h1", "head") else 9),
            (0 if kind == "head" else 3),
        )
    if kind in ("body", "soft"):
        style.spaceAfter = 3
    return style


def _padding(points: float) -> list[tuple[Any, ...]]:
    whole = ((0, 0), (-1, -1))
    return [
        ("FONTNAME", *whole, PLAIN),
        ("TOPPADDING", *whole, points),
        ("BOTTOMPADDING", *whole, points),
        ("LEFTPADDING", *whole, _PADDING_LEFT),
        ("RIGHTPADDING", *whole, _PADDING_RIGHT),
    ]


def _lines(first_row: int) -> list[tuple[Any, ...]]:
    return [("LINEBELOW", (0, first_row), (-1, -1), 0.25, _BORDER)]


def _page(wide: bool) -> tuple[float, float]:
    return landscape(A4) if wide else A4


def _canvas_of(frame: Frame) -> type[Canvas]:
    """A canvas that writes the frame on each page once it knows how many there are."""

    class FramedCanvas(Canvas):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 -- the name of reportlab
            self._pages.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]

        def save(self) -> None:
            pages = self._pages
            for number, page in enumerate(pages, 1):
                self.__dict__.update(page)
                _draw_frame(self, frame, number, len(pages))
                super().showPage()
            super().save()

    return FramedCanvas


def _draw_frame(canvas: Canvas, frame: Frame, number: int, pages: int) -> None:
    width, height = _page(frame.wide)
    canvas.saveState()
    canvas.setFillColor(_SOFT)
    canvas.setFont(PLAIN, 8)
    canvas.drawString(_MARGIN, height - _MARGIN, drawable(frame.title))
    canvas.drawRightString(width - _MARGIN, height - _MARGIN, drawable(frame.study))
    canvas.setStrokeColor(_BORDER)
    canvas.setLineWidth(0.5)
    canvas.line(_MARGIN, height - _MARGIN - 3 * mm, width - _MARGIN, height - _MARGIN - 3 * mm)
    canvas.line(_MARGIN, _FOOT - 4 * mm, width - _MARGIN, _FOOT - 4 * mm)
    canvas.setFont(PLAIN, 7)
    for row, mark in enumerate(frame.marks):
        canvas.drawString(_MARGIN, _FOOT - 8 * mm - row * 9, drawable(mark))
    canvas.drawRightString(width - _MARGIN, _FOOT - 8 * mm, f"Page {number} of {pages}")
    canvas.restoreState()
