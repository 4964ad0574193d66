"""How a patient stands now: both grades with their change in 24 h, and what is overdue or due next.

Vital signs come oftener than ICE. So a grade shown is the last settled one, with its time where a later
entry did not settle it, or anything higher proved since. A grade 0 that is overdue is no longer shown as 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from db.queries.board import BoardPatient, Point
from grading.scale import Toxicity
from pages.parts import tiles
from pages.parts.wording import when
from trial.calendar import GradePoint, SlotKind
from trial.due import DueCourse, DueNow, due_now, skips_that_count
from trial.protocol import Protocol

ARROW_HOURS: Final = 24
KIND_OF: Final = {Toxicity.CRS: SlotKind.VITAL_SIGNS, Toxicity.ICANS: SlotKind.ICE}
"""What must be recorded for a toxicity to be graded."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One toxicity now: the tile's values, and the words beside it.

    grade      the settled grade shown, or None
    at_least   what is proved; None where there is no assessment at all
    direction  of the arrow: tiles.UP, tiles.DOWN or tiles.SAME
    at         when it was observed; of a grade 0 that is no longer shown, when that was settled
    """

    grade: int | None
    at_least: int | None
    direction: str
    words: str
    at: datetime | None = None

    @property
    def rank(self) -> int:
        """For ordering: the worse first."""
        return -1 if self.at_least is None else self.at_least


def standing(
    points: Sequence[Point], scale: Toxicity, now: datetime, zone: tzinfo, *, is_overdue: bool
) -> Standing:
    """How one toxicity stands. `is_overdue`: what it is graded from is overdue."""
    if not points:
        return Standing(None, None, tiles.SAME, "no assessment yet")
    settled = _last_settled(points, scale)
    if settled is None:
        return _never_settled(points, scale, now, zone)
    grade, _ = settled.of(scale)
    assert grade is not None
    higher = _proved_since(points, settled, scale, grade)
    if higher is not None:
        at_least = higher.of(scale)[1]
        direction, words = change(points, scale, at_least, now, zone)
        return Standing(None, at_least, direction, words, higher.at)
    direction, words = change(points, scale, grade, now, zone)
    if settled is points[-1] and not is_overdue:
        return Standing(grade, grade, direction, words, settled.at)
    settled_at = when(settled.at, now, zone)
    if is_overdue and grade == 0:
        return Standing(None, 0, tiles.SAME, f"not graded since {settled_at}", settled.at)
    return Standing(grade, grade, direction, f"{words}, settled {settled_at}", settled.at)


def change(
    points: Sequence[Point], scale: Toxicity, shown: int, now: datetime, zone: tzinfo
) -> tuple[str, str]:
    """The arrow and its words: the last other grade within 24 h of elapsed time.

    What was unsettled below the grade shown is no earlier grade: nobody knows what it was.
    """
    recent = [point for point in points if point.at >= now - timedelta(hours=ARROW_HOURS)]
    for point in reversed(recent):
        grade, at_least = point.of(scale)
        if at_least > shown:
            less = "" if grade is not None else "at least "
            return tiles.DOWN, f"down from {less}{at_least} at {when(point.at, now, zone)}"
        if grade is not None and grade < shown:
            return tiles.UP, f"up from {grade} at {when(point.at, now, zone)}"
    known = [point for point in points if point.of(scale)[0] is not None or point.of(scale)[1] > 0]
    if len(known) < 2:
        return tiles.SAME, "first grade"
    return tiles.SAME, "no change in 24 h"


def due_of(patient: BoardPatient, now: datetime, protocol: Protocol, zone: ZoneInfo) -> DueNow:
    """What is overdue and what comes next for this patient."""
    course = course_of(patient, now)
    return due_now(course, last_recorded(patient.points, now), now, protocol, zone=zone)


def course_of(patient: BoardPatient, now: datetime) -> DueCourse:
    """What decides when this patient's assessments are due."""
    grades = (
        tuple(point.grade_point() for point in patient.points)
        if patient.whole_course
        else _known_icans(patient.points)
    )
    skipped = skips_that_count(patient.skipped, now)
    return DueCourse(patient.infused_at, patient.stays, grades, skipped)


def last_recorded(points: Sequence[Point], now: datetime) -> dict[SlotKind, datetime]:
    """When each kind of due assessment was last recorded, so that it still counts."""
    return {kind: point.at for point in points for kind in SlotKind if point.holds(kind, now)}


def open_columns(
    patient: BoardPatient,
    overdue: DueNow,
    missing: Mapping[tuple[int, Toxicity], tuple[str, ...]],
) -> dict[Toxicity, tuple[str, ...]]:
    """What the latest entry leaves open. ICE is not missed at an entry that was not due to have it."""
    if not patient.points:
        return {}
    latest = patient.points[-1]
    found = {}
    for scale in Toxicity:
        columns = missing.get((latest.assessment_id, scale), ())
        awaited = scale is Toxicity.CRS or latest.ice or latest.of(scale)[1] > 0
        is_overdue = any(slot.kind is KIND_OF[scale] for slot in overdue.overdue)
        if columns and (awaited or is_overdue):
            found[scale] = columns
    return found


def _last_settled(points: Sequence[Point], scale: Toxicity) -> Point | None:
    return next((point for point in reversed(points) if point.of(scale)[0] is not None), None)


def _proved_since(points: Sequence[Point], settled: Point, scale: Toxicity, grade: int) -> Point | None:
    """The worst assessment after the last settled one that proves more, the latest of equals."""
    later = [point for point in points if point.at > settled.at and point.of(scale)[1] > grade]
    return max(later, key=lambda point: (point.of(scale)[1], point.at), default=None)


def _never_settled(points: Sequence[Point], scale: Toxicity, now: datetime, zone: tzinfo) -> Standing:
    worst = max(points, key=lambda point: (point.of(scale)[1], point.at))
    at_least = worst.of(scale)[1]
    if at_least == 0:
        return Standing(None, 0, tiles.SAME, "not graded yet")
    direction, words = change(points, scale, at_least, now, zone)
    return Standing(None, at_least, direction, words, worst.at)


def _known_icans(points: Sequence[Point]) -> tuple[GradePoint, ...]:
    """Each change of the last settled ICANS grade or anything higher since: due times depend on no more."""
    changes: list[GradePoint] = []
    known = 0
    for point in points:
        grade = point.icans_grade
        now_known = max(known, point.icans_at_least) if grade is None else grade
        if now_known != known:
            changes.append(GradePoint(point.at, None, 0, now_known, now_known))
        known = now_known
    return tuple(changes)
