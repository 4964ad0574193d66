"""Reads of drafts: whose unsaved entries there are."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping, select
from sqlmodel import Session

from db.models import Record


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """An unsaved entry as it was last kept; `content` is the page's own JSON text."""

    id: int
    patient_id: int
    infusion_id: int
    slot_at: datetime
    content: str
    form_token: str
    started_at: datetime
    saved_at: datetime


_NAMES: Final = tuple(field.name for field in fields(StoredDraft))
_DRAFTS: Final = Record.metadata.tables["draft"]


def find_draft(session: Session, *, user_id: int, infusion_id: int, slot_at: datetime) -> StoredDraft | None:
    """The person's draft for this infusion and slot, or None."""
    query = select(_DRAFTS).where(
        _DRAFTS.c.user_id == user_id, _DRAFTS.c.infusion_id == infusion_id, _DRAFTS.c.slot_at == slot_at
    )
    row = session.connection().execute(query).mappings().first()
    return None if row is None else _draft(row)


def drafts_of(session: Session, *, user_id: int, infusion_id: int | None = None) -> list[StoredDraft]:
    """The person's drafts, of one infusion or of all, latest first."""
    query = select(_DRAFTS).where(_DRAFTS.c.user_id == user_id).order_by(_DRAFTS.c.saved_at.desc())
    if infusion_id is not None:
        query = query.where(_DRAFTS.c.infusion_id == infusion_id)
    return [_draft(row) for row in session.connection().execute(query).mappings()]


def _draft(row: RowMapping) -> StoredDraft:
    return StoredDraft(**{name: row[name] for name in _NAMES})
