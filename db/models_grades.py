"""Grades of assessments, and the worst of each day. Import them from `db.models`."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from db.columns import Record, UtcDateTime, one_of, rule, whole, yes_no
from grading.scale import Toxicity

_CURRENT = text("superseded_at IS NULL")


class Grade(Record, table=True):
    """A grade of one version of an assessment; `settings_hash` names the protocol that held then.

    `missing` has `;` between column names, `reasons` and `notes` a line break between phrases, '' for none.
    `fever`, `course_open` and `recurrence` belong to CRS and are NULL for ICANS.
    A re-grade that changes something inserts a row and supersedes this one.
    """

    __table_args__ = (
        Index(
            "uq_grade_current",
            "assessment_id",
            "scale",
            unique=True,
            sqlite_where=_CURRENT,
            postgresql_where=_CURRENT,
        ),
        one_of("scale", Toxicity),
        whole("grade", 0, 5),
        whole("at_least", 0, 5),
        whole("at_most", 0, 5),
        rule(
            "settled_or_open",
            # Not "... OR ...": with grade NULL that would be neither true nor false, and pass.
            "CASE WHEN grade IS NULL THEN at_least < at_most ELSE grade = at_least AND grade = at_most END",
        ),
        one_of("fever", ("present", "masked", "absent", "unknown")),
        rule(
            "crs_has_a_course",
            "(scale = 'crs') = (fever IS NOT NULL) AND (scale = 'crs') = (course_open IS NOT NULL)"
            " AND (scale = 'crs') = (recurrence IS NOT NULL)",
        ),
        yes_no("course_open"),
        yes_no("recurrence"),
    )

    id: int | None = Field(default=None, primary_key=True)
    assessment_id: int = Field(foreign_key="assessment.id")
    infusion_id: int = Field(foreign_key="infusion.id", index=True)
    scale: str
    grade: int | None = None
    at_least: int
    at_most: int
    missing: str = ""
    reasons: str = ""
    notes: str = ""
    fever: str | None = None
    course_open: bool | None = None
    recurrence: bool | None = None
    ruleset: str
    settings_hash: str
    graded_at: datetime = Field(sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PatientDay(Record, table=True):
    """The worst grade of one toxicity on one of the hospital's days; rebuilt from `grade` at any time.

    `settled` says that it is shown without "at least"; a worst of 0 is settled only where an assessment
    of the day is settled at 0.
    """

    __table_args__ = (
        UniqueConstraint("infusion_id", "scale", "on_date"),
        one_of("scale", Toxicity),
        whole("days_since_infusion", -1, 40_000),
        whole("worst_at_least", 0, 5),
        yes_no("settled"),
        whole("assessments", 1, 100_000),
    )

    id: int | None = Field(default=None, primary_key=True)
    infusion_id: int = Field(foreign_key="infusion.id")
    scale: str
    on_date: date
    days_since_infusion: int
    worst_at_least: int
    settled: bool
    assessments: int
