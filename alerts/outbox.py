"""The outbox: one delivery for each notice and recipient, claimed with a lease and then sent.

All state is in the database. A claim is one UPDATE that commits before any network is touched, so two
workers never send the same delivery; a worker that dies loses its claim when the lease ends.
"""

import logging
import os
import random
import socket
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, and_, bindparam, insert, or_, select, update
from sqlmodel import Session, col

from alerts.content import MailContent
from alerts.messages import Addressee, Envelope, build_message
from db.columns import UtcDateTime
from db.models import Delivery, DeliveryAttempt, Notice, Recipient
from settings import Settings

LEASE: Final = timedelta(seconds=10)
"""How long a claim holds unless its worker renews it."""

RETRY_S: Final = (5.0, 10.0, 20.0, 40.0, 60.0)
JITTER: Final = 0.1
_UNKNOWN_AFTER_S: Final = 60.0
_URGENT: Final = 2
_GIVE_UP_AFTER: Final = timedelta(hours=24)
_log = logging.getLogger(__name__)


_NOW: Final = bindparam("now", type_=UtcDateTime)
_DUE: Final = or_(
    and_(col(Delivery.state).in_(("pending", "unknown")), col(Delivery.due_at) <= _NOW),
    and_(col(Delivery.state) == "claimed", col(Delivery.lease_until) <= _NOW),
)
_MOST_URGENT: Final = (
    select(col(Delivery.id))
    .where(_DUE)
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


@dataclass(frozen=True, slots=True)
class Person:
    """A recipient of alerts."""

    id: int
    name: str
    address: str
    group: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A stored notice, and who gets it."""

    notice: Notice
    content: MailContent
    people: Sequence[Person]
    settings: Settings


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
    """The result and the mail server's words, or what went wrong."""

    result: Result
    reply: str


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


def active_recipients(session: Session, now: datetime) -> list[Person]:
    """Everyone who is told of alerts now."""
    return _people(
        session,
        and_(
            col(Recipient.valid_from) <= now,
            or_(col(Recipient.valid_to).is_(None), col(Recipient.valid_to) > now),
        ),
    )


def recipients_told(session: Session, alert_id: int) -> list[Person]:
    """Everyone who has been told of this alert, also those who have left the list since."""
    told = select(col(Delivery.recipient_id)).join(Notice).where(col(Notice.alert_id) == alert_id)
    return _people(session, col(Recipient.id).in_(told))


def put_in_outbox(session: Session, outgoing: Outgoing, *, replacing_unsent: bool = False) -> None:
    """Write one delivery a recipient, each with its mail already built.

    `replacing_unsent`: where nothing of the alert has left for a recipient yet but one untried mail, that
    mail becomes this one, so that the recipient gets one mail and not two that contradict each other.
    """
    untried = _untried(session, outgoing.notice) if replacing_unsent else {}
    threads = _threads(session, outgoing.notice)
    rows = []
    for person in outgoing.people:
        mine = untried.get(person.id, [])
        if len(mine) == 1 and _replace(session, outgoing, person, *mine[0]):
            continue
        uid = str(uuid.uuid4())
        rows.append(
            {
                "uid": uid,
                "notice_id": outgoing.notice.id,
                "recipient_id": person.id,
                "name": person.name,
                "address": person.address,
                "urgency": outgoing.notice.urgency,
                "message": _built(outgoing, person, uid, threads.get(person.id)),
                "created_at": outgoing.notice.created_at,
                "due_at": outgoing.notice.created_at,
                "state": "pending",
                "attempts": 0,
            }
        )
    if rows:
        session.connection().execute(insert(Delivery), rows)


def claim_next(session: Session, *, worker: str, now: datetime) -> Claimed | None:
    """Claim the most urgent delivery that is due, or None. The session must come from `writing()`."""
    row = session.connection().execute(_CLAIM, {"now": now, "lease": now + LEASE, "worker": worker}).first()
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


def renew_leases(session: Session, *, worker: str, now: datetime) -> None:
    """Keep this worker's claims while a mail server is slow."""
    session.connection().execute(
        update(Delivery)
        .where(col(Delivery.claimed_by) == worker, col(Delivery.state) == "claimed")
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
    try:
        ports = [int(line) for line in settings.wakeup_path.read_text(encoding="ascii").split()]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            for port in ports:
                sender.sendto(b"wake", ("127.0.0.1", port))
    except (OSError, ValueError, OverflowError) as error:
        _log.debug("The worker was not woken: %s", error)


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


def _people(session: Session, condition: ColumnElement[bool]) -> list[Person]:
    session.flush()
    rows = session.connection().execute(
        select(col(Recipient.id), col(Recipient.name), col(Recipient.address), col(Recipient.group))
        .where(condition)
        .order_by(col(Recipient.id))
    )
    return [Person(row.id, row.name, row.address, row.group) for row in rows]


def _threads(session: Session, notice: Notice) -> dict[int, str]:
    """The uid of each recipient's first mail about the alert."""
    if notice.alert_id is None:
        return {}
    rows = session.connection().execute(
        select(col(Delivery.recipient_id), col(Delivery.uid))
        .join(Notice)
        .where(col(Notice.alert_id) == notice.alert_id)
        .order_by(col(Delivery.id).desc())
    )
    return {row.recipient_id: row.uid for row in rows}


def _untried(session: Session, notice: Notice) -> dict[int, list[tuple[int, str]]]:
    """Deliveries of the alert's earlier notices, by recipient, where none has been tried."""
    rows = session.connection().execute(
        select(
            col(Delivery.recipient_id),
            col(Delivery.id),
            col(Delivery.uid),
            col(Delivery.state),
            col(Delivery.attempts),
        )
        .join(Notice)
        .where(col(Notice.alert_id) == notice.alert_id)
    )
    untried: dict[int, list[tuple[int, str]]] = {}
    tried: set[int] = set()
    for row in rows:
        if row.state != "pending" or row.attempts:
            tried.add(row.recipient_id)
        untried.setdefault(row.recipient_id, []).append((row.id, row.uid))
    return {recipient_id: found for recipient_id, found in untried.items() if recipient_id not in tried}


def _replace(session: Session, outgoing: Outgoing, person: Person, delivery_id: int, uid: str) -> bool:
    result = session.connection().execute(
        update(Delivery)
        .where(col(Delivery.id) == delivery_id, col(Delivery.state) == "pending", col(Delivery.attempts) == 0)
        .values(
            notice_id=outgoing.notice.id,
            urgency=outgoing.notice.urgency,
            message=_built(outgoing, person, uid, None),
        )
    )
    return result.rowcount == 1


def _built(outgoing: Outgoing, person: Person, uid: str, thread_uid: str | None) -> bytes:
    envelope = Envelope(
        uid=uid,
        created_at=outgoing.notice.created_at,
        thread_uid=thread_uid,
        sender=outgoing.settings.smtp_from,
        zone=outgoing.settings.zone,
    )
    to = Addressee(person.name, person.address, person.group)
    return build_message(outgoing.content, to, envelope)


def _after(claimed: Claimed, outcome: Outcome, now: datetime, spread: float | None) -> dict[str, object]:
    """The columns of a delivery after an attempt."""
    match outcome.result:
        case Result.SENT:
            return {"state": "sent", "sent_at": now, "reply": outcome.reply, "last_error": None}
        case Result.REFUSED:
            return {"state": "failed", "last_error": outcome.reply}
        case Result.UNKNOWN:
            due_at = now + timedelta(seconds=_UNKNOWN_AFTER_S)
            return {"state": "unknown", "due_at": due_at, "last_error": outcome.reply}
        case Result.RETRY:
            if claimed.urgency > _URGENT and now - claimed.created_at >= _GIVE_UP_AFTER:
                return {"state": "failed", "last_error": outcome.reply}
            spread = random.uniform(-1, 1) if spread is None else spread
            due_at = now + retry_delay(claimed.attempts, spread)
            return {"state": "pending", "due_at": due_at, "last_error": outcome.reply}
