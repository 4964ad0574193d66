"""How complete the assessments are: of those due, how many were done, skipped for a reason, or missing."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from trial.calendar import Recorded, Slot, SlotKind
from trial.protocol import Protocol

LATE_AFTER: Final = timedelta(hours=1)
"""An entry made longer than this after it was observed is called late."""


@dataclass(frozen=True, slots=True)
class SlotCount:
    """Due assessments whose time is over. Vital signs and ICE due at one time are two."""

    done: int = 0
    skipped: int = 0
    missing: int = 0

    @property
    def due(self) -> int:
        """All of them."""
        return self.done + self.skipped + self.missing

    def __add__(self, other: "SlotCount") -> "SlotCount":
        return SlotCount(self.done + other.done, self.skipped + other.skipped, self.missing + other.missing)


@dataclass(frozen=True, slots=True)
class CourseCount:
    """The due assessments of one patient after one infusion."""

    code: str
    number: int
    count: SlotCount


def count_slots(
    slots: Iterable[Slot],
    recorded: Iterable[Recorded],
    skipped: Iterable[tuple[SlotKind, datetime]],
    cut_off: datetime,
    protocol: Protocol,
) -> SlotCount:
    """Count the slots that could be met until before the cut-off; what is still open is not due yet.

    Says of each slot what `calendar.slot_status` says of it at the cut-off, in one walk for a whole course.

    Args:
        slots: what was due (`calendar.due_slots`).
        recorded: every assessment of the course up to the cut-off, in any order.
        skipped: (kind, due_at) of what counts as done for a reason (`due.skips_that_count`).
        cut_off: the instant up to which data count.
        protocol: how far from its time an assessment still meets a slot.
    """
    known = list(recorded)
    times = {kind: sorted(one.at for one in known if one.holds(kind, cut_off)) for kind in SlotKind}
    reasons = frozenset(skipped)
    done = skips = missing = 0
    for slot in slots:
        if slot.due_at + protocol.slot_tolerance >= cut_off:
            continue
        if _is_met(times[slot.kind], slot.due_at, protocol.slot_tolerance):
            done += 1
        elif (slot.kind, slot.due_at) in reasons:
            skips += 1
        else:
            missing += 1
    return SlotCount(done, skips, missing)


def _is_met(times: Sequence[datetime], due_at: datetime, tolerance: timedelta) -> bool:
    first = bisect_left(times, due_at - tolerance)
    return first < len(times) and times[first] <= due_at + tolerance
