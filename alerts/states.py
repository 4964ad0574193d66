"""An alert as it is stored, what a notice tells, and one change of an alert: pure values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from alerts.model import Signal, SignalKind


class AlertState(StrEnum):
    """How a stored alert stands. The first three are live: at most one an infusion, signal and slot."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RECOVERING = "recovering"
    CLOSED = "closed"
    RETRACTED = "retracted"

    @property
    def live(self) -> bool:
        """Whether somebody still has to look."""
        return self in (AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.RECOVERING)


class NoticeKind(StrEnum):
    """What a message tells."""

    OPENING = "opening"
    WORSENED = "worsened"
    AGAIN = "again"
    RECOVERY = "recovery"
    DEATH = "death"
    AMENDMENT = "amendment"
    RETRACTION = "retraction"
    LATE = "late"
    LAPSED = "lapsed"
    ATTEMPT = "attempt"
    ESCALATION = "escalation"
    REPEAT = "repeat"
    HISTORICAL_DIGEST = "historical_digest"
    DIGEST = "digest"
    TEST = "test"


STARTING: Final = (
    NoticeKind.OPENING,
    NoticeKind.WORSENED,
    NoticeKind.AGAIN,
    NoticeKind.LAPSED,
    NoticeKind.ATTEMPT,
)
"""The notices with which an alert becomes open: escalation counts from the newest of them."""

CALLING: Final = (*STARTING, NoticeKind.ESCALATION, NoticeKind.REPEAT)
"""The notices that call for an answer."""


class EndedReason(StrEnum):
    """Why an alert is no longer live."""

    RECOVERED = "recovered"
    DEATH = "death"
    CORRECTED = "corrected"
    HISTORICAL = "historical"
    MERGED = "merged"
    SPLIT = "split"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    JUDGED = "judged"
    GRADED = "graded"
    GONE = "gone"
    LEFT = "left"
    SETTLED = "settled"
    MET = "met"
    RELEASED = "released"
    DECIDED = "decided"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert as it is stored. `acknowledged_at` is the newest acknowledgement, if any.

    first_observed_at  when what it is about was observed; of a serious event, when the site became aware
    """

    id: int
    kind: SignalKind
    slot: str
    state: AlertState
    level: int
    urgency: int
    historical: bool
    members: frozenset[str]
    opened_at: datetime
    updated_at: datetime
    acknowledged_at: datetime | None = None
    ended_reason: str | None = None
    first_observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One alert to write.

    alert_id   the stored alert, None for a new one
    signal     the episode, None when it is gone
    notice     what to tell, None for nothing
    lost       stable ids that belonged to the alert and are no longer of its kind
    """

    alert_id: int | None
    kind: SignalKind
    slot: str
    signal: Signal | None
    state: AlertState
    level: int
    urgency: int
    historical: bool
    members: frozenset[str]
    ended_reason: EndedReason | None = None
    notice: NoticeKind | None = None
    lost: frozenset[str] = frozenset()
