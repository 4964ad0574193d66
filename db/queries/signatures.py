"""Reading signatures: who signed a record, when, and with which meaning."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlmodel import Session

from db.models import Record

_SIGNATURES: Final = Record.metadata.tables["signature"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRecord:
    """One signature; `record_hash` is the SHA-256 of what was signed."""

    id: int
    subject_id: int
    meaning: str
    record_hash: str
    printed_name: str
    role: str
    signed_at: datetime


def load_signatures(
    session: Session, subject: str, subject_ids: list[int] | None = None
) -> list[SignatureRecord]:
    """The signatures under these rows (versions) of a table, or under all of them, the first one first."""
    query = select(_SIGNATURES).where(_SIGNATURES.c.subject == subject).order_by(_SIGNATURES.c.id)
    if subject_ids is not None:
        query = query.where(_SIGNATURES.c.subject_id.in_(subject_ids))
    names = SignatureRecord.__dataclass_fields__
    return [
        SignatureRecord(**{name: row[name] for name in names})
        for row in session.connection().execute(query).mappings()
    ]
