"""Grading a stored course again, from one moment on, inside the transaction of what changed it.

The walker of `grading.crs_course` is causal: a row can change its own grade and those after it, never one
before. So a late or corrected entry re-grades from its own moment on and leaves every earlier grade as it was
stored, also where a new protocol or edition of the rules would grade it differently today.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, bindparam, insert, select, update
from sqlmodel import Session

from actions import context
from actions.patient_days import DayGrade, rewrite_days, worst_of_days
from alerts.reconcile import Told, reconcile_course
from db.models import Record
from db.queries.course import StoredAssessment, last_closed_at, load_course
from db.queries.treatments import load_infused_and_given
from db.roles import Actor
from failpoints import reach
from grading.crs_course import GradedAssessment, grade_course
from grading.scale import RULESET, Grade, Toxicity
from trial.protocol import Protocol

_log: Final = logging.getLogger(__name__)

_GRADES: Final = Record.metadata.tables["grade"]
_JUDGED: Final = (
    "grade",
    "at_least",
    "at_most",
    "missing",
    "reasons",
    "notes",
    "fever",
    "course_open",
    "recurrence",
)
"""What a re-grade compares. Another edition or protocol alone never makes a new row."""
_STANDING: Final = select(_GRADES).where(
    _GRADES.c.infusion_id == bindparam("of_infusion"), _GRADES.c.superseded_at.is_(None)
)
_STANDING_OF: Final = select(_GRADES).where(
    _GRADES.c.assessment_id.in_(bindparam("those", expanding=True)), _GRADES.c.superseded_at.is_(None)
)
_SUPERSEDE: Final = (
    update(_GRADES).where(_GRADES.c.id == bindparam("row_id")).values(superseded_at=bindparam("at"))
)
_SUPERSEDE_OF: Final = (
    update(_GRADES)
    .where(_GRADES.c.assessment_id == bindparam("of_assessment"), _GRADES.c.superseded_at.is_(None))
    .values(superseded_at=bindparam("at"))
)
_FEW: Final = 200  # assessments that are worth naming one by one in a query

_Key = tuple[int, str]  # assessment id, scale


@dataclass(frozen=True, slots=True)
class Regraded:
    """What grading a course again came to.

    graded   assessment id -> its grades, for the assessments at or after the moment
    changed  how many grade rows were written
    told     what the alerts made of it
    """

    graded: Mapping[int, GradedAssessment]
    changed: int
    told: Told


def regrade_course(
    session: Session,
    infusion_id: int,
    *,
    from_at: datetime | None,
    now: datetime,
    protocol: Protocol,
    by: Actor,
    historical: bool = False,
) -> Regraded:
    """Grade the course of one infusion again from `from_at` on (None: all of it), and reconcile its alerts.

    Writes the grades that changed, the days they belong to, and what the alerts make of them; nothing where
    nothing changed. Runs in the caller's transaction.
    """
    course = _grade(session, infusion_id, from_at, protocol)
    standing = _load_standing(session, course)
    changed = _write_changed(session, course, standing, now, protocol)
    reach("entry.after_grades")
    from_on = None if from_at is None else from_at.astimezone(course.zone).date()
    worst = worst_of_days(course.day_grades(standing), course.infused_at, course.zone)
    rewrite_days(session, infusion_id, worst, from_on)
    reach("entry.after_days")
    told = reconcile_course(
        session,
        infusion_id=infusion_id,
        now=now,
        protocol=protocol,
        by=by,
        settings=context.settings(),
        historical=historical,
    )
    reach("entry.after_reconcile")
    return Regraded({one.id: result for one, result in course.touched()}, changed, told)


def retire_grades(session: Session, assessment_id: int, now: datetime) -> None:
    """Supersede the grades of a version that is itself superseded."""
    session.connection().execute(_SUPERSEDE_OF, {"of_assessment": assessment_id, "at": now})


@dataclass(frozen=True, slots=True)
class _Course:
    """A course as it stands in the transaction and grades today: `rows` from the day of `from_at` on."""

    infusion_id: int
    infused_at: datetime
    from_at: datetime | None
    zone: ZoneInfo
    rows: Sequence[tuple[StoredAssessment, GradedAssessment]]

    def touched(self) -> Iterator[tuple[StoredAssessment, GradedAssessment]]:
        """The assessments whose grades may change."""
        return (row for row in self.rows if self._may_change(row[0].charted.assessed_at))

    def day_grades(self, standing: Mapping[_Key, RowMapping]) -> Iterator[DayGrade]:
        """The grades a day's worst is taken from: as stored where they may not change."""
        for stored, graded in self.rows:
            at = stored.charted.assessed_at
            for grade in (graded.crs, graded.icans):
                kept = None if self._may_change(at) else standing.get((stored.id, grade.scale.value))
                if kept is None:
                    yield DayGrade(at, grade.scale, grade.grade, grade.at_least)
                else:
                    yield DayGrade(at, grade.scale, kept["grade"], kept["at_least"])

    def _may_change(self, at: datetime) -> bool:
        return self.from_at is None or at >= self.from_at


def _grade(session: Session, infusion_id: int, from_at: datetime | None, protocol: Protocol) -> _Course:
    infused_at, drugs = load_infused_and_given(session, infusion_id)
    zone = context.settings().zone
    first_at = None if from_at is None else _start_of_day(from_at, zone)
    stored = _load(session, infusion_id, first_at, protocol)
    graded = grade_course(
        [one.charted for one in stored],
        infused_at=infused_at.astimezone(zone),
        settings=protocol.grading,
        from_at=first_at,
        drugs=drugs,
    )
    rows = list(zip(stored[len(stored) - len(graded) :], graded, strict=True))
    return _Course(infusion_id, infused_at, from_at, zone, rows)


def _load(
    session: Session, infusion_id: int, first_at: datetime | None, protocol: Protocol
) -> list[StoredAssessment]:
    """The assessments that decide the grades from `first_at` on.

    A closed course remembers nothing: the walk may begin after it. A drug charted before it could delay the
    end of the next course only where drugs are waited for longer than signs; then the whole course is walked.
    Treatments are read apart, all of them.
    """
    after = None
    if first_at is not None and protocol.grading.drug_hours <= protocol.grading.clear_hours:
        after = last_closed_at(
            session, infusion_id, before=first_at, ruleset=RULESET, settings_hash=protocol.hash
        )
    return load_course(session, infusion_id, after=after)


def _start_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    """Midnight of the hospital's day: the day's worst needs all of its assessments."""
    return datetime.combine(at.astimezone(zone).date(), time(), zone)


def _load_standing(session: Session, course: _Course) -> dict[_Key, RowMapping]:
    """The grades that stand now for the assessments of the touched days."""
    ids = [stored.id for stored, _ in course.rows]
    few = len(ids) <= _FEW
    values: dict[str, Any] = {"those": ids} if few else {"of_infusion": course.infusion_id}
    rows = session.connection().execute(_STANDING_OF if few else _STANDING, values).mappings()
    return {(row["assessment_id"], row["scale"]): row for row in rows}


def _write_changed(
    session: Session, course: _Course, standing: Mapping[_Key, RowMapping], now: datetime, protocol: Protocol
) -> int:
    new: list[dict[str, Any]] = []
    old: list[dict[str, Any]] = []
    touched = {stored.id for stored, _ in course.touched()}
    for stored, graded in course.rows:
        for grade in (graded.crs, graded.icans):
            judged = judged_values(graded, grade)
            before = standing.get((stored.id, grade.scale.value))
            if before is not None and all(before[name] == judged[name] for name in _JUDGED):
                continue
            if stored.id not in touched:
                _report_earlier(stored, before, protocol)
                continue
            if before is not None:
                old.append({"row_id": before["id"], "at": now})
            new.append(judged | _origin(stored, course.infusion_id, grade, now, protocol))
    connection = session.connection()
    if old:
        connection.execute(_SUPERSEDE, old)
    if new:
        connection.execute(insert(_GRADES), new)
    return len(new)


def judged_values(graded: GradedAssessment, grade: Grade) -> dict[str, Any]:
    """The judgement columns of one row of `grade`."""
    crs = grade.scale is Toxicity.CRS
    return {
        "grade": grade.grade,
        "at_least": grade.at_least,
        "at_most": grade.at_most,
        "missing": ";".join(grade.missing),
        "reasons": "\n".join(grade.reasons),
        "notes": "\n".join(grade.notes),
        "fever": graded.crs_state.fever.value if crs else None,
        "course_open": graded.crs_state.course_open if crs else None,
        "recurrence": graded.crs_state.recurrence if crs else None,
    }


def _origin(
    stored: StoredAssessment, infusion_id: int, grade: Grade, now: datetime, protocol: Protocol
) -> dict[str, Any]:
    return {
        "assessment_id": stored.id,
        "infusion_id": infusion_id,
        "scale": grade.scale.value,
        "ruleset": grade.ruleset,
        "settings_hash": protocol.hash,
        "graded_at": now,
    }


def _report_earlier(stored: StoredAssessment, before: RowMapping | None, protocol: Protocol) -> None:
    # An entry must be saved all the same; `manage.py verify` shows the difference.
    if before is None or before["settings_hash"] == protocol.hash:
        _log.error("The stored grade of assessment %s is not what its course gives now.", stored.id)
