"""Where the trial stands under a stopping rule, at a data cut-off.

Two readings, always named as such. Formal: patients in the order of infusion, each counted when its window
has closed; this is the reading whose false-stop rate the rule promises. Immediate: all events so far against
the limit at the number infused. It is never the more severe one: whatever it stops, the formal reading stops
by that look at the latest, once the windows have closed. Counting "events and completers" at each event is
not offered: it nearly doubles the false stops.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, takewhile

_Looks = Sequence[tuple[int, int | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientUnderRule:
    """One patient of a rule; leave out who cannot be evaluated for a reason unrelated to events.

    code         study code
    infused_at   the infusion that the rule counts; gives the order
    days         days from the infusion to the data cut-off, Day 0 the day of infusion; they run on after an
                 event, a death or a progression, because a window that closes early counts events too soon
    event_day    day of the first event known at the cut-off; None where none is known
    """

    code: str
    infused_at: datetime
    days: int
    event_day: int | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """Events among the first n patients, held against the limit of one look.

    look     the number of patients whose limit applies; None where no look is left
    stop_at  that limit; None where no number of events stops there
    """

    n: int
    events: int
    look: int | None
    stop_at: int | None

    @property
    def stops(self) -> bool:
        """Whether the rule pauses the trial for a review; nobody stops nothing."""
        return self.n > 0 and self.stop_at is not None and self.events >= self.stop_at


@dataclass(frozen=True, slots=True)
class FanPoint:
    """After the n-th patient's window: the fewest and the most events that are still possible."""

    n: int
    fewest: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReading:
    """A rule's state. Three counts stand beside every rate: events, complete, pending.

    infused     codes of all patients infused by the cut-off, in the order of infusion
    complete    codes of those whose window has closed and who are counted
    pending     codes of the others
    early       codes of the pending ones whose event is already known
    path        events among the first 1, 2, ... complete patients: the staircase's observed path
    fan         from the last complete patient on: what the pending ones can still add
    looks       formal reading: every look made so far
    stopped     formal reading: the first look that stopped; None where none did
    certain     the look at which the formal reading is already sure to have stopped, windows closed or not
    immediate   immediate reading: all events so far against the limit at the number infused

    Of each reading: `next_*` is the next count that stops, `if_next_*` where it stands if the next patient
    has an event.
    """

    infused: tuple[str, ...]
    complete: tuple[str, ...]
    pending: tuple[str, ...]
    early: tuple[str, ...]
    path: tuple[int, ...]
    fan: tuple[FanPoint, ...]
    looks: tuple[Count, ...]
    stopped: Count | None
    certain: Count | None
    immediate: Count
    next_formal: Count | None
    next_immediate: Count | None
    if_next_formal: Count
    if_next_immediate: Count


def read_rule(boundary: _Looks, patients: Iterable[PatientUnderRule], window_days: int) -> RuleReading:
    """Hold the patients against a boundary; nobody infused is a reading of its own, with nothing in it.

    An event counts from Day 0 to the last day of the window and when it is known at the cut-off; patients
    infused after the cut-off (days below 0) do not count.

    Args:
        boundary: looks of the rule, from `trial.stopping`.
        patients: everyone given the infusion the rule counts, in any order.
        window_days: last day of the window; it has closed on the day after.
    """
    ordered = sorted((one for one in patients if one.days >= 0), key=lambda one: (one.infused_at, one.code))
    complete = list(takewhile(lambda one: one.days > window_days, ordered))
    had_event = [_had_event(one, window_days) for one in ordered]
    counts = list(accumulate(had_event, initial=0))
    n, infused = len(complete), len(ordered)
    looks = tuple(Count(at, counts[at], at, stop_at) for at, stop_at in boundary if at <= n)
    known = (against_limit([look], min(look[0], infused), counts[min(look[0], infused)]) for look in boundary)
    return RuleReading(
        infused=tuple(one.code for one in ordered),
        complete=tuple(one.code for one in complete),
        pending=tuple(one.code for one in ordered[n:]),
        early=tuple(one.code for one, event in zip(ordered[n:], had_event[n:], strict=True) if event),
        path=tuple(counts[1 : n + 1]),
        fan=tuple(_fan(ordered[n:], n, counts[n], window_days)),
        looks=looks,
        stopped=next((look for look in looks if look.stops), None),
        certain=next((count for count in known if count.stops), None),
        immediate=against_limit(boundary, infused, counts[infused]),
        next_formal=next_count_that_stops(boundary, n, counts[n]),
        next_immediate=next_count_that_stops(boundary, infused, counts[infused]),
        if_next_formal=against_limit(boundary, n + 1, counts[n] + 1),
        if_next_immediate=against_limit(boundary, infused + 1, counts[infused] + 1),
    )


def against_limit(boundary: _Looks, n: int, events: int) -> Count:
    """`events` among `n` patients against the limit of the next look at or after n.

    Beyond the last look nothing can stop.
    """
    look, stop_at = next(((at, limit) for at, limit in boundary if at >= n), (None, None))
    return Count(n, events, look, stop_at)


def next_count_that_stops(boundary: _Looks, n: int, events: int) -> Count | None:
    """The earliest look after n that can still stop, if every further patient has an event; else None.

    `events` of the answer is its limit: "the rule stops at 4 events among 7".
    """
    for at, stop_at in boundary:
        if at > n and stop_at is not None and stop_at <= events + at - n:
            return Count(at, stop_at, at, stop_at)
    return None


def _had_event(patient: PatientUnderRule, window_days: int) -> bool:
    return patient.event_day is not None and 0 <= patient.event_day <= min(window_days, patient.days)


def _fan(pending: Sequence[PatientUnderRule], n: int, events: int, window_days: int) -> Iterable[FanPoint]:
    """Nothing where nobody is pending. A window that closed before an earlier one did is known already."""
    fewest = most = events
    if pending:
        yield FanPoint(n, events, events)
    for further, patient in enumerate(pending, start=1):
        event = _had_event(patient, window_days)
        fewest += event
        most += event or patient.days <= window_days
        yield FanPoint(n + further, fewest, most)
