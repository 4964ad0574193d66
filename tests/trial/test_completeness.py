"""What became of each due assessment, counted in one walk."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trial.calendar import Recorded, Slot, SlotKind, SlotStatus, slot_status
from trial.completeness import SlotCount, count_slots
from trial.protocol import load_protocol

PROTOCOL = load_protocol()  # a slot is met within two hours
SIGNS, ICE = SlotKind.VITAL_SIGNS, SlotKind.ICE
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def count(
    slots: list[Slot], recorded: list[Recorded], skipped: list[tuple[SlotKind, datetime]], until: datetime
) -> tuple[int, int, int]:
    found = count_slots(slots, recorded, skipped, until, PROTOCOL)
    return found.done, found.skipped, found.missing


@pytest.mark.parametrize(
    ("recorded_h", "counted"),
    [(-2.0, (1, 0, 0)), (2.0, (1, 0, 0)), (2.01, (0, 0, 1)), (-2.01, (0, 0, 1)), (None, (0, 0, 1))],
)
def test_within_the_tolerance_it_was_done(recorded_h: float | None, counted: tuple[int, int, int]) -> None:
    recorded = [] if recorded_h is None else [Recorded(at(recorded_h), vital_signs=True, ice=False)]
    assert count([Slot(at(0), SIGNS)], recorded, [], at(9)) == counted
    assert count([Slot(at(0), ICE)], recorded, [], at(9)) == (0, 0, 1)


def test_a_slot_that_can_still_be_met_is_not_due_yet() -> None:
    slots = [Slot(at(0), SIGNS), Slot(at(0), ICE)]
    assert count(slots, [], [], at(2)) == (0, 0, 0)
    assert count(slots, [], [], at(2.01)) == (0, 0, 2)


def test_done_counts_before_a_reason_and_a_reason_before_missing() -> None:
    slots = [Slot(at(0), ICE), Slot(at(4), ICE), Slot(at(8), ICE)]
    recorded = [Recorded(at(0), vital_signs=False, ice=True)]
    assert count(slots, recorded, [(ICE, at(0)), (ICE, at(4))], at(24)) == (1, 1, 1)


def test_counts_add_up() -> None:
    total = SlotCount(3, 1, 2) + SlotCount(1, 0, 1)
    assert total == SlotCount(4, 1, 3)
    assert total.due == 8
    assert SlotCount().due == 0


hours = st.integers(0, 40).map(lambda quarter: quarter / 4)


@given(
    st.lists(st.tuples(hours, st.sampled_from(SlotKind)), max_size=6),
    st.lists(st.tuples(hours, st.booleans(), st.booleans(), st.none() | hours), max_size=6),
    st.lists(st.tuples(st.sampled_from(SlotKind), hours), max_size=3),
    hours,
)
def test_it_says_what_the_calendar_says(
    due: list[tuple[float, SlotKind]],
    entries: list[tuple[float, bool, bool, float | None]],
    reasons: list[tuple[SlotKind, float]],
    until: float,
) -> None:
    slots = [Slot(at(hour), kind) for hour, kind in due]
    recorded = [
        Recorded(at(hour), signs, ice, None if again is None else at(hour + again))
        for hour, signs, ice, again in entries
    ]
    skipped = [(kind, at(hour)) for kind, hour in reasons]
    over = [slot for slot in slots if slot.due_at + PROTOCOL.slot_tolerance < at(until)]
    said = [slot_status(slot, recorded, skipped, at(until), PROTOCOL) for slot in over]
    assert count(slots, recorded, skipped, at(until)) == (
        said.count(SlotStatus.MET),
        said.count(SlotStatus.SKIPPED),
        sum(one in (SlotStatus.MISSED, SlotStatus.OVERDUE) for one in said),
    )
