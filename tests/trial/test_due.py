"""What is overdue and what comes next, against the whole list of due slots."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from trial.calendar import GradePoint, Recorded, Slot, SlotKind, SlotStatus, due_slots, slot_status
from trial.due import DueCourse, due_now
from trial.protocol import load_protocol

PROTOCOL = load_protocol()
SHANGHAI = ZoneInfo("Asia/Shanghai")
INFUSED_AT = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)  # 11:00 in Shanghai


def at(hours: float) -> datetime:
    """Hours after the infusion."""
    return INFUSED_AT + timedelta(hours=hours)


def local(slots: tuple[Slot, ...]) -> list[tuple[str, str]]:
    return [(f"{slot.due_at.astimezone(SHANGHAI):%d %H:%M}", slot.kind.value) for slot in slots]


def test_nothing_is_overdue_right_after_the_infusion() -> None:
    found = due_now(DueCourse(INFUSED_AT), {}, at(0.5), PROTOCOL, zone=SHANGHAI)
    assert found.overdue == ()
    assert local(found.coming) == [("02 14:00", "vital_signs"), ("02 14:00", "ice")]


def test_the_first_unmet_slot_is_overdue_and_the_next_is_still_to_come() -> None:
    found = due_now(DueCourse(INFUSED_AT), {SlotKind.VITAL_SIGNS: at(3)}, at(10), PROTOCOL, zone=SHANGHAI)
    assert local(found.overdue) == [("02 14:00", "ice"), ("02 18:00", "vital_signs")]
    assert local(found.coming) == [("02 22:00", "vital_signs"), ("02 22:00", "ice")]


def test_a_skipped_slot_is_not_overdue() -> None:
    skipped = frozenset({(SlotKind.ICE, at(3)), (SlotKind.VITAL_SIGNS, at(3))})
    found = due_now(DueCourse(INFUSED_AT, skipped=skipped), {}, at(6), PROTOCOL, zone=SHANGHAI)
    assert found.overdue == ()


def test_after_the_end_nothing_is_due() -> None:
    course = DueCourse(INFUSED_AT, ended_at=at(1))
    found = due_now(course, {}, at(100), PROTOCOL, zone=SHANGHAI)
    assert (found.overdue, found.coming) == ((), ())


def test_what_is_due_later_than_the_next_is_not_named_yet() -> None:
    last = {SlotKind.VITAL_SIGNS: at(3), SlotKind.ICE: at(3)}
    found = due_now(DueCourse(INFUSED_AT), last, at(4), PROTOCOL, zone=SHANGHAI)
    assert local(found.coming) == [("02 18:00", "vital_signs")]


@given(
    last=st.dictionaries(st.sampled_from(list(SlotKind)), st.integers(0, 90)),
    grades=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 4)), max_size=4),
    now=st.integers(0, 100),
)
def test_it_agrees_with_the_whole_list(
    last: dict[SlotKind, int], grades: list[tuple[int, int]], now: int
) -> None:
    points = tuple(GradePoint(at(hour), 0, 0, grade, grade) for hour, grade in sorted(grades))
    recorded_at = {kind: at(hour) for kind, hour in last.items() if hour <= now}
    found = due_now(DueCourse(INFUSED_AT, grades=points), recorded_at, at(now), PROTOCOL, zone=SHANGHAI)
    slots = due_slots(INFUSED_AT, [], points, PROTOCOL, at(now), zone=SHANGHAI)
    for kind in SlotKind:
        recorded = [
            Recorded(one, kind is SlotKind.VITAL_SIGNS, kind is SlotKind.ICE)
            for one in [recorded_at.get(kind)]
            if one
        ]
        overdue = [
            slot
            for slot in slots
            if slot.kind is kind and slot_status(slot, recorded, [], at(now), PROTOCOL) is SlotStatus.OVERDUE
        ]
        assert [slot for slot in found.overdue if slot.kind is kind] == overdue[:1]
