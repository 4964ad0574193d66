"""Which shift an instant lies in: every instant in exactly one, by the hospital's clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trial.shifts import shift_after, shift_at, shift_before

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
STARTS = (time(7), time(15), time(23))


def local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%d %H:%M}"


@pytest.mark.parametrize(
    ("at", "from_at", "to_at"),
    [
        ("07:00", "08 07:00", "08 15:00"),
        ("14:59", "08 07:00", "08 15:00"),
        ("15:00", "08 15:00", "08 23:00"),
        ("23:00", "08 23:00", "09 07:00"),
        ("00:30", "07 23:00", "08 07:00"),
        ("06:59", "07 23:00", "08 07:00"),
    ],
)
def test_a_time_of_day_belongs_to_its_shift(at: str, from_at: str, to_at: str) -> None:
    instant = datetime.fromisoformat(f"2026-03-08T{at}+08:00")
    shift = shift_at(instant, STARTS, SHANGHAI)
    assert (local(shift.from_at, SHANGHAI), local(shift.to_at, SHANGHAI)) == (from_at, to_at)
    assert shift.from_at.tzinfo is UTC


def test_the_last_and_the_next_shift_touch_this_one() -> None:
    shift = shift_at(datetime(2026, 3, 8, 1, tzinfo=UTC), STARTS, SHANGHAI)
    assert local(shift_before(shift, STARTS, SHANGHAI).from_at, SHANGHAI) == "07 23:00"
    assert local(shift_after(shift, STARTS, SHANGHAI).to_at, SHANGHAI) == "08 23:00"


@pytest.mark.parametrize(("on", "hours"), [((2026, 3, 29), 7), ((2026, 10, 25), 9), ((2026, 3, 30), 8)])
def test_the_night_of_a_clock_change_is_longer_or_shorter(on: tuple[int, int, int], hours: int) -> None:
    shift = shift_at(datetime(*on, 4, tzinfo=UTC), STARTS, BERLIN)
    assert local(shift.to_at, BERLIN).endswith("07:00")
    assert shift.to_at - shift.from_at == timedelta(hours=hours)


def test_one_start_a_day_makes_shifts_of_a_day() -> None:
    shift = shift_at(datetime(2026, 3, 8, 1, tzinfo=UTC), (time(8),), SHANGHAI)
    assert (local(shift.from_at, SHANGHAI), local(shift.to_at, SHANGHAI)) == ("08 08:00", "09 08:00")


@given(
    minutes=st.integers(0, 525_600),
    starts=st.sets(st.integers(0, 1439), min_size=1, max_size=5),
    zone=st.sampled_from([SHANGHAI, BERLIN]),
)
def test_every_instant_lies_in_exactly_one_of_three_touching_shifts(
    minutes: int, starts: set[int], zone: ZoneInfo
) -> None:
    times = tuple(time(*divmod(minute, 60)) for minute in sorted(starts))
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    shift = shift_at(at, times, zone)
    before, after = shift_before(shift, times, zone), shift_after(shift, times, zone)
    assert [one.covers(at) for one in (before, shift, after)] == [False, True, False]
    assert (before.to_at, after.from_at) == (shift.from_at, shift.to_at)
