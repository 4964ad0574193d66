"""The worst grade after an infusion, with the days on which a worse one is not ruled out."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from grading.scale import Toxicity
from trial.calendar import GradePoint, day_of
from trial.protocol import Protocol
from trial.screening_facts import WorstGrade


def worst_grade(
    toxicity: Toxicity,
    infused_at: datetime,
    grades: Iterable[GradePoint],
    until: datetime,
    protocol: Protocol,
    *,
    zone: ZoneInfo,
) -> WorstGrade | None:
    """The worst grade up to `until`; None where nothing was assessed.

    Every assessment counts, also after the monitored days. A day is not settled when none of its assessments
    is; of the monitored days that are over, also when it has no assessment. Day 0 and the day of `until` are
    not asked for one: nothing may have been due on them.
    """
    past = [point for point in grades if infused_at <= point.at <= until]
    if not past:
        return None
    today = day_of(until, infused_at, zone)
    settled, assessed = set[int](), set[int]()
    for point in past:
        day = day_of(point.at, infused_at, zone)
        assessed.add(day)
        if _grade(toxicity, point) is not None:
            settled.add(day)
    asked = assessed.union(range(1, min(today, protocol.monitoring_days + 1)))
    return WorstGrade(max(_at_least(toxicity, point) for point in past), tuple(sorted(asked - settled)))


def _grade(toxicity: Toxicity, point: GradePoint) -> int | None:
    return point.crs_grade if toxicity is Toxicity.CRS else point.icans_grade


def _at_least(toxicity: Toxicity, point: GradePoint) -> int:
    return point.crs_at_least if toxicity is Toxicity.CRS else point.icans_at_least
