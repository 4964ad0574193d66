"""What the second telling keeps of each alert: state, level, what was told, and the plans of who is told."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

Place = tuple[int, str, str]
"""Infusion, signal, slot."""

EVERYONE: Final = ("ward", "treating", "pi", "deputy", "committee_chair", "sponsor_safety")
Step = tuple[int, tuple[str, ...]]
"""Minutes without an acknowledgement, and the groups that are told then."""

_FIRST: Final = ("ward", "treating", "pi")
_CHAIR: Final = ("committee_chair", "sponsor_safety")
PLANS: Final[dict[str, tuple[Step, ...]]] = {
    "p1": ((0, _FIRST), (5, ("pi", "deputy")), (10, _CHAIR), (20, EVERYONE)),
    "p2": ((0, _FIRST), (15, ("pi", "deputy")), (30, _CHAIR), (60, EVERYONE)),
    "p3": ((0, ("ward", "treating")),),
    "missed": ((0, ("ward",)), (240, ("treating", "pi"))),
}
STARTS: Final = ("opening", "worsened", "again", "lapsed")
"""The notices from which escalation counts."""
CHASES: Final = (*STARTS, "escalation", "repeat")
LIVE: Final = ("open", "acknowledged", "recovering")
SET_BACK: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)
SILENT_ENDS: Final = ("superseded", "expired", "left", "death")
BY_TIME: Final = ("expired", "left")
HOURLY_FOR: Final = timedelta(hours=24)


@dataclass
class Notice:
    """One message: when, what, to whom. `mails` says of each recipient: untried, tried or failed."""

    kind: str
    at: datetime
    urgency: int
    step: int
    mails: dict[int, str] = field(default_factory=dict)


@dataclass
class Alert:
    """One alert as it must be."""

    place: Place
    state: str
    level: int
    urgency: int
    opened_at: datetime
    members: frozenset[str] = frozenset()
    historical: bool = False
    closed_at: datetime | None = None
    ended: str | None = None
    notices: list[Notice] = field(default_factory=list)
    acknowledged_at: datetime | None = None
    silenced_until: datetime | None = None
    counted_from: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether somebody still has to deal with it."""
        return self.state in LIVE

    @property
    def plan(self) -> tuple[Step, ...]:
        """Who is told when."""
        return PLANS["missed" if self.place[1] == "missed" else f"p{self.urgency}"]

    @property
    def told(self) -> set[int]:
        """Everyone who ever got a mail of it."""
        return {person for notice in self.notices for person in notice.mails}

    def close(self, state: str, reason: str, at: datetime) -> None:
        """Over."""
        self.state, self.ended, self.closed_at = state, reason, at

    def open(self) -> None:
        """Somebody has to take it, from now on."""
        self.state, self.ended, self.closed_at = "open", None, None
