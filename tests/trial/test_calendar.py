"""When assessments are due: the hospital's times, the window, and how one slot stands."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trial.calendar import (
    GradePoint,
    Recorded,
    Slot,
    SlotKind,
    SlotStatus,
    StayKind,
    StayPeriod,
    day_of,
    due_slots,
    monitoring_window,
    slot_status,
)
from trial.protocol import load_protocol

PROTOCOL = load_protocol()
SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def at(day: int, hour: int, minute: int = 0, zone: ZoneInfo = SHANGHAI) -> datetime:
    """A time of March 2026 on the hospital's clock; day 31 + n is n April."""
    return (datetime(2026, 3, 1, hour, minute, tzinfo=zone) + timedelta(days=day - 1)).astimezone(UTC)


INFUSED_AT = at(2, 11)


def clear(when: datetime) -> GradePoint:
    return GradePoint(when, 0, 0, 0, 0)


def icans(when: datetime, grade: int | None, at_least: int) -> GradePoint:
    return GradePoint(when, 0, 0, grade, at_least)


def local(slots: list[Slot], kind: SlotKind) -> list[str]:
    return [f"{slot.due_at.astimezone(SHANGHAI):%d %H:%M}" for slot in slots if slot.kind is kind]


def test_vital_signs_are_due_every_4_h_and_ice_every_8_h_from_the_infusion_on() -> None:
    slots = due_slots(INFUSED_AT, [], [], PROTOCOL, at(3, 10), zone=SHANGHAI)
    assert local(slots, SlotKind.VITAL_SIGNS) == [
        "02 14:00", "02 18:00", "02 22:00", "03 02:00", "03 06:00", "03 10:00",
    ]  # fmt: skip
    assert local(slots, SlotKind.ICE) == ["02 14:00", "02 22:00", "03 06:00"]
    assert slots == sorted(slots, key=lambda slot: slot.due_at)


@pytest.mark.parametrize(
    ("grades", "ice_at_18"),
    [
        ([icans(at(2, 14), 1, 1)], False),
        ([icans(at(2, 14), 2, 2)], True),
        ([icans(at(2, 14), None, 2)], True),
        ([icans(at(2, 14), 2, 2), icans(at(2, 16), None, 0)], True),
        ([icans(at(2, 14), 2, 2), icans(at(2, 16), 1, 1)], False),
        ([icans(at(2, 16), 1, 1), icans(at(2, 14), 2, 2)], False),
        ([icans(at(2, 18), 2, 2)], True),
        ([icans(at(2, 18, 1), 2, 2)], False),
        ([GradePoint(at(2, 14), 4, 4, 0, 0)], False),
    ],
)
def test_ice_is_due_at_every_time_while_the_last_known_icans_is_2(
    grades: list[GradePoint], ice_at_18: bool
) -> None:
    slots = due_slots(INFUSED_AT, [], grades, PROTOCOL, at(2, 18), zone=SHANGHAI)
    assert ("02 18:00" in local(slots, SlotKind.ICE)) is ice_at_18


def test_nothing_is_due_at_home_and_all_of_it_again_after_coming_back() -> None:
    stays = [
        StayPeriod(StayKind.WARD, INFUSED_AT, at(3, 10)),
        StayPeriod(StayKind.HOME, at(3, 10), at(4, 14)),
        StayPeriod(StayKind.INTENSIVE_CARE, at(4, 14)),
    ]
    slots = due_slots(INFUSED_AT, stays, [], PROTOCOL, at(4, 18), zone=SHANGHAI)
    times = local(slots, SlotKind.VITAL_SIGNS)
    assert "03 06:00" in times
    assert "03 10:00" not in times
    assert times[-2:] == ["04 14:00", "04 18:00"]
    assert not monitoring_window(INFUSED_AT, stays[:2], [], PROTOCOL, zone=SHANGHAI).covers(at(4, 12))


def test_the_window_ends_after_day_14_when_both_grades_have_been_0_for_24_h() -> None:
    window = monitoring_window(INFUSED_AT, [], [clear(at(14, 8)), clear(at(15, 8))], PROTOCOL, zone=SHANGHAI)
    assert window.to_at == at(17, 0)
    assert window.covers(at(16, 23, 59))
    assert not window.covers(at(17, 0))
    assert not window.covers(INFUSED_AT - timedelta(minutes=1))


OPEN = None
LATE = [icans(at(16, 10), 1, 1)]


@pytest.mark.parametrize(
    ("grades", "to_at"),
    [
        ([], OPEN),
        ([clear(at(16, 10))], OPEN),
        (LATE, OPEN),
        ([*LATE, clear(at(17, 10)), clear(at(18, 9, 59))], OPEN),
        ([*LATE, clear(at(17, 10)), clear(at(18, 10))], at(18, 10)),
        ([*LATE, clear(at(17, 10)), icans(at(17, 18), None, 0), clear(at(18, 10))], at(18, 10)),
        ([*LATE, clear(at(17, 10)), icans(at(18, 10), None, 0)], OPEN),
        ([*LATE, clear(at(17, 10)), icans(at(17, 18), None, 1), clear(at(18, 10))], OPEN),
        ([*LATE, clear(at(17, 10)), GradePoint(at(17, 18), None, 3, 0, 0), clear(at(18, 10))], OPEN),
        ([clear(at(14, 8)), clear(at(15, 8)), *LATE], OPEN),
        ([clear(at(14, 8)), clear(at(15, 8)), clear(at(16, 8))], at(17, 0)),
        ([clear(at(14, 8)), clear(at(15, 8)), icans(at(18, 8), 3, 3)], at(17, 0)),
        ([*LATE, clear(at(17, 10)), clear(at(18, 10)), icans(at(18, 12), 2, 2)], at(18, 10)),
    ],
)
def test_the_window_stays_open_until_an_assessment_shows_24_h_at_0(
    grades: list[GradePoint], to_at: datetime | None
) -> None:
    assert monitoring_window(INFUSED_AT, [], grades, PROTOCOL, zone=SHANGHAI).to_at == to_at


@pytest.mark.parametrize("grades", [[], [clear(at(14, 8)), clear(at(15, 8))]])
def test_death_ends_the_window_and_what_is_due(grades: list[GradePoint]) -> None:
    died_at = at(5, 9)
    window = monitoring_window(INFUSED_AT, [], grades, PROTOCOL, zone=SHANGHAI, ended_at=died_at)
    assert window.to_at == died_at
    slots = due_slots(INFUSED_AT, [], grades, PROTOCOL, at(9, 0), zone=SHANGHAI, ended_at=died_at)
    assert local(slots, SlotKind.VITAL_SIGNS)[-1] == "05 06:00"


def test_an_end_after_the_window_changes_nothing() -> None:
    grades = [clear(at(14, 8)), clear(at(15, 8))]
    window = monitoring_window(INFUSED_AT, [], grades, PROTOCOL, zone=SHANGHAI, ended_at=at(30, 0))
    assert window.to_at == at(17, 0)


def test_days_are_the_hospitals_dates() -> None:
    infused_at = at(2, 23, 50)
    assert day_of(infused_at, infused_at, SHANGHAI) == 0
    assert day_of(at(3, 0, 5), infused_at, SHANGHAI) == 1
    assert day_of(at(3, 0, 5), infused_at, ZoneInfo("UTC")) == 0
    assert day_of(at(1, 12), infused_at, SHANGHAI) == -1


def test_due_times_follow_the_hospitals_clock_over_both_clock_changes() -> None:
    spring = due_slots(at(28, 12, zone=BERLIN), [], [], PROTOCOL, at(29, 23, zone=BERLIN), zone=BERLIN)
    hours = [slot.due_at.hour for slot in spring if slot.kind is SlotKind.VITAL_SIGNS]
    assert hours == [13, 17, 21, 1, 4, 8, 12, 16, 20]
    autumn_from = datetime(2026, 10, 24, 12, tzinfo=BERLIN)
    autumn = due_slots(autumn_from, [], [], PROTOCOL, autumn_from + timedelta(hours=24), zone=BERLIN)
    hours = [slot.due_at.hour for slot in autumn if slot.kind is SlotKind.VITAL_SIGNS]
    assert hours == [12, 16, 20, 0, 5, 9]


SLOT = Slot(at(3, 10), SlotKind.VITAL_SIGNS)


def vital_signs(when: datetime) -> Recorded:
    return Recorded(when, vital_signs=True, ice=False)


@pytest.mark.parametrize(
    ("recorded", "skipped", "now", "status"),
    [
        ([], [], at(3, 7, 59), SlotStatus.NOT_YET),
        ([], [], at(3, 8), SlotStatus.DUE),
        ([], [], at(3, 12), SlotStatus.DUE),
        ([], [], at(3, 12, 1), SlotStatus.OVERDUE),
        ([vital_signs(at(3, 8))], [], at(3, 12, 1), SlotStatus.MET),
        ([vital_signs(at(3, 12))], [], at(3, 12, 1), SlotStatus.MET),
        ([vital_signs(at(3, 7, 59))], [], at(3, 12, 1), SlotStatus.OVERDUE),
        ([vital_signs(at(3, 12, 1))], [], at(3, 12, 1), SlotStatus.MISSED),
        ([Recorded(at(3, 10), vital_signs=False, ice=True)], [], at(3, 12, 1), SlotStatus.OVERDUE),
        ([], [(SlotKind.VITAL_SIGNS, at(3, 10))], at(3, 12, 1), SlotStatus.SKIPPED),
        ([], [(SlotKind.ICE, at(3, 10))], at(3, 12, 1), SlotStatus.OVERDUE),
        ([vital_signs(at(3, 10))], [(SlotKind.VITAL_SIGNS, at(3, 10))], at(3, 12, 1), SlotStatus.MET),
    ],
)
def test_a_slot_is_met_within_2_h_and_overdue_after(
    recorded: list[Recorded],
    skipped: list[tuple[SlotKind, datetime]],
    now: datetime,
    status: SlotStatus,
) -> None:
    assert slot_status(SLOT, recorded, skipped, now, PROTOCOL) is status


def test_an_ice_slot_asks_for_ice() -> None:
    slot = Slot(at(3, 6), SlotKind.ICE)
    assert slot_status(slot, [vital_signs(at(3, 6))], [], at(3, 9), PROTOCOL) is SlotStatus.OVERDUE
    ice = Recorded(at(3, 6), vital_signs=False, ice=True)
    assert slot_status(slot, [ice], [], at(3, 9), PROTOCOL) is SlotStatus.MET


POINTS = st.lists(
    st.builds(
        lambda hours, proved, settled: GradePoint(
            INFUSED_AT + timedelta(hours=hours), proved if settled else None, proved, proved, proved
        ),
        st.integers(0, 500),
        st.sampled_from([0, 0, 0, 1, 3]),
        st.booleans(),
    ),
    max_size=30,
)


@given(grades=POINTS, hours=st.integers(0, 600))
def test_asking_later_never_takes_back_what_was_due(grades: list[GradePoint], hours: int) -> None:
    until = INFUSED_AT + timedelta(hours=hours)
    now = due_slots(INFUSED_AT, [], grades, PROTOCOL, until, zone=SHANGHAI)
    later = due_slots(INFUSED_AT, [], grades, PROTOCOL, until + timedelta(days=2), zone=SHANGHAI)
    assert later[: len(now)] == now
    assert len(set(later)) == len(later)


@given(grades=POINTS, extra=st.integers(0, 500))
def test_a_worse_grade_never_shortens_the_window(grades: list[GradePoint], extra: int) -> None:
    forever = datetime.max.replace(tzinfo=UTC)
    worse = [*grades, GradePoint(INFUSED_AT + timedelta(hours=extra), 3, 3, 0, 0)]
    before = monitoring_window(INFUSED_AT, [], grades, PROTOCOL, zone=SHANGHAI).to_at or forever
    after = monitoring_window(INFUSED_AT, [], worse, PROTOCOL, zone=SHANGHAI).to_at or forever
    assert after >= before


def test_ice_may_have_times_of_its_own() -> None:
    protocol = replace(PROTOCOL, ice_times=(time(12),))
    slots = due_slots(INFUSED_AT, [], [], protocol, at(2, 14), zone=SHANGHAI)
    assert slots == [Slot(at(2, 12), SlotKind.ICE), Slot(at(2, 14), SlotKind.VITAL_SIGNS)]


def test_asking_from_a_later_moment_gives_the_rest_of_the_same_list() -> None:
    grades = [icans(at(2, 14), 2, 2)]
    whole = due_slots(INFUSED_AT, [], grades, PROTOCOL, at(4, 0), zone=SHANGHAI)
    for since in (at(1, 0), at(3, 6), at(3, 7)):
        rest = due_slots(INFUSED_AT, [], grades, PROTOCOL, at(4, 0), zone=SHANGHAI, since=since)
        assert rest == [slot for slot in whole if slot.due_at >= since]
