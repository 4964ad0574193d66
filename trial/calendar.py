"""When assessments are due after an infusion, and for how long.

Due times are fixed times of the hospital's clock. Day 0 is the hospital's date of the infusion. The board,
the assess page, the 14-day grid and the signals all ask this file and no other.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from trial.protocol import Protocol
from trial.refusals import still_counts


class SlotKind(StrEnum):
    """What is due: the vital signs, or the ICE score."""

    VITAL_SIGNS = "vital_signs"
    ICE = "ice"


class SlotStatus(StrEnum):
    """How a due assessment stands now.

    `overdue` lasts until one of its kind is recorded later; from then on the slot is `missed` for good.
    """

    NOT_YET = "not_yet"
    DUE = "due"
    MET = "met"
    SKIPPED = "skipped"
    OVERDUE = "overdue"
    MISSED = "missed"


class StayKind(StrEnum):
    """Where a patient is."""

    WARD = "ward"
    INTENSIVE_CARE = "intensive_care"
    HOME = "home"


@dataclass(frozen=True, slots=True)
class Slot:
    """One assessment that is due."""

    due_at: datetime
    kind: SlotKind


@dataclass(frozen=True, slots=True)
class StayPeriod:
    """A stay; `to_at` None while it lasts."""

    kind: StayKind
    from_at: datetime
    to_at: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Whether the instant lies in the stay; its end belongs to the next stay."""
        return self.from_at <= at and (self.to_at is None or at < self.to_at)


@dataclass(frozen=True, slots=True)
class GradePoint:
    """The two grades of one assessment; a grade is None while something not recorded could raise it."""

    at: datetime
    crs_grade: int | None
    crs_at_least: int
    icans_grade: int | None
    icans_at_least: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """What kinds of due assessment one stored assessment meets.

    `vital_signs`: temperature, systolic pressure and SpO2 are all recorded.
    `ice`: a score, all five items, or why it was not done. `ice_asked_again_at`: from when on that reason
    counts for nothing (`trial.refusals.asked_again_at`), None where it stands.
    """

    at: datetime
    vital_signs: bool
    ice: bool
    ice_asked_again_at: datetime | None = None

    def holds(self, kind: SlotKind, now: datetime | None = None) -> bool:
        """Whether this kind was recorded and still counts at `now`; without `now`, when it was observed."""
        if kind is SlotKind.VITAL_SIGNS:
            return self.vital_signs
        return self.ice and still_counts(self.ice_asked_again_at, now or self.at)


@dataclass(frozen=True, slots=True)
class Window:
    """The monitoring window of one infusion; `to_at` None while it is open. Times at home lie outside it."""

    from_at: datetime
    to_at: datetime | None
    home: tuple[StayPeriod, ...] = ()

    def covers(self, at: datetime) -> bool:
        """Whether the patient is monitored at this instant."""
        inside = self.from_at <= at and (self.to_at is None or at < self.to_at)
        return inside and not any(stay.covers(at) for stay in self.home)


def day_of(at: datetime, infused_at: datetime, zone: ZoneInfo) -> int:
    """Days since the infusion, by the hospital's calendar: 0 on the date of the infusion."""
    return (_local_date(at, zone) - _local_date(infused_at, zone)).days


def monitoring_window(
    infused_at: datetime,
    stays: Iterable[StayPeriod],
    grades: Iterable[GradePoint],
    protocol: Protocol,
    *,
    zone: ZoneInfo,
    ended_at: datetime | None = None,
) -> Window:
    """The window after one infusion: day 0 to the last monitored day, longer while a toxicity is not over.

    It stays open until CRS and ICANS have both been settled at 0 for the protocol's hours, shown by an
    assessment and never by silence. `ended_at` is a death, a withdrawal or the next infusion, which end it.
    """
    home = tuple(stay for stay in stays if stay.kind is StayKind.HOME)
    last_day = _local_date(infused_at, zone) + timedelta(days=protocol.monitoring_days)
    planned_end = _instant(last_day + timedelta(days=1), time(), zone)
    clear_at = _clear_at(sorted(grades, key=lambda point: point.at), planned_end, protocol)
    to_at = None if clear_at is None else max(planned_end, clear_at)
    ends = [end for end in (to_at, ended_at) if end is not None]
    return Window(infused_at, min(ends, default=None), home)


def due_slots(
    infused_at: datetime,
    stays: Iterable[StayPeriod],
    grades: Sequence[GradePoint],
    protocol: Protocol,
    until: datetime,
    *,
    zone: ZoneInfo,
    ended_at: datetime | None = None,
    since: datetime | None = None,
) -> list[Slot]:
    """Every assessment due from the infusion (or from `since`, if later) up to and including `until`.

    Earliest first. ICE is due at its own times, and whenever vital signs are from the protocol's ICANS grade
    on, by the last known grade before that time. Nothing is due at home or outside the monitoring window.
    """
    window = monitoring_window(infused_at, stays, grades, protocol, zone=zone, ended_at=ended_at)
    known = _known_icans(sorted(grades, key=lambda point: point.at))
    slots: list[Slot] = []
    icans, coming = 0, next(known, None)
    start = infused_at if since is None else max(infused_at, since)
    for due_at, vital_signs, ice in _hospital_times(start, until, protocol, zone):
        while coming is not None and coming[0] <= due_at:
            icans, coming = coming[1], next(known, None)
        if not window.covers(due_at):
            continue
        if vital_signs:
            slots.append(Slot(due_at, SlotKind.VITAL_SIGNS))
        if ice or icans >= protocol.ice_at_every_time_from_grade:
            slots.append(Slot(due_at, SlotKind.ICE))
    return slots


def slot_status(
    slot: Slot,
    recorded: Iterable[Recorded],
    skipped: Iterable[tuple[SlotKind, datetime]],
    now: datetime,
    protocol: Protocol,
) -> SlotStatus:
    """How one slot stands at `now`. `skipped` holds (kind, due_at) of what was not done, with a reason.

    `skipped` is what `trial.due.skips_that_count` answers: an unexplained refusal counts for an hour only.
    """
    of_kind = [one.at for one in recorded if one.holds(slot.kind, now)]
    if any(abs(at - slot.due_at) <= protocol.slot_tolerance for at in of_kind):
        return SlotStatus.MET
    if (slot.kind, slot.due_at) in skipped:
        return SlotStatus.SKIPPED
    if now < slot.due_at - protocol.slot_tolerance:
        return SlotStatus.NOT_YET
    if now <= slot.due_at + protocol.slot_tolerance:
        return SlotStatus.DUE
    return SlotStatus.MISSED if any(at > slot.due_at for at in of_kind) else SlotStatus.OVERDUE


def _local_date(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def _instant(on: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, at, zone).astimezone(UTC)


def _hospital_times(
    from_at: datetime, until: datetime, protocol: Protocol, zone: ZoneInfo
) -> Iterator[tuple[datetime, bool, bool]]:
    """Each time of the hospital's clock: the instant, whether vital signs are due, whether ICE is."""
    times = sorted({*protocol.vital_sign_times, *protocol.ice_times})
    on, last_on = _local_date(from_at, zone), _local_date(until, zone)
    while on <= last_on:
        for at in times:
            instant = _instant(on, at, zone)
            if from_at <= instant <= until:
                yield instant, at in protocol.vital_sign_times, at in protocol.ice_times
        on += timedelta(days=1)


def _known_icans(grades: Iterable[GradePoint]) -> Iterator[tuple[datetime, int]]:
    """The last settled ICANS grade, or anything higher proved since: vital signs come oftener than ICE."""
    known = 0
    for point in grades:
        known = max(known, point.icans_at_least) if point.icans_grade is None else point.icans_grade
        yield point.at, known


def _clear_at(grades: Sequence[GradePoint], planned_end: datetime, protocol: Protocol) -> datetime | None:
    """When CRS and ICANS had both been settled at 0 long enough, at the planned end or first after it."""
    crs = _ScaleWatch(protocol.settled_hours)
    icans = _ScaleWatch(protocol.settled_hours)
    clear_at: datetime | None = None
    for point in grades:
        if clear_at is not None and point.at >= planned_end:
            return clear_at
        crs.see(point.at, point.crs_grade, point.crs_at_least)
        icans.see(point.at, point.icans_grade, point.icans_at_least)
        clear_at = (clear_at or point.at) if crs.clear and icans.clear else None
    return clear_at


class _ScaleWatch:
    """Whether one toxicity has been settled at 0 long enough. Unsettled rows neither start nor break it."""

    def __init__(self, settled_hours: float) -> None:
        self.needed = timedelta(hours=settled_hours)
        self.zero_since: datetime | None = None
        self.clear = False

    def see(self, at: datetime, grade: int | None, at_least: int) -> None:
        if at_least > 0:
            self.zero_since, self.clear = None, False
        elif grade == 0:
            self.zero_since = self.zero_since or at
            self.clear = at - self.zero_since >= self.needed
