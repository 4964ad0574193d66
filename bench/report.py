"""The files of a report on the 15 made-up patients, beside WeasyPrint on the same tables without pictures.

WeasyPrint is only a yardstick: it turns the report's own web page, less its pictures, into a PDF.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from bench.figure import Figure, NotMeasured, fastest, ms
from clock import utc_now
from commands.demo import build_demo
from db.session import close, configure, reading
from reports.committee import Frozen, build_report, read_frozen
from reports.committee_figures import Part
from reports.committee_files import render_html, render_pdf
from settings import Settings
from trial.protocol import Protocol, load_protocol

Render = Callable[..., bytes]


class _Kind(NamedTuple):
    name: str
    render: Render
    goal: float


_KINDS: Final = (
    _Kind("report as PDF, beside WeasyPrint", render_pdf, 1.0),
    _Kind("report as HTML, beside WeasyPrint", render_html, 0.3),
)
_REPEATS: Final = 5
_PICTURES: Final = re.compile(r"<figure>.*?</figure>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Report:
    """A report as it is stored, and what its files are made with."""

    frozen: Frozen
    protocol: Protocol
    digest: str

    def files(self, render: Render) -> list[bytes]:
        """The open and the closed part."""
        return [self._file(render, part) for part in Part]

    def _file(self, render: Render, part: Part) -> bytes:
        tables = [table for table in self.frozen.figures if table.part is part]
        return render(self.frozen.about, self.frozen.rows, tables, self.protocol, part, self.digest)


def measure_report(quick: bool, folder: Path) -> Iterator[Figure | NotMeasured]:
    """Both parts of one report, each kind of file the least of several runs."""
    report = _make_report(folder)
    tables = [_PICTURES.sub("", page.decode()) for page in report.files(render_html)]
    try:
        yardstick = _weasyprint(tables)
    except (ImportError, OSError) as error:  # it needs libraries of the system
        yield from (NotMeasured(kind.name, f"WeasyPrint cannot be used here: {error}") for kind in _KINDS)
        return
    for kind in _KINDS:
        took = fastest(partial(report.files, kind.render), _REPEATS)
        detail = f"{ms(took)}; WeasyPrint on the same tables without pictures {ms(yardstick)}"
        yield Figure(kind.name, took / yardstick, kind.goal, "x", detail)


def _make_report(folder: Path) -> _Report:
    settings = Settings.model_validate(
        {"data_dir": folder, "VIGIL_DEMO": True, "database_url": f"sqlite:///{folder}/vigil.db"}
    )
    now, protocol = utc_now(), load_protocol(settings.protocol_file)
    build_demo(settings, now, password="only for the bench")
    configure(settings.database_url)
    with reading() as session:
        built = build_report(session, number=1, cutoff_at=now, now=now, protocol=protocol, zone=settings.zone)
    close()
    return _Report(read_frozen(built.frozen), protocol, sha256(built.frozen).hexdigest())


def _weasyprint(pages: Sequence[str]) -> float:
    from weasyprint import HTML

    def print_pages() -> None:
        for page in pages:
            HTML(string=page).write_pdf()

    return fastest(print_pages, _REPEATS)
