"""The clock of a serious adverse event: it runs from the moment the site learned of it until it is reported.

The times are the protocol's, section `[sae]`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from trial.limits import SaeClock


class ClockState(StrEnum):
    """How a clock stands."""

    RUNNING = "running"
    OVERDUE = "overdue"
    REPORTED = "reported"
    REPORTED_LATE = "reported_late"


@dataclass(frozen=True, slots=True)
class ClockReading:
    """How the clock of one event stands; `left` is the time to the report, negative once it is late."""

    aware_at: datetime
    due_at: datetime
    reported_at: datetime | None
    state: ClockState
    left: timedelta

    @property
    def is_running(self) -> bool:
        """Whether the report is still to be made."""
        return self.state in (ClockState.RUNNING, ClockState.OVERDUE)


@dataclass(frozen=True, slots=True)
class ClockMoment:
    """A moment at which people are told: a reminder, or that the report is overdue."""

    at: datetime
    hours: float
    overdue: bool


def read_clock(
    aware_at: datetime, reported_at: datetime | None, now: datetime, settings: SaeClock
) -> ClockReading:
    """The clock of an event that the site learned of at `aware_at`; `reported_at` is the first report."""
    due_at = aware_at + timedelta(hours=settings.clock_hours)
    if reported_at is None:
        state = ClockState.OVERDUE if now >= due_at else ClockState.RUNNING
    else:
        state = ClockState.REPORTED_LATE if reported_at > due_at else ClockState.REPORTED
    return ClockReading(aware_at, due_at, reported_at, state, due_at - (reported_at or now))


def clock_moments(aware_at: datetime, until: datetime, settings: SaeClock) -> tuple[ClockMoment, ...]:
    """Every moment up to and including `until` at which people are told, earliest first."""
    moments = [
        ClockMoment(aware_at + timedelta(hours=hours), hours, overdue=False)
        for hours in settings.reminder_hours
    ]
    hours = settings.clock_hours
    while aware_at + timedelta(hours=hours) <= until:
        moments.append(ClockMoment(aware_at + timedelta(hours=hours), hours, overdue=True))
        hours += settings.overdue_repeat_hours
    return tuple(moment for moment in moments if moment.at <= until)
