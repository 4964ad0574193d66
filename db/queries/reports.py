"""What is stored of the committee's reports."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlmodel import Session

from db.models import Record

_T: Final = Record.metadata.tables
_REPORTS, _FILES, _SIGNATURES, _USERS = _T["report"], _T["report_file"], _T["signature"], _T["user"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a report, without its content."""

    id: int
    part: str
    kind: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed, as what, when and with which meaning."""

    printed_name: str
    role: str
    signed_at: datetime
    meaning: str
    user_id: int


@dataclass(frozen=True, slots=True)
class StoredReport:
    """One report; `made_by` None is the program, on schedule."""

    id: int
    number: int
    cutoff_at: datetime
    made_at: datetime
    made_by: str | None
    ruleset: str
    program_version: str
    protocol_hash: str
    frozen_sha256: str
    files: tuple[StoredFile, ...]
    signatures: tuple[Signed, ...]


def load_reports(session: Session) -> list[StoredReport]:
    """Every report, the newest first."""
    files, signatures = _files(session), _signatures(session)
    columns = [column for column in _REPORTS.columns if column.name not in ("frozen", "made_by")]
    query = (
        select(*columns, _USERS.c.display_name)
        .outerjoin(_USERS, _USERS.c.id == _REPORTS.c.made_by)
        .order_by(_REPORTS.c.number.desc())
    )
    return [
        StoredReport(
            id=row["id"],
            number=row["number"],
            cutoff_at=row["cutoff_at"],
            made_at=row["made_at"],
            made_by=row["display_name"],
            ruleset=row["ruleset"],
            program_version=row["program_version"],
            protocol_hash=row["protocol_hash"],
            frozen_sha256=row["frozen_sha256"],
            files=tuple(files[row["id"]]),
            signatures=tuple(signatures[row["id"]]),
        )
        for row in session.connection().execute(query).mappings()
    ]


def load_frozen(session: Session, report_id: int) -> tuple[bytes, str]:
    """The frozen bytes of a report and the hash of the protocol it was made under."""
    query = select(_REPORTS.c.frozen, _REPORTS.c.protocol_hash).where(_REPORTS.c.id == report_id)
    row = session.connection().execute(query).one()
    return row.frozen, row.protocol_hash


def load_file_row(session: Session, file_id: int) -> StoredFile | None:
    """What a file is, without its content; None where there is no such file."""
    query = select(_FILES.c.id, _FILES.c.part, _FILES.c.kind, _FILES.c.name, _FILES.c.sha256)
    row = session.connection().execute(query.where(_FILES.c.id == file_id)).first()
    return None if row is None else StoredFile(*row)


def load_file(session: Session, file_id: int) -> bytes:
    """The content of one file."""
    content: bytes = (
        session.connection().execute(select(_FILES.c.content).where(_FILES.c.id == file_id)).scalar_one()
    )
    return content


def newest_of_the_program(session: Session) -> datetime | None:
    """When the newest report on schedule was made."""
    query = (
        select(_REPORTS.c.made_at)
        .where(_REPORTS.c.made_by.is_(None))
        .order_by(_REPORTS.c.made_at.desc())
        .limit(1)
    )
    found: datetime | None = session.connection().execute(query).scalar()
    return found


def _files(session: Session) -> defaultdict[int, list[StoredFile]]:
    found: defaultdict[int, list[StoredFile]] = defaultdict(list)
    query = select(
        _FILES.c.report_id, _FILES.c.id, _FILES.c.part, _FILES.c.kind, _FILES.c.name, _FILES.c.sha256
    ).order_by(_FILES.c.id)
    for report_id, *file in session.connection().execute(query):
        found[report_id].append(StoredFile(*file))
    return found


def _signatures(session: Session) -> defaultdict[int, list[Signed]]:
    found: defaultdict[int, list[Signed]] = defaultdict(list)
    query = select(_SIGNATURES).where(_SIGNATURES.c.subject == "report").order_by(_SIGNATURES.c.signed_at)
    for row in session.connection().execute(query):
        found[row.subject_id].append(
            Signed(row.printed_name, row.role, row.signed_at, row.meaning, row.signed_by)
        )
    return found
