"""What the picture of a patient's whole course is drawn from; times are the hospital's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from grading.scale import Toxicity


class Lane(StrEnum):
    """In which part of the picture a bar or a mark stands."""

    EVENTS = "events"
    DISEASE = "disease"
    DRUGS = "drugs"


@dataclass(frozen=True, slots=True)
class DayTile:
    """The worst grade of one toxicity on one day; unsettled is "at least"."""

    day: datetime
    scale: Toxicity
    at_least: int
    settled: bool
    words: str
    link: str

    @property
    def text(self) -> str:
        """The numeral: "3", "≥3", or "?" where nothing is proved."""
        if self.settled:
            return str(self.at_least)
        return f"≥{self.at_least}" if self.at_least else "?"


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that lasts; `to_at` None while it goes on. `grade` is an event's CTCAE grade."""

    lane: Lane
    name: str
    from_at: datetime
    to_at: datetime | None
    words: str
    link: str
    grade: int | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """Something of one moment: a dose, a sample, a scan, a death. `text` stands beside its sign."""

    lane: Lane
    name: str
    at: datetime
    symbol: str
    words: str
    link: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class LabPoint:
    """One result in the unit of its series."""

    at: datetime
    value: float
    words: str


@dataclass(frozen=True, slots=True)
class LabSeries:
    """One analyte over time; `limits` are drawn dotted, each with its words."""

    label: str
    unit: str
    points: tuple[LabPoint, ...]
    limits: tuple[float, ...] = ()
    is_log: bool = True


@dataclass(frozen=True, slots=True)
class CourseRows:
    """One patient from some days before the first infusion to the last record.

    infusions  (words, moment), the first one first
    windows    monitored days, from midnight to midnight: without an assessment they are hatched
    now        up to when something that goes on is drawn
    """

    study_code: str
    infusions: tuple[tuple[str, datetime], ...]
    windows: tuple[tuple[datetime, datetime], ...]
    tiles: tuple[DayTile, ...]
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    labs: tuple[LabSeries, ...]
    now: datetime

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is recorded."""
        return not (self.infusions or self.bars or self.marks or any(one.points for one in self.labs))

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Midnights between which everything stands, a day to spare on both sides."""
        moments = [self.now, *(at for _, at in self.infusions), *(tile.day for tile in self.tiles)]
        moments += [bar.from_at for bar in self.bars] + [mark.at for mark in self.marks]
        moments += [point.at for series in self.labs for point in series.points]
        day = timedelta(days=1)
        first, last = min(moments), max(moments)
        return _midnight(first) - day, _midnight(last) + 2 * day

    def names(self, lane: Lane) -> list[str]:
        """The rows of a lane from the top down: what began first stands on top."""
        found = [(bar.from_at, bar.name) for bar in self.bars if bar.lane is lane]
        found += [(mark.at, mark.name) for mark in self.marks if mark.lane is lane]
        return list(dict.fromkeys(name for _, name in sorted(found)))

    def gaps(self, scale: Toxicity) -> list[tuple[datetime, datetime]]:
        """The monitored days up to now on which nobody graded this toxicity."""
        graded = {tile.day for tile in self.tiles if tile.scale is scale}
        return [
            (day, day + timedelta(days=1))
            for day in _days(self.windows)
            if day not in graded and day <= self.now
        ]


def _days(windows: Sequence[tuple[datetime, datetime]]) -> list[datetime]:
    found: dict[datetime, None] = {}
    for from_at, to_at in windows:
        day = _midnight(from_at)
        while day < to_at:
            found[day] = None
            day += timedelta(days=1)
    return list(found)


def _midnight(at: datetime) -> datetime:
    return datetime.combine(at.date(), time())
