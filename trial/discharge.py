"""What speaks against letting a patient go home now, and whether it is a deviation from the protocol.

Nothing here forbids: a person decides, and going home before the last monitored day needs a reason.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from grading.scale import Toxicity
from trial.calendar import GradePoint, Slot, SlotKind, day_of
from trial.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Discharge:
    """What speaks against going home, one sentence each; none is nothing known against it.

    deviation  whether it is before the last monitored day: it needs a reason and is a deviation
    """

    against: tuple[str, ...]
    deviation: bool


def check_discharge(
    infused_at: datetime,
    grades: Iterable[GradePoint],
    now: datetime,
    protocol: Protocol,
    *,
    zone: ZoneInfo,
    overdue: Sequence[Slot] = (),
    open_alerts: Sequence[str] = (),
) -> Discharge:
    """Check the facts of one infusion at `now`.

    Args:
        overdue: what `trial.due` finds overdue.
        open_alerts: alerts not closed, each in a few words.

    Raises:
        ValueError: `now` is before the infusion.
    """
    if now < infused_at:
        raise ValueError("The infusion is after the time of going home. Correct one of the two times.")
    day = day_of(now, infused_at, zone)
    early = day < protocol.monitoring_days
    past = sorted((point for point in grades if infused_at <= point.at <= now), key=lambda one: one.at)
    against = [
        *(_early(day, protocol) if early else ()),
        *(sentence for toxicity in Toxicity if (sentence := _unsettled(toxicity, past, protocol, zone))),
        *(_overdue(slot, zone) for slot in overdue),
        *(f"An alert is open: {alert}." for alert in open_alerts),
    ]
    return Discharge(tuple(against), early)


def _early(day: int, protocol: Protocol) -> tuple[str]:
    last = protocol.monitoring_days
    return (f"Today is day {day}; going home before day {last} needs a reason and is a deviation.",)


def _grades(toxicity: Toxicity, point: GradePoint) -> tuple[int | None, int]:
    if toxicity is Toxicity.CRS:
        return point.crs_grade, point.crs_at_least
    return point.icans_grade, point.icans_at_least


def _unsettled(
    toxicity: Toxicity, past: Sequence[GradePoint], protocol: Protocol, zone: ZoneInfo
) -> str | None:
    """Why this toxicity has not been settled at 0 long enough, None where it has; as the window's end."""
    zeros: list[datetime] = []
    last_sign: tuple[datetime, int] | None = None
    for point in past:
        grade, at_least = _grades(toxicity, point)
        if at_least > 0:
            zeros, last_sign = [], (point.at, at_least)
        elif grade == 0:
            zeros.append(point.at)
    if zeros and zeros[-1] - zeros[0] >= timedelta(hours=protocol.settled_hours):
        return None
    needed = f"it must be settled at 0 for {protocol.settled_hours:g} h"
    if zeros:
        hours = (zeros[-1] - zeros[0]) / timedelta(hours=1)
        return f"{toxicity.label} has been settled at 0 for {hours:.3g} h; {needed}."
    if last_sign is None:
        return f"{toxicity.label} has never been settled at 0 since the infusion; {needed}."
    at, proved = last_sign
    seen = f"{toxicity.label} was at least grade {proved} at {_when(at, zone)}"
    return f"{seen} and has not been settled at 0 since; {needed}."


def _overdue(slot: Slot, zone: ZoneInfo) -> str:
    kind = "ICE has" if slot.kind is SlotKind.ICE else "Vital signs have"
    return f"{kind} been due since {_when(slot.due_at, zone)}."


def _when(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"
