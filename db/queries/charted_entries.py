"""Entries as people read them: what was charted, who entered it when, its grades, and every version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, select
from sqlmodel import Session, col

from db.models import Assessment, Grade, User
from grading.charted import FILE_COLUMNS
from grading.scale import Toxicity, grade_sentence
from trial.calendar import GradePoint, Recorded
from trial.refusals import asked_again_at

VALUE_COLUMNS: Final = FILE_COLUMNS[3:]
"""The columns of the assessment file that hold what was found, in file order."""

_ICE_ITEMS: Final = ("ice_orientation", "ice_naming", "ice_commands", "ice_writing", "ice_attention")


@dataclass(frozen=True, slots=True)
class StoredGrade:
    """One grade as it was stored, with its reasons."""

    scale: Toxicity
    grade: int | None
    at_least: int
    missing: tuple[str, ...]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    ruleset: str

    def sentence(self) -> str:
        """The decision in one sentence, followed by the notes."""
        return grade_sentence(self.scale, self.grade, self.at_least, self.reasons, self.notes)


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of one assessment. `values` holds the recorded columns only, as stored, in file order.

    `entered_by` is a display name, None for the program itself; `grades` is empty for a voided version.
    """

    assessment_id: int
    stable_id: str
    version: int
    infusion_id: int
    status: str
    superseded_at: datetime | None
    reason: str | None
    source: str
    assessed_at: datetime
    entered_at: datetime
    entered_by_id: int | None
    entered_by: str | None
    values: Mapping[str, Any]
    grades: Mapping[Toxicity, StoredGrade]

    @property
    def corrected(self) -> bool:
        """Whether an earlier version stands behind this one."""
        return self.version > 1

    @property
    def ice_total(self) -> int | None:
        """The ICE score, given or as the sum of five items; None where it is not complete."""
        if "ice_score" in self.values:
            return int(self.values["ice_score"])
        items = [self.values.get(item) for item in _ICE_ITEMS]
        return None if None in items else sum(int(item) for item in items if item is not None)

    @property
    def recorded(self) -> Recorded:
        """Which kinds of due assessment this entry meets."""
        vital_signs = all(name in self.values for name in ("temperature_c", "systolic_mmhg", "spo2_percent"))
        ice = self.ice_total is not None or "ice_not_done" in self.values
        values = self.values
        again = asked_again_at(values.get("ice_not_done"), values.get("comment"), self.assessed_at)
        return Recorded(self.assessed_at, vital_signs, ice, again)

    @property
    def grade_point(self) -> GradePoint:
        """Both grades, as the calendar takes them."""
        crs, icans = self.grades[Toxicity.CRS], self.grades[Toxicity.ICANS]
        return GradePoint(self.assessed_at, crs.grade, crs.at_least, icans.grade, icans.at_least)


def stored_grade(row: RowMapping) -> StoredGrade:
    """The grade in a row that holds its columns by name."""
    return StoredGrade(
        Toxicity(row["scale"]),
        row["grade"],
        row["at_least"],
        _split(row["missing"], ";"),
        _split(row["reasons"], "\n"),
        _split(row["notes"], "\n"),
        row["ruleset"],
    )


def load_entries(session: Session, infusion_id: int) -> tuple[Entry, ...]:
    """The entries after one infusion that stand today, by time observed; voided ones left out."""
    where = (
        col(Assessment.infusion_id) == infusion_id,
        col(Assessment.superseded_at).is_(None),
        col(Assessment.status) == "recorded",
    )
    grades = _grades(session, col(Grade.infusion_id) == infusion_id, col(Grade.superseded_at).is_(None))
    return tuple(_entry(row, grades) for row in _assessments(session, *where))


def load_versions(session: Session, stable_id: str) -> tuple[Entry, ...]:
    """Every version of one entry, the first first; each with the last grade it had."""
    rows = _assessments(session, col(Assessment.stable_id) == stable_id)
    grades = _grades(session, col(Grade.assessment_id).in_([row["id"] for row in rows]))
    return tuple(sorted((_entry(row, grades) for row in rows), key=lambda entry: entry.version))


def load_voided(session: Session, infusion_id: int) -> tuple[Entry, ...]:
    """The entries after one infusion that were withdrawn, by time observed."""
    where = (
        col(Assessment.infusion_id) == infusion_id,
        col(Assessment.superseded_at).is_(None),
        col(Assessment.status) == "voided",
    )
    return tuple(_entry(row, {}) for row in _assessments(session, *where))


_ENTRY_COLUMNS: Final = (
    *(
        getattr(Assessment, name)
        for name in (
            "id",
            "stable_id",
            "version",
            "infusion_id",
            "status",
            "superseded_at",
            "reason",
            "source",
            "assessed_at",
            "entered_at",
            "entered_by",
            *VALUE_COLUMNS,
        )
    ),
    col(User.display_name),
)


def _assessments(session: Session, *where: Any) -> Sequence[RowMapping]:
    query = (
        select(*_ENTRY_COLUMNS)
        .outerjoin(User, col(User.id) == col(Assessment.entered_by))
        .where(*where)
        .order_by(col(Assessment.assessed_at), col(Assessment.id))
    )
    return session.connection().execute(query).mappings().all()


def _grades(session: Session, *where: Any) -> dict[tuple[int, Toxicity], StoredGrade]:
    query = (
        select(
            col(Grade.assessment_id),
            col(Grade.scale),
            col(Grade.grade),
            col(Grade.at_least),
            col(Grade.missing),
            col(Grade.reasons),
            col(Grade.notes),
            col(Grade.ruleset),
        )
        .where(*where)
        .order_by(col(Grade.id))
    )
    found: dict[tuple[int, Toxicity], StoredGrade] = {}
    for row in session.connection().execute(query).mappings():
        grade = stored_grade(row)
        # By id, so that the last grade of a superseded version is the one that stays.
        found[row["assessment_id"], grade.scale] = grade
    return found


def _entry(row: RowMapping, grades: Mapping[tuple[int, Toxicity], StoredGrade]) -> Entry:
    assessment_id = row["id"]
    return Entry(
        assessment_id=assessment_id,
        stable_id=row["stable_id"],
        version=row["version"],
        infusion_id=row["infusion_id"],
        status=row["status"],
        superseded_at=row["superseded_at"],
        reason=row["reason"],
        source=row["source"],
        assessed_at=row["assessed_at"],
        entered_at=row["entered_at"],
        entered_by_id=row["entered_by"],
        entered_by=row["display_name"],
        values={name: row[name] for name in VALUE_COLUMNS if row[name] is not None},
        grades={
            scale: grades[assessment_id, scale] for scale in Toxicity if (assessment_id, scale) in grades
        },
    )


def _split(text: str, mark: str) -> tuple[str, ...]:
    return tuple(text.split(mark)) if text else ()
