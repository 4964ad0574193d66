"""The assessments of one infusion as they now stand, in the form the grader takes.

Re-grading after an entry, the import and `manage.py verify` all read a course through here.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping, select
from sqlmodel import Session, col

from db.charted_columns import CHARTED_COLUMNS, charted_of
from db.models import Assessment
from grading.charted import Charted


@dataclass(frozen=True, slots=True)
class StoredAssessment:
    """The current version of an assessment that is not voided; `id` is the version's row."""

    id: int
    stable_id: str
    version: int
    patient_id: int
    infusion_id: int
    assessed_at: datetime
    entered_at: datetime
    entered_by: int | None
    source: str
    charted: Charted


def load_course(session: Session, infusion_id: int) -> list[StoredAssessment]:
    """Every current, recorded assessment of an infusion, by time observed."""
    rows = session.connection().execute(
        select(*_COLUMNS)
        .where(
            col(Assessment.infusion_id) == infusion_id,
            col(Assessment.superseded_at).is_(None),
            col(Assessment.status) == "recorded",
        )
        .order_by(col(Assessment.assessed_at))
    )
    return [_stored(row) for row in rows.mappings()]


def _stored(row: RowMapping) -> StoredAssessment:
    return StoredAssessment(**{name: row[name] for name in _ABOUT}, charted=charted_of(row))


_ABOUT: Final = tuple(field.name for field in fields(StoredAssessment) if field.name != "charted")
_COLUMNS: Final = [getattr(Assessment, name) for name in dict.fromkeys((*_ABOUT, *CHARTED_COLUMNS))]
