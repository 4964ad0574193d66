"""How each due assessment of one infusion stands, for the grid and for what is overdue."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db.queries.charted_entries import Entry
from pages.ward.patient_parts.loaded import Loaded
from trial.calendar import Slot, SlotKind, SlotStatus, slot_status
from trial.due import SkippedSlot, newest_skips, skips_that_count


@dataclass(frozen=True, slots=True)
class DueSlot:
    """One due assessment: how it stands, the entry that meets it, or why it was skipped.

    refused_at, asked_again_at  of an unexplained refusal of it that no longer counts
    """

    slot: Slot
    status: SlotStatus
    entry: Entry | None
    skipped_because: str | None
    refused_at: datetime | None = None
    asked_again_at: datetime | None = None


def due_grid(loaded: Loaded) -> list[DueSlot]:
    """Every due assessment up to the end of the planned days, earliest first; kept until a status changes."""
    return loaded.facts.once(("due", stage(loaded)), lambda: _stand(loaded))


def stage(loaded: Loaded) -> tuple[int, int, int, int]:
    """How many assessments there are to make, are due by now, can no longer be made in time, are asked again.

    As long as this stays the same, the clock changes no status.
    """
    tolerance = loaded.protocol.slot_tolerance
    due = sum(slot.due_at - tolerance <= loaded.now for slot in loaded.slots)
    late = sum(slot.due_at + tolerance < loaded.now for slot in loaded.slots)
    again = [skip.asked_again_at for skip in loaded.facts.skipped]
    again += [entry.recorded.ice_asked_again_at for entry in loaded.entries]
    lapsed = sum(at is not None and at <= loaded.now for at in again)
    return len(loaded.slots), due, late, lapsed


def is_overdue(loaded: Loaded, kind: SlotKind) -> bool:
    """Whether the last that was due of this kind is overdue; never once monitoring is over."""
    if not loaded.is_monitored:
        return False
    past = [one for one in due_grid(loaded) if one.slot.kind is kind and one.slot.due_at <= loaded.now]
    return bool(past) and past[-1].status is SlotStatus.OVERDUE


def _stand(loaded: Loaded) -> list[DueSlot]:
    skips = newest_skips(loaded.facts.skipped)
    counting = skips_that_count(loaded.facts.skipped, loaded.now)
    holding = {
        kind: [one for one in entries if one.recorded.holds(kind, loaded.now)]
        for kind, entries in loaded.facts.recorded_at.items()
    }
    return [
        _one(loaded, slot, holding[slot.kind], skips.get((slot.kind, slot.due_at)), counting)
        for slot in loaded.slots
    ]


def _one(
    loaded: Loaded,
    slot: Slot,
    holding: Sequence[Entry],
    skip: SkippedSlot | None,
    counting: frozenset[tuple[SlotKind, datetime]],
) -> DueSlot:
    near = _nearest(holding, slot.due_at)
    # The nearest entry decides whether it is met, the last whether it is missed for good.
    decides = [one.recorded for one in (near, holding[-1] if holding else None) if one is not None]
    status = slot_status(slot, decides, counting, loaded.now, loaded.protocol)
    if status is SlotStatus.MET:
        return DueSlot(slot, status, near, None)
    if status is SlotStatus.SKIPPED:
        return DueSlot(slot, status, None, None if skip is None else skip.reason)
    refused_at, again_at = _lapsed_refusal(loaded, slot, skip)
    return DueSlot(slot, status, None, None, refused_at, again_at)


def _lapsed_refusal(
    loaded: Loaded, slot: Slot, skip: SkippedSlot | None
) -> tuple[datetime, datetime] | tuple[None, None]:
    """When it was refused last and from when it was asked again, where no explanation was given."""
    said = []
    if skip is not None and skip.asked_again_at is not None:
        said.append((skip.entered_at, skip.asked_again_at))
    for entry in loaded.facts.recorded_at[slot.kind]:
        again_at = entry.recorded.ice_asked_again_at if slot.kind is SlotKind.ICE else None
        if again_at is not None and abs(entry.assessed_at - slot.due_at) <= loaded.protocol.slot_tolerance:
            said.append((entry.assessed_at, again_at))
    return max(said, default=(None, None))


def _nearest(entries: Sequence[Entry], at: datetime) -> Entry | None:
    position = bisect_left(entries, at, key=lambda entry: entry.assessed_at)
    around = entries[max(0, position - 1) : position + 1]
    return min(around, key=lambda entry: abs(entry.assessed_at - at), default=None)
