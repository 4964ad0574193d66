"""What the patient's picture is drawn from, and how long each kind of assessment stands in it."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from charts.figure import local
from charts.segments import Stretch, stands_until
from db.queries.charted_entries import Entry
from trial.calendar import day_of
from trial.protocol import Protocol

_DAY: Final = timedelta(days=1)
_NEWEST_STANDS_AT_LEAST: Final = timedelta(hours=2)
"""How much of a strip the newest entry is given: some four pixels of a two-week picture on a tablet.

An entry of this minute would have no width, and its grade would look like no assessment.
"""


@dataclass(frozen=True, slots=True)
class AxisRows:
    """What is drawn.

    entries   of one infusion, by time observed
    until     up to when something could have been recorded: the end of the window, or now
    away      stays at home, in which nobody was to look
    """

    infusion_words: str
    infused_at: datetime
    entries: tuple[Entry, ...]
    until: datetime
    zone: ZoneInfo
    protocol: Protocol
    away: tuple[Stretch, ...] = ()

    def clock(self, at: datetime) -> datetime:
        """The hospital's clock, as Plotly takes it."""
        return local(at, self.zone)

    def vital_signs_stand_until(self, at: datetime) -> datetime:
        """How long vital signs taken at an instant stand."""
        return stands_until(at, self.protocol.vital_sign_times, self.protocol, self.zone)

    def ice_stands_until(self, at: datetime) -> datetime:
        """How long an ICE score taken at an instant stands."""
        return stands_until(at, self.protocol.ice_times, self.protocol, self.zone)

    @property
    def strips_until(self) -> datetime:
        """Where the strips end: `until`, or a little later where the newest entry has only just been made."""
        newest = max((entry.assessed_at for entry in self.entries), default=None)
        return self.until if newest is None else max(self.until, newest + _NEWEST_STANDS_AT_LEAST)

    @property
    def first_day(self) -> datetime:
        """Midnight at which the picture begins: the day before the infusion."""
        return datetime.combine(self.clock(self.infused_at).date(), time()) - _DAY

    @property
    def end(self) -> datetime:
        """Midnight at which the picture ends."""
        return datetime.combine(self.clock(self.strips_until).date(), time()) + _DAY

    def moment(self, at: datetime) -> str:
        """ "4 Mar 07:52, day 2"."""
        clock = self.clock(at)
        return f"{clock.day} {clock:%b %H:%M}, day {day_of(at, self.infused_at, self.zone)}"
