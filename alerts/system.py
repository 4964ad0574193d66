"""Whether the program itself is well: problems as the worker sees them, and the signals they raise.

A problem is noted with the time it was last seen. Its signal stands for five minutes longer, so that a mail
path that comes and goes is one alert and not twenty.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from alerts.health import worker_state
from alerts.model import CLOCK_ERROR, Signal, SignalKind, SignalState
from alerts.outbox import REFUSED_FOR_GOOD
from db.audit import verify_chain
from db.models import Alert, Delivery, Heartbeat, Notice, Recipient
from settings import Settings

GONE_AFTER: Final = timedelta(minutes=5)
"""A problem not seen for so long is over."""

LEAST_FREE: Final = 0.1
BACKUP_TOO_OLD: Final = timedelta(hours=26)
CLOCK_JUMPED_BY: Final = timedelta(seconds=30)
BACKUP: Final = "backup"
"""The heartbeat that a backup leaves behind."""

_AUDIT_EVERY: Final = timedelta(hours=1)
_REFUSED_LATELY: Final = timedelta(days=1)
_PREFIX: Final = "problem:"
_URGENCY: Final = 3


class Problem(StrEnum):
    """What can be wrong with the program; the slot of its alert."""

    WORKER = "worker"
    QUEUE = "queue"
    DELIVERY = "delivery"
    AUDIT = "audit"
    DISK = "disk"
    BACKUP = "backup"
    CLOCK = "clock"


@dataclass(slots=True)
class Watch:
    """What one worker remembers between two looks; nothing that would be missed after a restart."""

    looked_at: datetime | None = None
    looked_monotonic_s: float = 0.0
    audited_at: datetime | None = None
    audit_broken: bool = False

    def clock_jumped(self, now: datetime, monotonic_s: float) -> bool:
        """Whether wall clock and running time have moved apart since the last look."""
        before, self.looked_at = self.looked_at, now
        ran_s, self.looked_monotonic_s = monotonic_s - self.looked_monotonic_s, monotonic_s
        return before is not None and abs(now - before - timedelta(seconds=ran_s)) > CLOCK_JUMPED_BY

    def audit_is_due(self, now: datetime) -> bool:
        """Whether the audit trail is to be read again: at the start, and every hour."""
        return self.audited_at is None or not timedelta(0) <= now - self.audited_at < _AUDIT_EVERY


def silent_before(session: Session, now: datetime) -> bool:
    """Whether a worker ended without a word and no other took over: asked once, when a worker starts."""
    before = worker_state(session, now)
    return before.last_seen_at is not None and not before.alive and not before.stopped


def find_problems(
    session: Session, settings: Settings, watch: Watch, *, now: datetime, monotonic_s: float
) -> set[Problem]:
    """What is wrong now. Reads only."""
    found = {Problem.CLOCK} if watch.clock_jumped(now, monotonic_s) else set()
    if worker_state(session, now).urgent_waiting:
        found.add(Problem.QUEUE)
    if _refused(session, now):
        found.add(Problem.DELIVERY)
    if watch.audit_is_due(now):
        watch.audited_at, watch.audit_broken = now, not verify_chain(session).whole
    if watch.audit_broken:
        found.add(Problem.AUDIT)
    usage = shutil.disk_usage(settings.data_dir)
    if usage.free < usage.total * LEAST_FREE:
        found.add(Problem.DISK)
    backup_at = last_backup_at(session)
    if backup_at is not None and now - backup_at > BACKUP_TOO_OLD:
        found.add(Problem.BACKUP)
    return found


def last_backup_at(session: Session) -> datetime | None:
    """When the last backup was made; None where none is recorded."""
    found: datetime | None = session.execute(
        select(col(Heartbeat.at)).where(col(Heartbeat.name) == BACKUP)
    ).scalar_one_or_none()
    return found


def note_problems(session: Session, problems: set[Problem], *, now: datetime) -> None:
    """Write when each problem was last seen. The session must come from `writing()`."""
    stored = {row.name: row for row in session.scalars(select(Heartbeat).where(_noted))}
    for problem in sorted(problems):
        name = f"{_PREFIX}{problem}"
        row = stored.get(name) or Heartbeat(name=name, at=now)
        row.at = now
        session.add(row)
    session.flush()


def system_signals(session: Session, now: datetime) -> set[Signal]:
    """One signal for each problem that stands, or stood within the last five minutes."""
    seen = session.execute(select(col(Heartbeat.name), col(Heartbeat.at)).where(_noted))
    standing: Mapping[str, datetime] = {name.removeprefix(_PREFIX): at for name, at in seen}
    return {_signal(slot, at) for slot, at in standing.items() if -CLOCK_ERROR <= now - at < GONE_AFTER}


_noted = col(Heartbeat.name).like(f"{_PREFIX}%")


def _signal(slot: str, seen_at: datetime) -> Signal:
    return Signal(
        kind=SignalKind.SYSTEM,
        slot=slot,
        state=SignalState.FIRING,
        level=0,
        urgency=_URGENCY,
        first_at=seen_at,
        last_at=seen_at,
    )


def _refused(session: Session, now: datetime) -> bool:
    """Whether a mail that still matters was refused for good by the server of somebody on the list.

    Mails about the program itself are left out: an address that takes none must not keep its own alert alive.
    """
    matters = or_(
        Alert.closed_at.is_(None) & (Alert.signal != SignalKind.SYSTEM.value),  # type: ignore[union-attr]
        col(Notice.alert_id).is_(None) & (col(Notice.created_at) > now - _REFUSED_LATELY),
    )
    query = (
        select(func.count())
        .select_from(Delivery)
        .join(Notice, col(Notice.id) == col(Delivery.notice_id))
        .join(Recipient, col(Recipient.id) == col(Delivery.recipient_id))
        .outerjoin(Alert, col(Alert.id) == col(Notice.alert_id))
        .where(
            REFUSED_FOR_GOOD,
            or_(col(Recipient.valid_to).is_(None), col(Recipient.valid_to) > now),
            matters,
        )
    )
    return bool(session.execute(query).scalar_one())
