"""What is overdue and what is due next, from what was last recorded of each kind.

`calendar.due_slots` says when something is due and `calendar.slot_status` how one slot stands. A board of
many patients needs only the first slot of each kind that nothing has met yet; this file finds it without
walking the whole course.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from trial.calendar import (
    GradePoint,
    Recorded,
    Slot,
    SlotKind,
    SlotStatus,
    StayPeriod,
    due_slots,
    slot_status,
)
from trial.protocol import Protocol
from trial.refusals import asked_again_at, still_counts

_CHUNK: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class SkippedSlot:
    """One "not done, because" of one due assessment, as it was entered.

    reason  asleep, procedure, refused or other
    """

    kind: SlotKind
    due_at: datetime
    reason: str
    explanation: str | None
    entered_at: datetime

    @property
    def asked_again_at(self) -> datetime | None:
        """From when on this is due again; None where the reason stands."""
        return asked_again_at(self.reason, self.explanation, self.entered_at)

    def counts(self, now: datetime) -> bool:
        """Whether it still stands for the assessment."""
        return still_counts(self.asked_again_at, now)


def newest_skips(skips: Iterable[SkippedSlot]) -> dict[tuple[SlotKind, datetime], SkippedSlot]:
    """(kind, due_at) -> what was said of it last. `skips` stand in the order in which they were entered."""
    return {(skip.kind, skip.due_at): skip for skip in skips}


def skips_that_count(skips: Iterable[SkippedSlot], now: datetime) -> frozenset[tuple[SlotKind, datetime]]:
    """The due assessments that count as done at `now`, by what was said of each of them last.

    This is the `skipped` of `calendar.slot_status` and of `DueCourse`.
    """
    return frozenset(slot for slot, skip in newest_skips(skips).items() if skip.counts(now))


@dataclass(frozen=True, slots=True)
class DueCourse:
    """What decides when assessments of one infusion are due.

    grades   at least the last settled ICANS grade or anything higher since; all of them once the planned
             days are over, because they decide whether the window is still open
    skipped  (kind, due_at) of what counts as done now for a reason (`skips_that_count`)
    """

    infused_at: datetime
    stays: tuple[StayPeriod, ...] = ()
    grades: tuple[GradePoint, ...] = ()
    skipped: frozenset[tuple[SlotKind, datetime]] = frozenset()
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DueNow:
    """The first unmet slot of each kind that is overdue, and the next ones still to come, due at one time."""

    overdue: tuple[Slot, ...]
    coming: tuple[Slot, ...]


def due_now(
    course: DueCourse,
    last: dict[SlotKind, datetime],
    now: datetime,
    protocol: Protocol,
    *,
    zone: ZoneInfo,
) -> DueNow:
    """What is overdue and what comes next. `last` holds when each kind was last recorded, if ever."""
    late_from = now - protocol.slot_tolerance
    until = _end_of_tomorrow(now, zone)
    overdue, coming = [], []
    for kind in SlotKind:
        first = first_unmet(course, kind, last.get(kind), until, protocol, zone)
        if first is not None and first.due_at < late_from:
            overdue.append(first)
            # An entry made now would meet what is due about now, not what is long past.
            past = late_from - protocol.slot_tolerance
            first = first_unmet(course, kind, past, until, protocol, zone)
        if first is not None:
            coming.append(first)
    overdue.sort(key=lambda slot: slot.due_at)
    earliest = min((slot.due_at for slot in coming), default=now)
    return DueNow(tuple(overdue), tuple(slot for slot in coming if slot.due_at == earliest))


def coming_slots(
    course: DueCourse,
    recorded: Iterable[Recorded],
    now: datetime,
    until: datetime,
    protocol: Protocol,
    *,
    zone: ZoneInfo,
) -> list[Slot]:
    """What can still be made in time and is due before `until`, earliest first; nothing met or skipped."""
    known = list(recorded)
    slots = due_slots(
        course.infused_at,
        course.stays,
        course.grades,
        protocol,
        until,
        zone=zone,
        ended_at=course.ended_at,
        since=now - protocol.slot_tolerance,
    )
    open_ways = (SlotStatus.DUE, SlotStatus.NOT_YET)
    return [
        slot
        for slot in slots
        if slot.due_at < until and slot_status(slot, known, course.skipped, now, protocol) in open_ways
    ]


@lru_cache(maxsize=16_384)
def first_unmet(
    course: DueCourse,
    kind: SlotKind,
    last_at: datetime | None,
    until: datetime,
    protocol: Protocol,
    zone: ZoneInfo,
) -> Slot | None:
    """The first slot of this kind up to `until` that neither `last_at` nor a reason for skipping meets."""
    since = course.infused_at if last_at is None else max(course.infused_at, last_at)
    while since <= until:
        chunk_end = min(since + _CHUNK, until)
        for slot in due_slots(
            course.infused_at,
            course.stays,
            course.grades,
            protocol,
            chunk_end,
            zone=zone,
            ended_at=course.ended_at,
            since=since,
        ):
            met = last_at is not None and slot.due_at - last_at <= protocol.slot_tolerance
            if slot.kind is kind and not met and (kind, slot.due_at) not in course.skipped:
                return slot
        since = chunk_end + timedelta(microseconds=1)
    return None


def _end_of_tomorrow(now: datetime, zone: ZoneInfo) -> datetime:
    # A whole day, so that what is remembered for one refresh serves the next.
    local = now.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return midnight + timedelta(days=2)
