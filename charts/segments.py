"""How long a grade stands: from one assessment to the next, and never far into silence.

A grade stands until the next assessment was due, and the tolerance after that; then nobody knows. Vital signs
come oftener than ICE, so a row that does not settle a toxicity leaves the last settled grade standing, unless
it proves more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from trial.protocol import Protocol

Lasts = Callable[["GradedAt"], datetime]


@dataclass(frozen=True, slots=True)
class GradedAt:
    """One grade of one assessment; `grade` is None while something not recorded could raise it."""

    at: datetime
    grade: int | None
    at_least: int
    stable_id: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch with one known grade; `grade` None and `at_least` 0 is "not graded yet"."""

    from_at: datetime
    to_at: datetime
    grade: int | None
    at_least: int
    stable_id: str

    @property
    def known(self) -> bool:
        """Whether anything is proved: False is hatched."""
        return self.grade is not None or self.at_least > 0


def standing_grade(
    rows: Sequence[GradedAt], at: datetime, lasts_until: Lasts | None = None
) -> GradedAt | None:
    """The grade that stands at an instant: the last settled one, or anything higher proved since.

    rows in time order. With `lasts_until`, rows that no longer stand are left out. None: no assessment.
    """
    live = [row for row in rows if row.at <= at and (lasts_until is None or at < lasts_until(row))]
    settled = next((row for row in reversed(live) if row.grade is not None), None)
    since = [row for row in live if row.grade is None and (settled is None or row.at > settled.at)]
    # The latest of those that prove most.
    proved = max(since, key=lambda row: (row.at_least, row.at), default=None)
    if settled is None or (proved is not None and proved.at_least > settled.at_least):
        return proved
    return settled


def grade_segments(rows: Sequence[GradedAt], lasts_until: Lasts, until: datetime) -> list[Segment]:
    """The stretches of one toxicity's strip, in time order; what lies between them is a gap."""
    ends = {row: lasts_until(row) for row in rows}
    breaks = {moment for row, end in ends.items() for moment in (row.at, end) if moment < until}
    moments = sorted(breaks | {until})
    found: list[Segment] = []
    for from_at, to_at in pairwise(moments):
        row = standing_grade(rows, from_at, ends.__getitem__)
        if row is not None:
            _append(found, Segment(from_at, to_at, row.grade, row.at_least, row.stable_id))
    return found


Stretch = tuple[datetime, datetime]


def gaps_between(
    segments: Sequence[Segment], from_at: datetime, until: datetime, away: Sequence[Stretch] = ()
) -> list[Stretch]:
    """Where nothing is known: before, between and after the stretches, the not graded ones included.

    away  times in which nobody was to look, such as a stay at home: no gap
    """
    covered = [(one.from_at, one.to_at) for one in segments if one.known] + list(away)
    gaps: list[Stretch] = []
    reached = from_at
    for starts, ends in sorted(covered):
        if min(starts, until) > reached:
            gaps.append((reached, min(starts, until)))
        reached = max(reached, ends)
    if until > reached:
        gaps.append((reached, until))
    return gaps


def stands_until(at: datetime, times: Sequence[time], protocol: Protocol, zone: ZoneInfo) -> datetime:
    """When an assessment made at `at` no longer stands: the tolerance after the next was due.

    times  the hospital's times at which this kind is due. One within the tolerance of `at` is met by it.
    """
    after = at + protocol.slot_tolerance
    on = after.astimezone(zone).date()
    due_at = next(
        instant
        for day in (on, on + timedelta(days=1), on + timedelta(days=2))
        for instant in (_instant(day, due, zone) for due in times)
        if instant > after
    )
    return due_at + protocol.slot_tolerance


def _append(found: list[Segment], segment: Segment) -> None:
    last = found[-1] if found else None
    same = (
        last is not None
        and last.to_at == segment.from_at
        and (last.grade, last.at_least) == (segment.grade, segment.at_least)
    )
    if last is not None and same:
        found[-1] = Segment(last.from_at, segment.to_at, last.grade, last.at_least, last.stable_id)
    else:
        found.append(segment)


def _instant(on: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, at, zone).astimezone(UTC)
