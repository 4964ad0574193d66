"""What is overdue and what comes next, compared with a plain walk over every slot."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trial.calendar import (
    GradePoint,
    Recorded,
    Slot,
    SlotKind,
    SlotStatus,
    StayKind,
    StayPeriod,
    due_slots,
    slot_status,
)
from trial.due import DueCourse, coming_slots, due_now, first_unmet
from trial.protocol import load_protocol

PROTOCOL = load_protocol()
ZONE = ZoneInfo("Asia/Shanghai")
INFUSED_AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)  # 09:30 at the hospital


def hours(count: float) -> datetime:
    return INFUSED_AT + timedelta(hours=count)


def local(slots: tuple[Slot, ...]) -> list[tuple[str, str]]:
    return [(slot.kind.value, f"{slot.due_at.astimezone(ZONE):%d %H:%M}") for slot in slots]


def test_nothing_recorded_is_overdue_from_the_first_slot_on() -> None:
    due = due_now(DueCourse(INFUSED_AT), {}, hours(9), PROTOCOL, zone=ZONE)  # 18:30
    assert local(due.overdue) == [("vital_signs", "02 10:00"), ("ice", "02 14:00")]
    assert local(due.coming) == [("vital_signs", "02 18:00")]


def test_what_was_recorded_meets_its_slot_and_the_next_one_comes() -> None:
    last = {SlotKind.VITAL_SIGNS: hours(4.5), SlotKind.ICE: hours(4.5)}  # 14:00
    due = due_now(DueCourse(INFUSED_AT), last, hours(5), PROTOCOL, zone=ZONE)
    assert due.overdue == ()
    assert local(due.coming) == [("vital_signs", "02 18:00")]


def test_a_reason_for_not_doing_it_is_as_good_as_doing_it() -> None:
    skipped = frozenset({(SlotKind.VITAL_SIGNS, hours(0.5)), (SlotKind.ICE, hours(4.5))})
    due = due_now(DueCourse(INFUSED_AT, skipped=skipped), {}, hours(5.4), PROTOCOL, zone=ZONE)
    assert due.overdue == ()
    assert local(due.coming) == [("vital_signs", "02 14:00")]


def test_nothing_is_due_at_home_however_long_and_all_of_it_after_coming_back() -> None:
    home = (StayPeriod(StayKind.HOME, hours(1), hours(24 * 9)),)
    last = {SlotKind.VITAL_SIGNS: hours(0.5), SlotKind.ICE: hours(0.5)}
    course = DueCourse(INFUSED_AT, stays=home)
    assert due_now(course, last, hours(24 * 5), PROTOCOL, zone=ZONE).overdue == ()
    assert due_now(course, last, hours(24 * 5), PROTOCOL, zone=ZONE).coming == ()
    due = due_now(course, last, hours(24 * 9 + 12), PROTOCOL, zone=ZONE)
    assert local(due.overdue) == [("vital_signs", "11 10:00"), ("ice", "11 14:00")]


def test_after_the_end_nothing_comes() -> None:
    course = DueCourse(INFUSED_AT, ended_at=hours(1))
    due = due_now(course, {SlotKind.VITAL_SIGNS: hours(0.5)}, hours(5), PROTOCOL, zone=ZONE)
    assert (due.overdue, due.coming) == ((), ())


def test_ice_is_due_with_the_vital_signs_from_icans_2_on() -> None:
    grades = (GradePoint(hours(4.5), 0, 0, 2, 2),)
    last = {SlotKind.VITAL_SIGNS: hours(4.5), SlotKind.ICE: hours(4.5)}
    due = due_now(DueCourse(INFUSED_AT, grades=grades), last, hours(5), PROTOCOL, zone=ZONE)
    assert local(due.coming) == [("vital_signs", "02 18:00"), ("ice", "02 18:00")]


@pytest.mark.parametrize(("minutes", "is_overdue"), [(119, False), (120, False), (121, True)])
def test_a_slot_is_overdue_more_than_2_h_after_its_time(minutes: int, is_overdue: bool) -> None:
    now = hours(0.5) + timedelta(minutes=minutes)
    due = due_now(DueCourse(INFUSED_AT), {}, now, PROTOCOL, zone=ZONE)
    assert bool(due.overdue) is is_overdue


@settings(max_examples=150, deadline=None)
@given(
    entries=st.lists(
        st.tuples(st.floats(0, 200), st.booleans(), st.booleans(), st.integers(0, 4)), max_size=12
    ),
    home=st.none() | st.tuples(st.floats(0, 150), st.floats(1, 80)),
    skips=st.sets(st.tuples(st.sampled_from(SlotKind), st.integers(0, 60)), max_size=6),
    now_h=st.floats(0, 260),
)
def test_it_agrees_with_a_walk_over_every_slot(
    entries: list[tuple[float, bool, bool, int]],
    home: tuple[float, float] | None,
    skips: set[tuple[SlotKind, int]],
    now_h: float,
) -> None:
    now = hours(now_h)
    known = [entry for entry in sorted(entries) if entry[0] <= now_h]
    grades = tuple(GradePoint(hours(h), 0, 0, icans if ice else None, icans) for h, _, ice, icans in known)
    stays = (StayPeriod(StayKind.HOME, hours(home[0]), hours(home[0] + home[1])),) if home else ()
    skipped = frozenset((kind, hours(0.5 + 4 * place)) for kind, place in skips)
    recorded = [Recorded(hours(h), vital, ice) for h, vital, ice, _ in known]
    course = DueCourse(INFUSED_AT, stays, grades, skipped)
    last = {
        kind: max(one.at for one in recorded if one.holds(kind, now))
        for kind in SlotKind
        if any(one.holds(kind, now) for one in recorded)
    }
    due = due_now(course, last, now, PROTOCOL, zone=ZONE)
    slots = due_slots(INFUSED_AT, stays, grades, PROTOCOL, now, zone=ZONE)
    late = [one for one in slots if slot_status(one, recorded, skipped, now, PROTOCOL) is SlotStatus.OVERDUE]
    firsts = [next((one for one in late if one.kind is kind), None) for kind in SlotKind]
    assert set(due.overdue) == {one for one in firsts if one is not None}
    for slot in due.coming:
        status = slot_status(slot, recorded, skipped, now, PROTOCOL)
        assert status in (SlotStatus.DUE, SlotStatus.NOT_YET)


def test_what_comes_in_a_shift_leaves_out_what_is_met_skipped_or_no_longer_in_time() -> None:
    skipped = frozenset({(SlotKind.VITAL_SIGNS, hours(8.5))})  # 18:00
    recorded = [Recorded(hours(4.6), vital_signs=True, ice=False)]
    course = DueCourse(INFUSED_AT, skipped=skipped)
    coming = coming_slots(course, recorded, hours(5), hours(12.5), PROTOCOL, zone=ZONE)  # 14:30 to 22:00
    assert local(tuple(coming)) == [("ice", "02 14:00")]
    coming = coming_slots(course, recorded, hours(5), hours(12.6), PROTOCOL, zone=ZONE)
    assert local(tuple(coming)) == [("ice", "02 14:00"), ("vital_signs", "02 22:00"), ("ice", "02 22:00")]
    assert coming_slots(course, recorded, hours(7), hours(12.5), PROTOCOL, zone=ZONE) == []  # 16:30


def test_since_leaves_out_only_what_was_due_before() -> None:
    until = hours(80)
    everything = due_slots(INFUSED_AT, (), (), PROTOCOL, until, zone=ZONE)
    for since in (hours(-5), hours(0.5), hours(13.2), hours(79), hours(90)):
        some = due_slots(INFUSED_AT, (), (), PROTOCOL, until, zone=ZONE, since=since)
        assert some == [slot for slot in everything if slot.due_at >= since]


def test_a_last_entry_before_the_infusion_counts_for_nothing_after_it() -> None:
    slot = first_unmet(DueCourse(INFUSED_AT), SlotKind.ICE, hours(-30), hours(24), PROTOCOL, ZONE)
    assert slot is not None
    assert slot.due_at == hours(4.5)
