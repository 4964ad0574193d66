"""The outbox: one delivery for each notice and recipient, claimed with a lease and then sent.

All state is in the database. A claim is one UPDATE that commits before any network is touched, so two
workers never send the same delivery; a worker that dies loses its claim when the lease ends. Urgent mails
are claimed one at a time; the others in small batches, so that many of them share one commit.
"""

import logging
import os
import random
import socket
import tempfile
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import (
    BindParameter,
    Insert,
    Integer,
    String,
    Update,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from alerts.model import CLOCK_ERROR
from alerts.states import CALLING, AlertState
from db.columns import UtcDateTime
from db.models import Alert, Delivery, DeliveryAttempt, Notice
from failpoints import reach
from settings import Settings

LEASE: Final = timedelta(seconds=10)
"""How long a claim holds unless its worker renews it."""

BATCH: Final = 20
"""So many mails that are not urgent are claimed, and written down, with one commit: it costs more than they
do. As many may be sent a second time when their worker is killed before that commit."""

RETRY_S: Final = (5.0, 10.0, 20.0, 40.0, 60.0)
JITTER: Final = 0.1
_UNKNOWN_AFTER_S: Final = 60.0
_URGENT: Final = 2
_GIVE_UP_AFTER: Final = timedelta(hours=24)
_STALE_AFTER: Final = timedelta(hours=1)
ANSWERED_BEFORE: Final = "Not delivered before the alert was acknowledged."
"""Why a call for an answer is not tried any more once the alert has one; no mail server refused it."""

REFUSED_FOR_GOOD: Final = and_(
    col(Delivery.state) == "failed", func.coalesce(col(Delivery.last_error), "") != ANSWERED_BEFORE
)
"""A delivery that ended without arriving though it was still needed."""

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
_Earlier: Final = aliased(Delivery)
_ItsNotice: Final = aliased(Notice)
_EarlierNotice: Final = aliased(Notice)
# Mails of one alert to one inbox leave in the order in which they were written. A number and not EXISTS:
# PostgreSQL would join all deliveries there ever were. And not in the words of the partial index, by which
# SQLite would read the whole queue for each mail. A mail about no alert costs one row.
_WAITS_BEFORE_IT: Final = (
    select(func.min(col(_Earlier.id)))
    .select_from(_ItsNotice)
    .join(_EarlierNotice, col(_EarlierNotice.alert_id) == col(_ItsNotice.alert_id))
    .join(_Earlier, col(_Earlier.notice_id) == col(_EarlierNotice.id))
    .where(
        col(_ItsNotice.id) == col(Delivery.notice_id),
        func.lower(col(_Earlier.address)) == func.lower(col(Delivery.address)),
        col(_Earlier.id) < col(Delivery.id),
        col(_Earlier.state).not_in(("sent", "failed")),
    )
    .correlate(Delivery)
    .scalar_subquery()
)


def _claim(limit: int | BindParameter[int], *, urgent: bool) -> Update:
    """Claim so many deliveries that are due and wait for no other, the most urgent and oldest first."""
    urgency = col(Delivery.urgency)
    chosen = (
        select(col(Delivery.id))
        # In the words of the partial index, or neither engine would use it.
        .where(text("state IN ('pending', 'claimed', 'unknown')"), _DUE)
        .where(urgency <= _URGENT if urgent else urgency > _URGENT)
        .where(_WAITS_BEFORE_IT.is_(None))
        .order_by(urgency, col(Delivery.due_at), col(Delivery.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
        # Evaluated once: PostgreSQL may run a subquery with a limit again for each row, and claim more.
        .cte("chosen")
    )
    return (
        update(Delivery)
        .where(col(Delivery.id).in_(select(chosen.c.id)))
        .values(
            state="claimed",
            lease_until=bindparam("lease", type_=UtcDateTime),
            claimed_by=bindparam("worker"),
            attempts=col(Delivery.attempts) + 1,
        )
    )


_CLAIMED_COLUMNS: Final = (
    col(Delivery.id),
    col(Delivery.uid),
    col(Delivery.address),
    col(Delivery.urgency),
    col(Delivery.message),
    col(Delivery.attempts),
    col(Delivery.created_at),
    col(Delivery.due_at),
)
# Statements are made once: putting one together costs as much as running it, and every mail waits for it.
_CLAIM_URGENT: Final = _claim(1, urgent=True).returning(*_CLAIMED_COLUMNS)
_CLAIM_OTHERS: Final = _claim(bindparam("at_most", type_=Integer), urgent=False).returning(*_CLAIMED_COLUMNS)
_MINE: Final = and_(col(Delivery.state) == "claimed", col(Delivery.claimed_by) == bindparam("worker"))
_THIS: Final = col(Delivery.id) == bindparam("of")
_RELEASED: Final[dict[str, None]] = {"lease_until": None, "claimed_by": None}
_WORDS: Final = bindparam("words", type_=String)
_ATTEMPT: Final = insert(DeliveryAttempt)
_SENT: Final = (
    update(Delivery)
    .where(_THIS, col(Delivery.state) != "sent")
    .values(
        state="sent",
        sent_at=bindparam("at", type_=UtcDateTime),
        reply=_WORDS,
        last_error=None,
        **_RELEASED,
    )
)
_LATER: Final = (
    update(Delivery)
    .where(_THIS, _MINE)
    .values(
        state=bindparam("after"),
        due_at=bindparam("again_at", type_=UtcDateTime),
        last_error=_WORDS,
        **_RELEASED,
    )
)
_FAILED: Final = update(Delivery).where(_THIS, _MINE).values(state="failed", last_error=_WORDS, **_RELEASED)
_STALE: Final = (
    select(col(Delivery.id))
    .join(Notice, col(Notice.id) == col(Delivery.notice_id))
    .join(Alert, col(Alert.id) == col(Notice.alert_id))
    .where(
        col(Delivery.id).in_(bindparam("of", expanding=True)),
        col(Notice.kind).in_([kind.value for kind in CALLING]),
        col(Alert.state) != AlertState.OPEN.value,
    )
)
_UNTRIED: Final = (
    update(Delivery)
    .where(_THIS, _MINE)
    .values(state="pending", attempts=col(Delivery.attempts) - 1, **_RELEASED)
)
_RENEW: Final = update(Delivery).where(_THIS, _MINE).values(lease_until=bindparam("lease", type_=UtcDateTime))


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


@dataclass(frozen=True, slots=True)
class Tried:
    """A delivery, what happened to it, and when."""

    claimed: Claimed
    outcome: Outcome
    at: datetime


def claim_next(session: Session, *, worker: str, now: datetime) -> Claimed | None:
    """Claim the most urgent delivery that is due, or None. The session must come from `writing()`."""
    return next(iter(claim_due(session, worker=worker, now=now, at_most=1)), None)


def claim_due(session: Session, *, worker: str, now: datetime, at_most: int = BATCH) -> list[Claimed]:
    """Claim the most urgent delivery that is due, alone; where none is urgent, up to `at_most` of the others.

    They come in the order in which they must leave. The session must come from `writing()`.
    """
    given = {"now": now, "latest": now + CLOCK_ERROR, "lease": now + LEASE, "worker": worker}
    calm = given | {"at_most": at_most}
    connection = session.connection()
    rows = connection.execute(_CLAIM_URGENT, given).all() or connection.execute(_CLAIM_OTHERS, calm).all()
    return [
        Claimed(
            row.id,
            row.uid,
            row.address,
            row.urgency,
            bytes(row.message or b""),
            row.attempts,
            row.created_at,
            worker,
        )
        for row in sorted(rows, key=lambda row: (row.urgency, row.due_at, row.id))
    ]


def renew_leases(session: Session, delivery_ids: Collection[int], *, worker: str, now: datetime) -> None:
    """Keep the claims of the mails that are being sent while a mail server takes its time."""
    _each(session, _RENEW, [{"of": id_, "worker": worker, "lease": now + LEASE} for id_ in delivery_ids])


def release(session: Session, untried: Collection[Claimed]) -> None:
    """Give back claims that nothing was done with: each is as due, and as often tried, as before."""
    _each(session, _UNTRIED, [{"of": one.id, "worker": one.claimed_by} for one in untried])


def record_outcome(
    session: Session, claimed: Claimed, outcome: Outcome, *, now: datetime, spread: float | None = None
) -> None:
    """`record_outcomes` of one."""
    record_outcomes(session, [Tried(claimed, outcome, now)], spread=spread)


def record_outcomes(session: Session, tried: Collection[Tried], *, spread: float | None = None) -> None:
    """Write what happened: the attempts always, a delivery's state where this worker still holds it.

    A mail that was taken counts as sent whoever holds the claim. A call for an answer that could not be
    delivered for an hour ends once its alert is not open any more. `spread` from -1 to 1 sets the jitter.
    """
    stale = _stale(session, tried)
    attempts: list[dict[str, object]] = []
    changes: defaultdict[Update, list[dict[str, object]]] = defaultdict(list)
    for one in tried:
        outcome = one.outcome
        attempts.append(
            {
                "delivery_id": one.claimed.id,
                "at": one.at,
                "outcome": outcome.result.value,
                "reply": outcome.reply,
            }
        )
        if one.claimed.id in stale:
            ended = {"of": one.claimed.id, "worker": one.claimed.claimed_by, "words": ANSWERED_BEFORE}
            changes[_FAILED].append(ended)
            continue
        statement, values = _after(one, spread)
        changes[statement].append({"of": one.claimed.id, "words": outcome.reply, **values})
    _each(session, _ATTEMPT, attempts)
    for statement, rows in changes.items():
        _each(session, statement, rows)


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


def _stale(session: Session, tried: Collection[Tried]) -> set[int]:
    """Which of those to be tried again call for an answer that was given meanwhile."""
    old = [
        one.claimed.id
        for one in tried
        if one.outcome.result is Result.RETRY and one.at - one.claimed.created_at > _STALE_AFTER
    ]
    return {row.id for row in session.connection().execute(_STALE, {"of": old})} if old else set()


def _after(tried: Tried, spread: float | None) -> tuple[Update, dict[str, object]]:
    """How a delivery changes after an attempt."""
    claimed, outcome, now = tried.claimed, tried.outcome, tried.at
    mine: dict[str, object] = {"worker": claimed.claimed_by}
    match outcome.result:
        case Result.SENT:
            return _SENT, {"at": now}
        case Result.REFUSED:
            return _FAILED, mine
        case Result.UNKNOWN:
            again_at = now + timedelta(seconds=max(RETRY_S[0], _UNKNOWN_AFTER_S - outcome.waited_s))
            return _LATER, mine | {"after": "unknown", "again_at": again_at}
        case Result.RETRY:
            if claimed.urgency > _URGENT and now - claimed.created_at >= _GIVE_UP_AFTER:
                return _FAILED, mine
            spread = random.uniform(-1, 1) if spread is None else spread
            again_at = now + retry_delay(claimed.attempts, spread)
            return _LATER, mine | {"after": "pending", "again_at": again_at}


def _each(session: Session, statement: Insert | Update, rows: list[dict[str, object]]) -> None:
    """The statement once for each of the rows, in one call."""
    if rows:
        session.connection().execute(statement, rows)
