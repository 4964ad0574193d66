"""Posting a notice: who gets it, and one delivery each with its mail already built.

This happens inside the transaction of the entry, so that a mail exists if and only if its reason does.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, bindparam, case, func, insert, or_, select, update
from sqlmodel import Session, col

from alerts.messages import Addressee, Envelope, build_message
from alerts.words.shell import MailContent, content_from
from db.columns import UtcDateTime
from db.models import Alert, Delivery, Notice, Recipient
from db.roles import Group
from failpoints import reach
from settings import Settings
from trial.protocol import EVERYONE, Protocol

LAST_THAT_NEVER_WAITS: Final = 2
"""Mails up to this urgency leave at any hour."""


@dataclass(frozen=True, slots=True)
class Person:
    """A recipient of alerts."""

    id: int
    name: str
    address: str
    group: str

    @property
    def inbox(self) -> str:
        """Where the mails arrive: the same for somebody who stands in two groups."""
        return self.address.lower()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A stored notice, and who gets it. `uid` is the delivery's where the mail itself tells it."""

    notice: Notice
    content: MailContent
    people: Sequence[Person]
    settings: Settings
    protocol: Protocol
    uid: str | None = None

    def due_at(self, person: Person) -> datetime:
        """When the mail may leave: in the quiet hours urgency 3 and 4 wait, but not to the ward."""
        at = self.notice.created_at
        if self.notice.urgency <= LAST_THAT_NEVER_WAITS or person.group == Group.WARD:
            return at
        return quiet_until(at, self.protocol, self.settings.zone) or at


def active_recipients(session: Session, now: datetime) -> list[Person]:
    """Everyone who may be told of alerts now."""
    return _people(session, _active(now))


def in_groups(people: Iterable[Person], groups: Collection[str]) -> list[Person]:
    """Those of these groups; all of them where "everyone" is among the groups."""
    return [person for person in people if EVERYONE in groups or person.group in groups]


def recipients_told(session: Session, alert_id: int, *, active_at: datetime | None = None) -> list[Person]:
    """Everyone who has been told of this alert, also those who have left the list since.

    With `active_at` only those who are still on the list then.
    """
    told = select(col(Delivery.recipient_id)).join(Notice).where(col(Notice.alert_id) == alert_id)
    were_told = col(Recipient.id).in_(told)
    return _people(session, were_told if active_at is None else and_(were_told, _active(active_at)))


def quiet_until(at: datetime, protocol: Protocol, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours that hold this moment end, by the hospital's clock; None outside them."""
    local = at.astimezone(zone)
    begins, ends = protocol.quiet_from, protocol.quiet_to
    over_midnight = begins > ends
    before_end, after_begin = local.time() < ends, local.time() >= begins
    if not (before_end or after_begin if over_midnight else before_end and after_begin):
        return None
    on = local.date() + timedelta(days=1 if over_midnight and after_begin else 0)
    return datetime.combine(on, ends, zone).astimezone(UTC)


def put_in_outbox(session: Session, outgoing: Outgoing, *, replacing_unsent: bool = False) -> None:
    """Write one delivery a recipient, each with its mail already built.

    `replacing_unsent`: where nothing of the alert has left for a recipient yet but one untried mail, that
    mail becomes this one, so that the recipient gets one mail and not two that contradict each other. A mail
    that was tried never changes: a server that answered "later" may have seen it. It leaves first.
    """
    untried = _untried(session, outgoing.notice) if replacing_unsent else {}
    threads = _threads(session, outgoing.notice)
    rows = []
    ahead = []
    for person in _one_an_address(outgoing.people):
        mine = untried.get(person.inbox, [])
        if len(mine) == 1 and _replace(session, outgoing, person, *mine[0]):
            continue
        if person.inbox in threads:
            ahead.append({"of": person.inbox, "at": outgoing.due_at(person)})
        uid = outgoing.uid or str(uuid.uuid4())
        rows.append(
            {
                "uid": uid,
                "notice_id": outgoing.notice.id,
                "recipient_id": person.id,
                "name": person.name,
                "address": person.address,
                "urgency": outgoing.notice.urgency,
                "message": _built(outgoing, person, uid, threads.get(person.inbox)),
                "created_at": outgoing.notice.created_at,
                "due_at": outgoing.due_at(person),
                "state": "pending",
                "attempts": 0,
            }
        )
    _pull_forward(session, outgoing.notice, ahead)
    if rows:
        session.connection().execute(insert(Delivery), rows)
    reach("posting.after_deliveries")


def _one_an_address(people: Iterable[Person]) -> list[Person]:
    """Somebody who stands in two groups gets one mail of a notice."""
    found: dict[str, Person] = {}
    for person in people:
        found.setdefault(person.inbox, person)
    return list(found.values())


def post_untold(session: Session, *, now: datetime, settings: Settings, protocol: Protocol) -> int:
    """Tell whoever is on the list now of live alerts that nobody has a mail of; returns how many mails.

    Alerts that were raised before there was any recipient would otherwise never be told.
    """
    people = active_recipients(session, now)
    told = select(col(Notice.alert_id)).join(Delivery, col(Delivery.notice_id) == col(Notice.id))
    newest = (
        select(func.max(col(Notice.id)))
        .join(Alert, col(Alert.id) == col(Notice.alert_id))
        .where(col(Alert.closed_at).is_(None), col(Alert.historical).is_(False), col(Alert.id).not_in(told))
        .group_by(col(Notice.alert_id))
    )
    notices = session.scalars(select(Notice).where(col(Notice.id).in_(newest)).order_by(col(Notice.id))).all()
    groups = tuple(sorted({person.group for person in people}))
    for notice in notices:
        content = replace(content_from(notice.content), told=groups)
        put_in_outbox(session, Outgoing(notice, content, people, settings, protocol))
    return len(notices) * len(people)


def _active(now: datetime) -> ColumnElement[bool]:
    return and_(
        col(Recipient.valid_from) <= now,
        or_(col(Recipient.valid_to).is_(None), col(Recipient.valid_to) > now),
    )


def _people(session: Session, condition: ColumnElement[bool]) -> list[Person]:
    session.flush()
    rows = session.connection().execute(
        select(col(Recipient.id), col(Recipient.name), col(Recipient.address), col(Recipient.group))
        .where(condition)
        .order_by(col(Recipient.id))
    )
    return [Person(row.id, row.name, row.address, row.group) for row in rows]


def _threads(session: Session, notice: Notice) -> dict[str, str]:
    """Inbox -> the uid of its first mail about the alert."""
    if notice.alert_id is None:
        return {}
    rows = session.connection().execute(
        select(col(Delivery.address), col(Delivery.uid))
        .join(Notice)
        .where(col(Notice.alert_id) == notice.alert_id)
        .order_by(col(Delivery.id).desc())
    )
    return {row.address.lower(): row.uid for row in rows}


def _untried(session: Session, notice: Notice) -> dict[str, list[tuple[int, str]]]:
    """Inbox -> the deliveries of the alert's earlier notices, where none of them has been tried."""
    rows = session.connection().execute(
        select(
            col(Delivery.address),
            col(Delivery.id),
            col(Delivery.uid),
            col(Delivery.state),
            col(Delivery.attempts),
        )
        .join(Notice)
        .where(col(Notice.alert_id) == notice.alert_id)
    )
    untried: dict[str, list[tuple[int, str]]] = {}
    tried: set[str] = set()
    for row in rows:
        inbox = row.address.lower()
        if row.state != "pending" or row.attempts:
            tried.add(inbox)
        untried.setdefault(inbox, []).append((row.id, row.uid))
    return {inbox: found for inbox, found in untried.items() if inbox not in tried}


def _pull_forward(session: Session, notice: Notice, ahead: list[dict[str, object]]) -> None:
    """Let the alert's mails that still wait leave no later than this one, which must leave after them."""
    if not ahead:
        return
    at = bindparam("at", type_=UtcDateTime)
    of_the_alert = select(col(Notice.id)).where(col(Notice.alert_id) == notice.alert_id)
    session.connection().execute(
        update(Delivery)
        .where(
            col(Delivery.notice_id).in_(of_the_alert),
            func.lower(col(Delivery.address)) == bindparam("of"),
            col(Delivery.state) != "sent",
            col(Delivery.state) != "failed",
        )
        .values(
            due_at=case((col(Delivery.due_at) > at, at), else_=col(Delivery.due_at)),
            urgency=case(
                (col(Delivery.urgency) > notice.urgency, notice.urgency), else_=col(Delivery.urgency)
            ),
        ),
        ahead,
    )


def _replace(session: Session, outgoing: Outgoing, person: Person, delivery_id: int, uid: str) -> bool:
    result = session.connection().execute(
        update(Delivery)
        .where(col(Delivery.id) == delivery_id, col(Delivery.state) == "pending", col(Delivery.attempts) == 0)
        .values(
            notice_id=outgoing.notice.id,
            urgency=outgoing.notice.urgency,
            due_at=outgoing.due_at(person),
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
