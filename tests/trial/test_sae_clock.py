"""The clock of a serious event: below, on and above each of its times."""

from datetime import UTC, datetime, timedelta

import pytest

from trial.limits import SaeClock
from trial.sae_clock import ClockState, clock_moments, read_clock

AWARE = datetime(2026, 3, 8, 10, 0, tzinfo=UTC)
SETTINGS = SaeClock(clock_hours=24, reminder_hours=(12, 20, 23), overdue_repeat_hours=4)


def after(hours: float, minutes: float = 0) -> datetime:
    return AWARE + timedelta(hours=hours, minutes=minutes)


@pytest.mark.parametrize(
    ("now", "state", "left_minutes"),
    [
        (after(0), ClockState.RUNNING, 24 * 60),
        (after(23, 59), ClockState.RUNNING, 1),
        (after(24), ClockState.OVERDUE, 0),
        (after(24, 1), ClockState.OVERDUE, -1),
        (after(100), ClockState.OVERDUE, -76 * 60),
    ],
)
def test_an_event_that_is_not_reported_runs_out(now: datetime, state: ClockState, left_minutes: int) -> None:
    reading = read_clock(AWARE, None, now, SETTINGS)
    assert (reading.state, reading.due_at, reading.is_running) == (state, after(24), True)
    assert reading.left == timedelta(minutes=left_minutes)


@pytest.mark.parametrize(
    ("reported", "state"),
    [
        (after(1), ClockState.REPORTED),
        (after(24), ClockState.REPORTED),
        (after(24, 1), ClockState.REPORTED_LATE),
    ],
)
def test_a_report_stops_the_clock_in_time_or_late(reported: datetime, state: ClockState) -> None:
    reading = read_clock(AWARE, reported, after(200), SETTINGS)
    assert (reading.state, reading.is_running, reading.left) == (state, False, after(24) - reported)


@pytest.mark.parametrize(
    ("until", "hours"),
    [
        (after(11, 59), []),
        (after(12), [12]),
        (after(20), [12, 20]),
        (after(23), [12, 20, 23]),
        (after(24), [12, 20, 23, 24]),
        (after(27, 59), [12, 20, 23, 24]),
        (after(28), [12, 20, 23, 24, 28]),
        (after(36), [12, 20, 23, 24, 28, 32, 36]),
    ],
)
def test_people_are_told_at_the_reminders_and_every_four_hours_once_overdue(
    until: datetime, hours: list[float]
) -> None:
    moments = clock_moments(AWARE, until, SETTINGS)
    assert [moment.hours for moment in moments] == hours
    assert [moment.at for moment in moments] == [after(one) for one in hours]
    assert [moment.overdue for moment in moments] == [one >= 24 for one in hours]
