"""The safety committee's report: frozen rows and figures, and the files made from them.

`build_report` reads once; everything else is made from what it froze, so that the same frozen bytes give the
same files. `actions.reports` stores it.
"""

import hashlib
import json
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlmodel import Session

from actions.reports import NewFile, NewReport
from grading.scale import RULESET
from reports.committee_figures import Part, ReportTable, figures_of, tables_from_json, tables_to_json
from reports.committee_files import render_csv, render_html, render_pdf, render_xlsx
from reports.committee_moved import Moved, moved_days, moved_tables
from reports.committee_rows import ReportRows, from_json, load_rows, to_json
from settings import ROOT
from trial.protocol import Protocol

MEDIA: Final = {
    "pdf": "application/pdf",
    "html": "text/html",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "application/zip",
}
"""What each kind of file is, for a download."""

_ENDINGS: Final = {"pdf": "pdf", "html": "html", "xlsx": "xlsx", "csv": "csv.zip"}


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a report holds, read back from its frozen bytes."""

    about: dict[str, Any]
    rows: ReportRows
    figures: tuple[ReportTable, ...]


def build_report(
    session: Session, *, number: int, cutoff_at: datetime, now: datetime, protocol: Protocol, zone: ZoneInfo
) -> NewReport:
    """Freeze what had happened by the cut-off and make every file of it."""
    rows = load_rows(session, cutoff_at, protocol, zone)
    figures = figures_of(rows, protocol, zone)
    about = {
        "registration": protocol.registration,
        "number": number,
        "cutoff_at": cutoff_at.isoformat(),
        "made_at": now.isoformat(),
        "zone": zone.key,
        "ruleset": RULESET,
        "program_version": program_version(),
        "protocol_hash": protocol.hash,
    }
    content = {"about": about, "rows": to_json(rows), "figures": tables_to_json(figures)}
    frozen = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return NewReport(
        number=number,
        cutoff_at=cutoff_at,
        ruleset=RULESET,
        program_version=program_version(),
        protocol_hash=protocol.hash,
        frozen=frozen,
        files=tuple(make_files(frozen, protocol)),
    )


class EarlierReportError(ValueError):
    """What was frozen has another form than this version of the program reads; one sentence for a person."""


def read_frozen(frozen: bytes) -> Frozen:
    """The content of a report.

    Raises:
        EarlierReportError: another version of the program froze it, in a form that this one does not read.
    """
    content = json.loads(frozen)
    about = content["about"]
    try:
        return Frozen(about, from_json(content["rows"]), tables_from_json(content["figures"]))
    except ValidationError as error:
        made_by = about.get("program_version", "not known")
        raise EarlierReportError(
            f"Version {made_by} of the program made this report, and this version ({program_version()}) "
            "cannot compute it again. Its files stand as they were made."
        ) from error


def make_files(frozen: bytes, protocol: Protocol) -> Iterator[NewFile]:
    """Every file of a report from its frozen bytes alone; `protocol` is the one it was made under."""
    content = read_frozen(frozen)
    sha256 = hashlib.sha256(frozen).hexdigest()
    for part in Part:
        tables = [table for table in content.figures if table.part is part]
        made = {
            "pdf": render_pdf(content.about, content.rows, tables, protocol, part, sha256),
            "html": render_html(content.about, content.rows, tables, protocol, part, sha256),
            "xlsx": render_xlsx(content.about, tables, part, sha256),
            "csv": render_csv(content.about, tables, part, sha256),
        }
        for kind, file in made.items():
            name = f"vigil-report-{content.about['number']}-{part.value}.{_ENDINGS[kind]}"
            yield NewFile(part=part.value, kind=kind, name=name, content=file)


def recomputed(frozen: bytes, protocol: Protocol) -> tuple[ReportTable, ...]:
    """The figures computed anew from the frozen rows, to compare them with those that were frozen."""
    content = read_frozen(frozen)
    return figures_of(content.rows, protocol, ZoneInfo(content.about["zone"]))


def moved_since(
    session: Session, frozen: bytes, protocol: Protocol, zone: ZoneInfo, parts: Collection[Part]
) -> list[Moved]:
    """What a later change of the data moved, at the same cut-off: figures first, then days of the heat maps.

    Both sides are computed by the program of today, so that only the data can differ. `parts` are those that
    the reader may see.
    """
    then = read_frozen(frozen).rows
    now = load_rows(session, then.cutoff_at, protocol, zone)
    before, after = (
        [table for table in figures_of(rows, protocol, zone) if table.part in parts] for rows in (then, now)
    )
    return [*moved_tables(before, after), *moved_days(then.heat, now.heat)]


@cache
def program_version() -> str:
    """The version of this program, from pyproject.toml."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
