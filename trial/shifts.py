"""The nurses' shifts, by the hospital's clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift: from its beginning up to, not including, the beginning of the next. Both UTC."""

    from_at: datetime
    to_at: datetime

    def covers(self, at: datetime) -> bool:
        """Whether the instant belongs to this shift."""
        return self.from_at <= at < self.to_at


def shift_at(at: datetime, starts: tuple[time, ...], zone: ZoneInfo) -> Shift:
    """The shift in which an instant lies. `starts` are times of day, earliest first.

    Where the clock changes at night, that shift is an hour longer or shorter, as it is for the nurses.
    """
    today = at.astimezone(zone).date()
    days = (today + timedelta(days=days) for days in (-1, 0, 1))
    bounds = [datetime.combine(day, start, zone).astimezone(UTC) for day in days for start in starts]
    begins = max(bound for bound in bounds if bound <= at)
    return Shift(begins, min(bound for bound in bounds if bound > begins))


def shift_before(shift: Shift, starts: tuple[time, ...], zone: ZoneInfo) -> Shift:
    """The shift that ended when this one began."""
    return shift_at(shift.from_at - timedelta(microseconds=1), starts, zone)


def shift_after(shift: Shift, starts: tuple[time, ...], zone: ZoneInfo) -> Shift:
    """The shift that begins when this one ends."""
    return shift_at(shift.to_at, starts, zone)
