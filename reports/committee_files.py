"""The files of a committee report: PDF, HTML, Excel and CSV, each made from frozen values alone."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final
from zoneinfo import ZoneInfo

import xlsxwriter
from reportlab.graphics import renderSVG

from exchange.tables import neutralise
from reports.committee_figures import Cell, Part, ReportTable
from reports.committee_pictures import Picture, pictures_of
from reports.committee_rows import ReportRows
from reports.pdf import (
    Flowable,
    Frame,
    fitting_widths,
    heading,
    make_pdf,
    page_width,
    pairs,
    paragraph,
    soft,
    space,
    table,
    together,
)
from trial.protocol import Protocol

_PARTS: Final = {Part.OPEN: "Open part: safety", Part.CLOSED: "Closed part: efficacy"}
_ROWS_KEPT_TOGETHER: Final = 16
_MADE_ON: Final = (1980, 1, 1, 0, 0, 0)
"""The date of every file inside a zip: the same tables give the same bytes."""


def render_pdf(
    about: dict[str, Any],
    rows: ReportRows,
    tables: Sequence[ReportTable],
    protocol: Protocol,
    part: Part,
    sha256: str,
) -> bytes:
    """Page by page: what it is, the first numbers, the pictures of the open part, then every other table."""
    parts: list[Flowable] = [
        heading(_title(about, part), 1),
        pairs(_about_rows(about, sha256), wide=True),
        space(),
    ]
    parts += _pdf_tables(one for one in tables if one.comes_first)
    if part is Part.OPEN:
        for picture in pictures_of(rows, protocol, ZoneInfo(about["zone"]), page_width(wide=True)):
            parts += [together(heading(picture.title), picture.drawing, soft(picture.alt)), space(10)]
    parts += _pdf_tables(one for one in tables if not one.comes_first)
    marks = (f"Data cut-off {_moment(about, 'cutoff_at')}", f"SHA-256 {sha256}")
    return make_pdf(Frame(_title(about, part), about["registration"], marks, wide=True), parts)


def render_html(
    about: dict[str, Any],
    rows: ReportRows,
    tables: Sequence[ReportTable],
    protocol: Protocol,
    part: Part,
    sha256: str,
) -> bytes:
    """One file without scripts, fonts or addresses of others; the pictures are inside as SVG."""
    pictures = pictures_of(rows, protocol, ZoneInfo(about["zone"]), 760) if part is Part.OPEN else ()
    body = [
        f"<h1>{escape(_title(about, part))}</h1>",
        _html_rows([("", "")], _about_rows(about, sha256)),
        *(_html_table(one) for one in tables if one.comes_first),
        *(_html_picture(picture) for picture in pictures),
        *(_html_table(one) for one in tables if not one.comes_first),
    ]
    page = _PAGE.format(title=escape(_title(about, part)), body="\n".join(body))
    return page.encode()


def render_xlsx(about: dict[str, Any], tables: Sequence[ReportTable], part: Part, sha256: str) -> bytes:
    """A sheet for each table; text is text, never a formula."""
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, options)
    made_at = datetime.fromisoformat(about["made_at"]).replace(tzinfo=None)
    book.set_properties({"title": _title(about, part), "author": "Vigil", "created": made_at})
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    _sheet(book, "about", [("What", "Value"), *_about_rows(about, sha256)], bold)
    for one in tables:
        _sheet(book, one.name, [one.heads, *one.rows], bold)
    book.close()
    return file.getvalue()


def render_csv(about: dict[str, Any], tables: Sequence[ReportTable], part: Part, sha256: str) -> bytes:
    """A zip with a CSV file for each table."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        sheets: list[tuple[str, Sequence[Sequence[Cell]]]] = [
            ("about", [("What", "Value"), *_about_rows(about, sha256)]),
            *((one.name, [one.heads, *one.rows]) for one in tables),
        ]
        for name, rows in sheets:
            text = io.StringIO()
            csv.writer(text).writerows([_plain(cell) for cell in row] for row in rows)
            archive.writestr(zipfile.ZipInfo(f"{name}.csv", _MADE_ON), text.getvalue().encode("utf-8-sig"))
    return file.getvalue()


def _title(about: dict[str, Any], part: Part) -> str:
    return f"Safety committee report {about['number']}. {_PARTS[part]}"


def _about_rows(about: dict[str, Any], sha256: str) -> list[tuple[str, str]]:
    return [
        ("Study", about["registration"]),
        ("Data cut-off", _moment(about, "cutoff_at")),
        ("Made", _moment(about, "made_at")),
        ("Rules", about["ruleset"]),
        ("Program version", about["program_version"]),
        ("Protocol", about["protocol_hash"]),
        ("SHA-256 of the frozen content", sha256),
    ]


def _moment(about: dict[str, Any], name: str) -> str:
    return moment_in_zone(datetime.fromisoformat(about[name]), ZoneInfo(about["zone"]))


def moment_in_zone(at: datetime, zone: ZoneInfo) -> str:
    """ "2026-03-02 10:00 (Asia/Shanghai)"."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"


def _pdf_tables(tables: Iterable[ReportTable]) -> Iterator[Flowable]:
    """Each under its heading; a short one is not torn apart by the end of a page."""
    for one in tables:
        whole = [heading(one.title), *_pdf_table(one)]
        yield from [together(*whole)] if len(one.rows) <= _ROWS_KEPT_TOGETHER else whole
        yield space(10)


def _pdf_table(one: ReportTable) -> list[Flowable]:
    """The table with its note; an empty one says so in words."""
    if not one.rows:
        return [paragraph("Nothing recorded by the cut-off.")]
    cells = [[_shown(cell) for cell in row] for row in one.rows]
    note = [soft(one.note)] if one.note else []
    return [table(one.heads, cells, fitting_widths(one.heads, cells, wide=True), wide=True), *note]


def _shown(cell: Cell) -> str:
    if cell is None:
        return "not recorded"
    return f"{cell:g}" if isinstance(cell, float) else str(cell)


def _plain(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    return neutralise(cell) if isinstance(cell, str) else cell


def _sheet(book: Any, name: str, rows: Sequence[Sequence[Cell]], bold: Any) -> None:  # noqa: ANN401 -- XlsxWriter
    sheet = book.add_worksheet(name[:31])
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(len(row) for row in rows) - 1, 22)
    for line, row in enumerate(rows):
        for place, cell in enumerate(row):
            shown = _plain(cell)
            if isinstance(shown, str):
                sheet.write_string(line, place, shown, bold if line == 0 else None)
            else:
                sheet.write_number(line, place, shown)


def _html_picture(picture: Picture) -> str:
    drawn = renderSVG.drawToString(picture.drawing)
    alt, svg = escape(picture.alt, quote=True), drawn[drawn.index("<svg") :]
    return (
        f"<figure><h2>{escape(picture.title)}</h2><div role='img' aria-label='{alt}'>{svg}</div>"
        f"<figcaption>{alt}</figcaption></figure>"
    )


def _html_table(one: ReportTable) -> str:
    if not one.rows:
        return f"<h2>{escape(one.title)}</h2><p>Nothing recorded by the cut-off.</p>"
    note = f"<p class='note'>{escape(one.note)}</p>" if one.note else ""
    return f"<h2>{escape(one.title)}</h2>{_html_rows([one.heads], one.rows)}{note}"


def _html_rows(heads: Sequence[Sequence[str]], rows: Sequence[Sequence[Cell]]) -> str:
    head = "".join(
        f"<tr>{''.join(f'<th scope=col>{escape(word)}</th>' for word in line)}</tr>"
        for line in heads
        if any(line)
    )
    body = "".join(f"<tr>{''.join(f'<td>{escape(_shown(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 15px/1.45 "Source Sans 3", "Noto Sans SC", "Microsoft YaHei", sans-serif; color: #16202A;
  max-width: 60rem; margin: 1.5rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; }} h2 {{ font-size: 1.15rem; margin: 1.8rem 0 .4rem; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }}
th, td {{ border-bottom: 1px solid #8793A0; text-align: left; vertical-align: top; padding: .25rem .5rem; }}
figure {{ margin: 0; }} figure svg {{ max-width: 100%; height: auto; }}
figcaption, .note {{ color: #4A5661; font-size: .9rem; }}
</style></head><body>
{body}
</body></html>
"""
