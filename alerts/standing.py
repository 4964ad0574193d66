"""Signals that stand now or do not, pure: a toxicity long unsettled, and a due assessment that was missed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from typing import Final

from alerts.episodes import course_window
from alerts.model import ALERT_GRADE, CourseFacts, FactGrade, Monitoring, Signal, SignalKind, SignalState
from grading.scale import Toxicity
from trial.calendar import Slot, SlotKind, SlotStatus, due_slots, slot_status
from trial.protocol import Protocol

DUE_KIND: Final = {Toxicity.CRS: SlotKind.VITAL_SIGNS, Toxicity.ICANS: SlotKind.ICE}
"""What settles a toxicity."""

_URGENCY: Final = 3


def unsettled_signals(course: CourseFacts, now: datetime, protocol: Protocol) -> list[Signal]:
    """Each toxicity that could still be 3 or more: in two due assessments in a row, or for hours."""
    known = _monitored(course, now, protocol)
    if known is None:
        return []
    found = (_unsettled(course, known, scale, now, protocol) for scale in Toxicity)
    return [signal for signal in found if signal is not None]


def missed_signals(course: CourseFacts, now: datetime, protocol: Protocol) -> list[Signal]:
    """Each kind of assessment of which one is overdue for the protocol's hours and none was done since.

    A round of vital signs is done when it settles CRS or proves 3 or more; ICE, when there is a score or
    the reason why there is none.
    """
    known = _monitored(course, now, protocol)
    if known is None:
        return []
    recorded = [fact.recorded() for fact in course.assessments]
    late_from = now - timedelta(hours=protocol.missed_hours)
    found: list[Signal] = []
    for kind in SlotKind:
        last = max((one.at for one in recorded if one.holds(kind, now)), default=known.infused_at)
        slots = _slots(course, known, kind, late_from, protocol, since=last - protocol.slot_tolerance)
        overdue = (
            slot
            for slot in slots
            if slot_status(slot, recorded, known.skipped, now, protocol) is SlotStatus.OVERDUE
        )
        first = next(overdue, None)
        if first is not None:
            found.append(_standing(SignalKind.MISSED, kind.value, first.due_at, now))
    return found


def _unsettled(
    course: CourseFacts, known: Monitoring, scale: Toxicity, now: datetime, protocol: Protocol
) -> Signal | None:
    latest_first = takewhile(lambda fact: _could_be_grave(fact.of(scale)), reversed(course.in_order))
    stretch = list(latest_first)[::-1]
    if not stretch:
        return None
    first = stretch[0].assessed_at
    since = first - protocol.slot_tolerance
    slots = _slots(course, known, DUE_KIND[scale], now + protocol.slot_tolerance, protocol, since=since)
    open_in = [
        any(abs(fact.assessed_at - slot.due_at) <= protocol.slot_tolerance for fact in stretch)
        for slot in slots
    ]
    twice = any(one and other for one, other in pairwise(open_in))
    if not twice and now - first < timedelta(hours=protocol.unsettled_hours):
        return None
    latest = stretch[-1]
    return _standing(
        SignalKind.UNSETTLED, scale.value, first, latest.assessed_at, latest_id=latest.assessment_id
    )


def _could_be_grave(grade: FactGrade) -> bool:
    return grade.grade is None and grade.at_least < ALERT_GRADE <= grade.at_most


def _monitored(course: CourseFacts, now: datetime, protocol: Protocol) -> Monitoring | None:
    """What is known of the monitoring while the window covers `now`, else None."""
    window = course_window(course, protocol)
    return course.monitoring if window is not None and window.covers(now) else None


def _slots(
    course: CourseFacts,
    known: Monitoring,
    kind: SlotKind,
    until: datetime,
    protocol: Protocol,
    *,
    since: datetime,
) -> Sequence[Slot]:
    slots = due_slots(
        known.infused_at,
        known.stays,
        [fact.grade_point() for fact in course.in_order],
        protocol,
        until,
        zone=known.zone,
        ended_at=known.ended_at,
        since=since,
    )
    return [slot for slot in slots if slot.kind is kind]


def _standing(
    kind: SignalKind, slot: str, first_at: datetime, last_at: datetime, *, latest_id: int | None = None
) -> Signal:
    return Signal(
        kind=kind,
        slot=slot,
        state=SignalState.FIRING,
        level=0,
        urgency=_URGENCY,
        first_at=first_at,
        last_at=last_at,
        worst_id=latest_id,
        latest_id=latest_id,
    )
