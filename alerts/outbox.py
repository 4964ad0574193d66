"""The outbox: one delivery for each notice and recipient, claimed with a lease and then sent.

All state is in the database. A claim is one UPDATE that commits before any network is touched, so two
workers never send the same delivery; a worker that dies loses its claim when the lease ends.
"""

import logging
import os
import random
import socket
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, and_, bindparam, insert, or_, select, text, update
from sqlmodel import Session, col

from db.columns import UtcDateTime
from db.models import Delivery, DeliveryAttempt
from failpoints import reach
from settings import Settings

LEASE: Final = timedelta(seconds=10)
"""How long a claim holds unless its worker renews it."""

RETRY_S: Final = (5.0, 10.0, 20.0, 40.0, 60.0)
JITTER: Final = 0.1
_UNKNOWN_AFTER_S: Final = 60.0
_CLOCK_SET_BACK: Final = timedelta(minutes=2)
"""No lease and no retry of urgent mail lies this far ahead, unless the clock was set back since."""
_URGENT: Final = 2
_GIVE_UP_AFTER: Final = timedelta(hours=24)
_log = logging.getLogger(__name__)


_NOW: Final = bindparam("now", type_=UtcDateTime)
_LATEST: Final = bindparam("latest", type_=UtcDateTime)
_DUE: Final = or_(
    and_(
        col(Delivery.state).in_(("pending", "unknown")),
        or_(
            col(Delivery.due_at) <= _NOW,
            and_(col(Delivery.due_at) > _LATEST, col(Delivery.urgency) <= _URGENT),
        ),
    ),
    and_(
        col(Delivery.state) == "claimed",
        or_(col(Delivery.lease_until) <= _NOW, col(Delivery.lease_until) > _LATEST),
    ),
)
_MOST_URGENT: Final = (
    select(col(Delivery.id))
    # In the words of the partial index, or neither engine would use it.
    .where(text("state IN ('pending', 'claimed', 'unknown')"), _DUE)
    .order_by(col(Delivery.urgency), col(Delivery.due_at), col(Delivery.id))
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
# Made once: putting it together costs as much as running it, and every mail waits for it.
_CLAIM: Final = (
    update(Delivery)
    .where(col(Delivery.id) == _MOST_URGENT)
    .values(
        state="claimed",
        lease_until=bindparam("lease", type_=UtcDateTime),
        claimed_by=bindparam("worker"),
        attempts=col(Delivery.attempts) + 1,
    )
    .returning(
        col(Delivery.id),
        col(Delivery.uid),
        col(Delivery.address),
        col(Delivery.urgency),
        col(Delivery.message),
        col(Delivery.attempts),
        col(Delivery.created_at),
    )
)


class Result(StrEnum):
    """How an attempt ended.

    `refused` is for good and for this recipient; `unknown` means the connection ended after the message
    was handed over, so that it may have arrived.
    """

    SENT = "sent"
    RETRY = "retry"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result and the mail server's words, or what went wrong.

    waited_s  of an unknown result: how long ago the message was handed over
    """

    result: Result
    reply: str
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker alone may send now."""

    id: int
    uid: str
    address: str
    urgency: int
    message: bytes
    attempts: int
    created_at: datetime
    claimed_by: str


def claim_next(session: Session, *, worker: str, now: datetime) -> Claimed | None:
    """Claim the most urgent delivery that is due, or None. The session must come from `writing()`."""
    times = {"now": now, "latest": now + _CLOCK_SET_BACK, "lease": now + LEASE}
    row = session.connection().execute(_CLAIM, times | {"worker": worker}).first()
    if row is None:
        return None
    return Claimed(
        row.id,
        row.uid,
        row.address,
        row.urgency,
        bytes(row.message or b""),
        row.attempts,
        row.created_at,
        worker,
    )


def renew_lease(session: Session, *, delivery_id: int, worker: str, now: datetime) -> None:
    """Keep the claim of the mail that is being sent while a mail server takes its time."""
    session.connection().execute(
        update(Delivery)
        .where(
            col(Delivery.id) == delivery_id,
            col(Delivery.claimed_by) == worker,
            col(Delivery.state) == "claimed",
        )
        .values(lease_until=now + LEASE)
    )


def record_outcome(
    session: Session, claimed: Claimed, outcome: Outcome, *, now: datetime, spread: float | None = None
) -> None:
    """Write what happened: the attempt always, the delivery's state where this worker still holds it.

    A mail that was taken counts as sent whoever holds the claim. `spread` from -1 to 1 sets the jitter.
    """
    connection = session.connection()
    connection.execute(
        insert(DeliveryAttempt),
        [{"delivery_id": claimed.id, "at": now, "outcome": outcome.result.value, "reply": outcome.reply}],
    )
    still_mine: ColumnElement[bool] = and_(
        col(Delivery.state) == "claimed", col(Delivery.claimed_by) == claimed.claimed_by
    )
    if outcome.result is Result.SENT:
        still_mine = col(Delivery.state) != "sent"
    connection.execute(
        update(Delivery)
        .where(col(Delivery.id) == claimed.id, still_mine)
        .values(lease_until=None, claimed_by=None, **_after(claimed, outcome, now, spread))
    )


def retry_delay(attempts: int, spread: float) -> timedelta:
    """How long to wait after this many attempts; `spread` from -1 to 1 moves it by the jitter."""
    seconds = RETRY_S[min(attempts, len(RETRY_S)) - 1]
    return timedelta(seconds=seconds * (1 + JITTER * spread))


def wake_worker(settings: Settings) -> None:
    """Tell the workers of this machine that a commit may have left mails. Never fails.

    They would find them within seconds by themselves; this makes it at once.
    """
    reach("outbox.before_wake_up")
    try:
        ports = [int(line) for line in settings.wakeup_path.read_text(encoding="ascii").split()]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            for port in ports:
                sender.sendto(b"wake", ("127.0.0.1", port))
    except (OSError, ValueError, OverflowError) as error:
        _log.debug("The worker was not woken: %s", error)
    reach("outbox.after_wake_up")


def announce_port(settings: Settings, port: int) -> None:
    """Let `wake_worker` find this worker; the last few stay listed, so that several can run."""
    path = settings.wakeup_path
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        known = path.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        known = []
    ports = [*(one for one in known if one != str(port)), str(port)][-8:]
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="ascii") as file:
        file.write("\n".join(ports) + "\n")
    os.replace(file.name, path)


def _after(claimed: Claimed, outcome: Outcome, now: datetime, spread: float | None) -> dict[str, object]:
    """The columns of a delivery after an attempt."""
    match outcome.result:
        case Result.SENT:
            return {"state": "sent", "sent_at": now, "reply": outcome.reply, "last_error": None}
        case Result.REFUSED:
            return {"state": "failed", "last_error": outcome.reply}
        case Result.UNKNOWN:
            due_at = now + timedelta(seconds=max(RETRY_S[0], _UNKNOWN_AFTER_S - outcome.waited_s))
            return {"state": "unknown", "due_at": due_at, "last_error": outcome.reply}
        case Result.RETRY:
            if claimed.urgency > _URGENT and now - claimed.created_at >= _GIVE_UP_AFTER:
                return {"state": "failed", "last_error": outcome.reply}
            spread = random.uniform(-1, 1) if spread is None else spread
            due_at = now + retry_delay(claimed.attempts, spread)
            return {"state": "pending", "due_at": due_at, "last_error": outcome.reply}
