"""The committee's reports: stored as they were made, and signed."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import Session

from actions.errors import AlreadyRecorded, ChangedMeanwhile, Refused
from actions.permissions import Action, require
from actions.rows import insert_row
from actions.signatures import Signer, sign
from db.audit import append_event
from db.models import Record
from db.roles import Actor
from db.session import writing

MEANING: Final = "I have reviewed this report"

_REPORTS: Final = Record.metadata.tables["report"]
_FILES: Final = Record.metadata.tables["report_file"]
_SIGNATURES: Final = Record.metadata.tables["signature"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """One file of a report."""

    part: str
    kind: str
    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The hash that is kept with it."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReport:
    """A report as `reports.committee` made it."""

    number: int
    cutoff_at: datetime
    ruleset: str
    program_version: str
    protocol_hash: str
    frozen: bytes
    files: tuple[NewFile, ...]

    @property
    def frozen_sha256(self) -> str:
        """What signatures are bound to."""
        return hashlib.sha256(self.frozen).hexdigest()


def next_number(session: Session) -> int:
    """The number of the next report."""
    newest: int | None = session.connection().execute(select(func.max(_REPORTS.c.number))).scalar()
    return (newest or 0) + 1


def store_report(report: NewReport, *, by: Actor, now: datetime) -> int:
    """Store a report with its files in one transaction; returns its row id.

    Raises:
        ChangedMeanwhile: somebody else made a report of this number first.
        Refused: the cut-off lies in the future.
    """
    require(by, Action.MAKE_REPORT)
    if report.cutoff_at > now:
        raise Refused("The data cut-off must not be in the future.")
    with writing() as session:
        if next_number(session) != report.number:
            raise ChangedMeanwhile(
                f"Somebody else has made report {report.number} meanwhile. Look at it, or make another.",
                theirs={},
                yours={},
            )
        report_id = insert_row(session, _REPORTS, _values(report, by, now))
        for file in report.files:
            values = {"part": file.part, "kind": file.kind, "name": file.name, "content": file.content}
            insert_row(session, _FILES, values | {"report_id": report_id, "sha256": file.sha256})
        append_event(
            session,
            at=now,
            by=by,
            action="make_report",
            subject="report",
            subject_id=report_id,
            detail={
                "number": report.number,
                "cutoff_at": report.cutoff_at,
                "frozen_sha256": report.frozen_sha256,
                "files": {file.name: file.sha256 for file in report.files},
            },
        )
    return report_id


def sign_report(report_id: int, frozen_sha256: str, *, signer: Signer, now: datetime) -> int:
    """Sign a report: bound to the hash of what was frozen; returns the signature's row id.

    Raises:
        Refused: the report is not known, or its hash is not the one that was shown.
        AlreadyRecorded: this member has signed it.
    """
    require(signer.actor, Action.SIGN_REPORT)
    with writing() as session:
        stored = (
            session.connection()
            .execute(select(_REPORTS.c.number, _REPORTS.c.frozen_sha256).where(_REPORTS.c.id == report_id))
            .first()
        )
        if stored is None or stored.frozen_sha256 != frozen_sha256:
            raise Refused("This is not the report that was shown. Reload the page and look again.")
        _refuse_signed(session, report_id, signer.actor)
        return sign(
            session,
            signer,
            subject="report",
            subject_id=report_id,
            meaning=MEANING,
            record={"number": stored.number, "frozen_sha256": frozen_sha256},
            now=now,
        )


def _refuse_signed(session: Session, report_id: int, by: Actor) -> None:
    query = select(_SIGNATURES.c.id).where(
        _SIGNATURES.c.subject == "report",
        _SIGNATURES.c.subject_id == report_id,
        _SIGNATURES.c.signed_by == by.user_id,
    )
    if session.connection().execute(query).first() is not None:
        raise AlreadyRecorded("You have signed this report already.")


def _values(report: NewReport, by: Actor, now: datetime) -> dict[str, Any]:
    return {
        "number": report.number,
        "cutoff_at": report.cutoff_at,
        "made_at": now,
        "made_by": by.user_id,
        "ruleset": report.ruleset,
        "program_version": report.program_version,
        "protocol_hash": report.protocol_hash,
        "frozen": report.frozen,
        "frozen_sha256": report.frozen_sha256,
    }
