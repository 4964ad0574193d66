"""For how long an acknowledgement holds, pure."""

from datetime import timedelta
from typing import Final

from alerts.model import SignalKind
from trial.protocol import Protocol

TO_THE_END: Final = timedelta(days=36_525)
"""A hundred years: as long as the alert stands."""


def holds_for(kind: SignalKind, level: int, protocol: Protocol) -> timedelta:
    """From the acknowledgement on, or from the newest assessment entered since.

    A bar changes with nothing but new facts, which ask anew; the clock of a serious event has reminders of
    its own, which no acknowledgement stops.
    """
    if kind in (SignalKind.BARRED, SignalKind.SAE_CLOCK):
        return TO_THE_END
    if kind is SignalKind.BOUNDARY:
        return timedelta(hours=protocol.acknowledged_hours_boundary)
    return protocol.acknowledged_for(level)
