"""The thread of an alert: every notice with its mails, what the relay said, who answered, who silenced it."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from db.models import Acknowledgement, Alert, Delivery, DeliveryAttempt, Notice, Recipient, Silence, User


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to send, and what the mail server said."""

    at: datetime
    outcome: str
    reply: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """One notice to one recipient. `step` is the plan's, 0 the first."""

    notice_id: int
    kind: str
    noticed_at: datetime
    level: int | None
    name: str
    address: str
    group: str
    state: str
    sent_at: datetime | None
    due_at: datetime
    reply: str | None
    last_error: str | None
    attempts: tuple[Attempt, ...]
    step: int = 0


@dataclass(frozen=True, slots=True)
class Notified:
    """One notice of an alert, whether or not anybody has a mail of it."""

    notice_id: int
    kind: str
    at: datetime
    level: int | None
    step: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody's acknowledgement, and how long it holds."""

    at: datetime
    by: str
    level: int
    action_taken: str
    remark: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Silenced:
    """Somebody's silence of an alert, with its reason."""

    at: datetime
    by: str
    until: datetime
    reason: str


def load_notices(session: Session, alert_ids: Collection[int]) -> defaultdict[int, list[Notified]]:
    """Every notice, the first first."""
    query: Any = (
        select(
            col(Notice.alert_id),
            col(Notice.id).label("notice_id"),
            col(Notice.kind),
            col(Notice.created_at).label("at"),
            col(Notice.level),
            col(Notice.step),
        )
        .where(col(Notice.alert_id).in_(alert_ids))
        .order_by(col(Notice.id))
    )
    rows = [dict(row) for row in session.connection().execute(query).mappings()]
    return grouped((row.pop("alert_id"), Notified(**row)) for row in rows)


def load_told(session: Session, alert_ids: Collection[int]) -> defaultdict[int, list[Told]]:
    """Every mail with its attempts, by notice."""
    query: Any = (
        select(
            col(Notice.alert_id),
            col(Notice.id).label("notice_id"),
            col(Notice.kind),
            col(Notice.created_at).label("noticed_at"),
            col(Notice.level),
            col(Notice.step),
            col(Delivery.id).label("delivery_id"),
            col(Delivery.name),
            col(Delivery.address),
            col(Recipient.group).label("group"),
            col(Delivery.state),
            col(Delivery.sent_at),
            col(Delivery.due_at),
            col(Delivery.reply),
            col(Delivery.last_error),
        )
        .join(Delivery, col(Delivery.notice_id) == col(Notice.id))
        .join(Recipient, col(Recipient.id) == col(Delivery.recipient_id))
        .where(col(Notice.alert_id).in_(alert_ids))
        .order_by(col(Notice.id), col(Delivery.id))
    )
    rows = [dict(row) for row in session.connection().execute(query).mappings()]
    attempts = _attempts(session, alert_ids)
    return grouped(
        (row.pop("alert_id"), Told(attempts=tuple(attempts[row.pop("delivery_id")]), **row)) for row in rows
    )


def load_answers(session: Session, alert_ids: Collection[int]) -> defaultdict[int, list[Answer]]:
    """Every acknowledgement, the first first."""
    query = _ANSWERS.where(col(Acknowledgement.alert_id).in_(alert_ids))
    return _read_answers(session, query)


def load_answers_of_the_over(session: Session) -> dict[int, Answer]:
    """The newest acknowledgement of each alert that is over."""
    query = _ANSWERS.join(Alert, col(Alert.id) == col(Acknowledgement.alert_id)).where(
        col(Alert.closed_at).is_not(None)
    )
    return {alert_id: answers[-1] for alert_id, answers in _read_answers(session, query).items()}


def load_silences(session: Session, alert_ids: Collection[int]) -> defaultdict[int, list[Silenced]]:
    """Every silence, the first first; the last one counts."""
    query: Any = (
        select(
            col(Silence.alert_id),
            col(Silence.at),
            col(User.display_name).label("by"),
            col(Silence.until),
            col(Silence.reason),
        )
        .join(User, col(User.id) == col(Silence.by))
        .where(col(Silence.alert_id).in_(alert_ids))
        .order_by(col(Silence.id))
    )
    rows = [dict(row) for row in session.connection().execute(query).mappings()]
    return grouped((row.pop("alert_id"), Silenced(**row)) for row in rows)


def grouped(pairs: Iterable[tuple[int, Any]]) -> defaultdict[int, list[Any]]:
    """The values under each key, in their order."""
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


_ANSWERS: Any = (
    select(
        col(Acknowledgement.alert_id),
        col(Acknowledgement.at),
        col(User.display_name).label("by"),
        col(Acknowledgement.level),
        col(Acknowledgement.action_taken),
        col(Acknowledgement.remark),
        col(Acknowledgement.expires_at),
    )
    .join(User, col(User.id) == col(Acknowledgement.by))
    .order_by(col(Acknowledgement.id))
)


def _read_answers(session: Session, query: Any) -> defaultdict[int, list[Answer]]:  # noqa: ANN401
    rows = [dict(row) for row in session.connection().execute(query).mappings()]
    return grouped((row.pop("alert_id"), Answer(**row)) for row in rows)


def _attempts(session: Session, alert_ids: Collection[int]) -> defaultdict[int, list[Attempt]]:
    query = (
        select(
            col(DeliveryAttempt.delivery_id),
            col(DeliveryAttempt.at),
            col(DeliveryAttempt.outcome),
            col(DeliveryAttempt.reply),
        )
        .join(Delivery, col(Delivery.id) == col(DeliveryAttempt.delivery_id))
        .join(Notice, col(Notice.id) == col(Delivery.notice_id))
        .where(col(Notice.alert_id).in_(alert_ids))
        .order_by(col(DeliveryAttempt.id))
    )
    rows = session.connection().execute(query)
    return grouped((delivery_id, Attempt(at, outcome, reply)) for delivery_id, at, outcome, reply in rows)
