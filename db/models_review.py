"""What the safety committee leaves: decisions, reviews, comments, questions, reports.

Import them from `db.models`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field

from db.columns import Record, UtcDateTime, one_of, short, whole

DECISIONS = ("continue", "pause", "amend", "stop")


class CommitteeDecision(Record, table=True):
    """What the committee decided on a rule, with the reading it decided on. Append-only, signed."""

    __table_args__ = (
        short("rule", 40),
        one_of("decision", DECISIONS),
        short("reason", 2000),
        short("protocol_hash", 64, least=64),
    )

    id: int | None = Field(default=None, primary_key=True)
    rule: str = Field(index=True)
    reading: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    decision: str
    reason: str
    protocol_hash: str
    by: int = Field(foreign_key="user.id")
    at: datetime = Field(sa_type=UtcDateTime)


class CommitteeReview(Record, table=True):
    """A member reviewed one item in the state of `data_hash`. Append-only; the newest of a member counts."""

    __table_args__ = (short("item", 100), short("data_hash", 64, least=64))

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", index=True)
    item: str
    data_hash: str
    at: datetime = Field(sa_type=UtcDateTime)


class LastLook(Record, table=True):
    """When a member last looked at the safety page; working state."""

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", unique=True)
    at: datetime = Field(sa_type=UtcDateTime)


class ReviewComment(Record, table=True):
    """A comment on an item; it changes no state. Append-only."""

    __table_args__ = (short("item", 100), short("text", 2000))

    id: int | None = Field(default=None, primary_key=True)
    item: str = Field(index=True)
    patient_id: int | None = Field(default=None, foreign_key="patient.id", index=True)
    text: str
    by: int = Field(foreign_key="user.id")
    at: datetime = Field(sa_type=UtcDateTime)


class WardQuestion(Record, table=True):
    """A question to the ward on an assessment. Append-only."""

    __table_args__ = (short("assessment_stable_id", 32, least=32), short("text", 2000))

    id: int | None = Field(default=None, primary_key=True)
    assessment_stable_id: str = Field(index=True)
    patient_id: int = Field(foreign_key="patient.id", index=True)
    text: str
    by: int = Field(foreign_key="user.id")
    at: datetime = Field(sa_type=UtcDateTime)


class WardQuestionStep(Record, table=True):
    """An answer to a question, its closing, or its reopening. Append-only; the newest is the state."""

    __table_args__ = (one_of("kind", ("answered", "closed", "reopened")), short("text", 2000))

    id: int | None = Field(default=None, primary_key=True)
    question_id: int = Field(foreign_key="ward_question.id", index=True)
    kind: str
    text: str | None = None
    by: int = Field(foreign_key="user.id")
    at: datetime = Field(sa_type=UtcDateTime)


class Report(Record, table=True):
    """A committee report: the frozen rows and figures (JSON), and what they were made under. Append-only."""

    __table_args__ = (
        UniqueConstraint("number"),
        whole("number", 1, 100_000),
        short("program_version", 40),
        short("protocol_hash", 64, least=64),
        short("frozen_sha256", 64, least=64),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: int
    cutoff_at: datetime = Field(sa_type=UtcDateTime)
    made_at: datetime = Field(sa_type=UtcDateTime)
    made_by: int | None = Field(default=None, foreign_key="user.id")
    ruleset: str
    program_version: str
    protocol_hash: str
    frozen: bytes
    frozen_sha256: str


class ReportFile(Record, table=True):
    """One file of a report as it was made. Append-only."""

    __table_args__ = (
        UniqueConstraint("report_id", "part", "kind"),
        one_of("part", ("open", "closed")),
        one_of("kind", ("pdf", "html", "xlsx", "csv")),
        short("name", 100),
        short("sha256", 64, least=64),
    )

    id: int | None = Field(default=None, primary_key=True)
    report_id: int = Field(foreign_key="report.id")
    part: str
    kind: str
    name: str
    content: bytes
    sha256: str
