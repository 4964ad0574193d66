"""How each due assessment of one infusion stands, for the grid and for what is overdue."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db.queries.charted_entries import Entry
from pages.ward.patient_parts.loaded import Loaded
from trial.calendar import Slot, SlotKind, SlotStatus, slot_status


@dataclass(frozen=True, slots=True)
class DueSlot:
    """One due assessment: how it stands, the entry that meets it, or why it was skipped."""

    slot: Slot
    status: SlotStatus
    entry: Entry | None
    skipped_because: str | None


def due_grid(loaded: Loaded) -> list[DueSlot]:
    """Every due assessment up to the end of the planned days, earliest first; kept until a status changes."""
    return loaded.facts.once(("due", stage(loaded)), lambda: _stand(loaded))


def stage(loaded: Loaded) -> tuple[int, int, int]:
    """How many assessments there are to make, are due by now, and can no longer be made in time.

    As long as this stays the same, the clock changes no status.
    """
    tolerance = loaded.protocol.slot_tolerance
    due = sum(slot.due_at - tolerance <= loaded.now for slot in loaded.slots)
    late = sum(slot.due_at + tolerance < loaded.now for slot in loaded.slots)
    return len(loaded.slots), due, late


def is_overdue(loaded: Loaded, kind: SlotKind) -> bool:
    """Whether the last that was due of this kind is overdue; never once monitoring is over."""
    if not loaded.is_monitored:
        return False
    past = [one for one in due_grid(loaded) if one.slot.kind is kind and one.slot.due_at <= loaded.now]
    return bool(past) and past[-1].status is SlotStatus.OVERDUE


def _stand(loaded: Loaded) -> list[DueSlot]:
    because = {(skip.kind, skip.due_at): skip.reason for skip in loaded.facts.skipped}
    return [_one(loaded, slot, because) for slot in loaded.slots]


def _one(loaded: Loaded, slot: Slot, because: dict[tuple[SlotKind, datetime], str]) -> DueSlot:
    holding = loaded.facts.recorded_at[slot.kind]
    near = _nearest(holding, slot.due_at)
    # The nearest entry decides whether it is met, the last whether it is missed for good.
    decides = [one.recorded for one in (near, holding[-1] if holding else None) if one is not None]
    status = slot_status(slot, decides, because, loaded.now, loaded.protocol)
    return DueSlot(
        slot,
        status,
        near if status is SlotStatus.MET else None,
        because.get((slot.kind, slot.due_at)) if status is SlotStatus.SKIPPED else None,
    )


def _nearest(entries: Sequence[Entry], at: datetime) -> Entry | None:
    position = bisect_left(entries, at, key=lambda entry: entry.assessed_at)
    around = entries[max(0, position - 1) : position + 1]
    return min(around, key=lambda entry: abs(entry.assessed_at - at), default=None)
