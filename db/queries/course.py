"""The assessments of one infusion as they now stand, in the form the grader takes.

Re-grading after an entry, the import and `manage.py verify` all read a course through here.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import Final

from sqlalchemy import select
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
    return [_stored(*row) for row in rows]


def _stored(
    id_: int,
    stable_id: str,
    version: int,
    patient_id: int,
    infusion_id: int,
    assessed_at: datetime,
    entered_at: datetime,
    entered_by: int | None,
    source: str,
    *charted: object,
) -> StoredAssessment:
    return StoredAssessment(
        id_,
        stable_id,
        version,
        patient_id,
        infusion_id,
        assessed_at,
        entered_at,
        entered_by,
        source,
        _charted(charted),
    )


# An entry reads its whole course again: what one row says is worked out once, by its values alone.
@lru_cache(maxsize=8192)
def _charted(values: tuple[object, ...]) -> Charted:
    return charted_of(dict(zip(CHARTED_COLUMNS, values, strict=True)))


_ABOUT: Final = tuple(field.name for field in fields(StoredAssessment) if field.name != "charted")
_COLUMNS: Final = [getattr(Assessment, name) for name in (*_ABOUT, *CHARTED_COLUMNS)]
