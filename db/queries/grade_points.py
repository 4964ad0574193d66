"""Both grades of every assessment after one infusion, as they stand or as they stood."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from db.models import Assessment, Grade
from grading.scale import Toxicity
from trial.calendar import GradePoint


def load_grade_points(
    session: Session, infusion_id: int, *, known_at: datetime | None = None
) -> list[GradePoint]:
    """The grades by time observed; with `known_at` as they were known then, before later corrections."""
    crs, icans = aliased(Grade), aliased(Grade)
    query = (
        select(
            col(Assessment.assessed_at),
            col(crs.grade),
            col(crs.at_least),
            col(icans.grade),
            col(icans.at_least),
        )
        .join(crs, _of(crs, Toxicity.CRS, known_at))
        .join(icans, _of(icans, Toxicity.ICANS, known_at))
        .where(
            col(Assessment.infusion_id) == infusion_id,
            col(Assessment.status) == "recorded",
            _stood(Assessment, _ENTERED, known_at),
        )
        .order_by(col(Assessment.assessed_at))
    )
    return [GradePoint(*row) for row in session.connection().execute(query)]


_ENTERED: Final = "entered_at"
_GRADED: Final = "graded_at"


def _of(grade: Any, scale: Toxicity, known_at: datetime | None) -> ColumnElement[bool]:  # noqa: ANN401 -- an alias
    return and_(
        col(grade.assessment_id) == Assessment.id,
        col(grade.scale) == scale.value,
        _stood(grade, _GRADED, known_at),
    )


def _stood(table: Any, begun: str, known_at: datetime | None) -> ColumnElement[bool]:  # noqa: ANN401 -- an alias
    still = col(table.superseded_at).is_(None)
    if known_at is None:
        return still
    return and_(col(getattr(table, begun)) <= known_at, or_(still, col(table.superseded_at) > known_at))
