"""The assessments of one infusion as they now stand, in the form the grader takes.

Re-grading after an entry, the import and `manage.py verify` all read a course through here.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import Final

from sqlalchemy import and_, bindparam, literal_column, select
from sqlmodel import Session

from db.charted_columns import CHARTED_COLUMNS, charted_of
from db.models import Record
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


def load_course(
    session: Session, infusion_id: int, *, after: datetime | None = None
) -> list[StoredAssessment]:
    """Every current, recorded assessment of an infusion (those after `after`), by time observed."""
    values = {"of_infusion": infusion_id} if after is None else {"of_infusion": infusion_id, "after": after}
    rows = session.connection().execute(_COURSE if after is None else _COURSE_AFTER, values)
    return [_stored(*row) for row in rows]


def last_closed_at(
    session: Session, infusion_id: int, *, before: datetime, ruleset: str, settings_hash: str
) -> datetime | None:
    """The latest assessment before `before` that left the CRS course closed, as graded by these rules."""
    values = {
        "of_infusion": infusion_id,
        "before": before,
        "of_ruleset": ruleset,
        "of_settings": settings_hash,
    }
    return session.connection().execute(_LAST_CLOSED, values).scalar()


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
_ASSESSMENTS: Final = Record.metadata.tables["assessment"]
_GRADES: Final = Record.metadata.tables["grade"]
# Written out, not bound: the database then sees that the index of what stands will do.
_STANDS: Final = and_(
    _ASSESSMENTS.c.superseded_at.is_(None), _ASSESSMENTS.c.status == literal_column("'recorded'")
)
_COURSE: Final = (
    select(*(_ASSESSMENTS.c[name] for name in (*_ABOUT, *CHARTED_COLUMNS)))
    .where(_ASSESSMENTS.c.infusion_id == bindparam("of_infusion"), _STANDS)
    .order_by(_ASSESSMENTS.c.assessed_at)
)
_COURSE_AFTER: Final = _COURSE.where(_ASSESSMENTS.c.assessed_at > bindparam("after"))
_LAST_CLOSED: Final = (
    select(_ASSESSMENTS.c.assessed_at)
    .join(_GRADES, _GRADES.c.assessment_id == _ASSESSMENTS.c.id)
    .where(
        _ASSESSMENTS.c.infusion_id == bindparam("of_infusion"),
        _STANDS,
        _ASSESSMENTS.c.assessed_at < bindparam("before"),
        _GRADES.c.superseded_at.is_(None),
        _GRADES.c.scale == literal_column("'crs'"),
        ~_GRADES.c.course_open,
        _GRADES.c.ruleset == bindparam("of_ruleset"),
        _GRADES.c.settings_hash == bindparam("of_settings"),
    )
    .order_by(_ASSESSMENTS.c.assessed_at.desc())
    .limit(1)
)
