"""Who is told of alerts: adding and ending a recipient, and confirming that a test mail has arrived.

Nobody is overwritten or deleted.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, or_, select

from actions import context
from actions.errors import AlreadyRecorded, Refused, RefusedField
from actions.permissions import Action, require
from actions.words import on_day, when
from alerts.outbox import wake_worker
from alerts.posting import post_untold
from db.audit import append_event
from db.inputs_office import RecipientIn
from db.models import Receipt, Recipient
from db.queries.test_mails import SentTestMail, find_test_mail
from db.roles import Actor
from db.session import writing

CONFIRMED_WITHIN: Final = timedelta(days=30)
"""A test mail older than this proves nothing of today's mail path."""

_AHEAD: Final = timedelta(days=366)
_TYPED_WITHIN: Final = timedelta(minutes=5)  # a form shows minutes, and takes some to fill


def add_recipient(entry: RecipientIn, *, by: Actor, now: datetime) -> int:
    """Tell this address of alerts from now on, or from `entry.valid_from` on. Returns the recipient's id.

    Live alerts that nobody could be told of, because the list was empty, are told now.

    Raises:
        AlreadyRecorded: the address is on the list in the same group.
        Refused: the beginning is past, more than a year ahead, or leaves nobody on the list until then.
    """
    require(by, Action.MANAGE_RECIPIENTS)
    with writing() as session:
        _refuse_listed(session, entry, now)
        recipient = Recipient(
            name=entry.name,
            address=entry.address,
            group=entry.group.value,
            valid_from=_begins_at(session, entry.valid_from, now),
            created_by=by.user_id,
            created_at=now,
        )
        session.add(recipient)
        session.flush()
        mails = post_untold(session, now=now, settings=context.settings(), protocol=context.protocol())
        append_event(
            session,
            at=now,
            by=by,
            action="add_recipient",
            subject="recipient",
            subject_id=recipient.id,
            detail=entry.model_dump(mode="json")
            | {"valid_from": recipient.valid_from, "mails_of_untold_alerts": mails},
        )
    if mails:
        wake_worker(context.settings())
    return int(recipient.id or 0)


def end_recipient(recipient_id: int, *, by: Actor, now: datetime) -> None:
    """Tell this recipient of no new alert. Corrections of what they were told still reach them.

    Raises Refused when it is the last one told now: an alert must always reach somebody.
    """
    require(by, Action.MANAGE_RECIPIENTS)
    with writing() as session:
        recipient = session.get(Recipient, recipient_id)
        if recipient is None:
            raise Refused("This recipient does not exist. Reload the page.")
        if recipient.valid_to is not None and recipient.valid_to <= now:
            raise AlreadyRecorded(f"{recipient.name} is not told since {when(recipient.valid_to, now)}.")
        if recipient.valid_from <= now and not _anybody_told(session, now, but=recipient_id):
            raise Refused(
                f"{recipient.name} is the last recipient. Add another first, so that alerts reach somebody."
            )
        recipient.valid_to = max(now, recipient.valid_from)
        session.add(recipient)
        append_event(
            session,
            at=now,
            by=by,
            action="end_recipient",
            subject="recipient",
            subject_id=recipient_id,
            detail={"name": recipient.name, "address": recipient.address, "group": recipient.group},
        )


def confirm_test_mail(code: str, *, by: Actor, now: datetime) -> str:
    """Record that the test mail with this code has arrived; returns the sentence to show.

    Anybody signed in may say so, because the person who reads a duty phone may have no account of its own.

    Raises:
        NotPermitted: the role may not confirm (a wall display).
        AlreadyRecorded: it is confirmed already.
        Refused: no test mail has this code, or it is more than 30 days old.
    """
    require(by, Action.CONFIRM_TEST_MAIL)
    if by.user_id is None:
        raise Refused("Only a person can confirm a test mail. Sign in first.")
    with writing() as session:
        mail = _test_mail(session, code, now)
        session.add(Receipt(delivery_id=mail.delivery_id, by=by.user_id, at=now))
        session.flush()
        append_event(
            session,
            at=now,
            by=by,
            action="confirm_test_mail",
            subject="delivery",
            subject_id=mail.delivery_id,
            detail={"recipient_id": mail.recipient_id, "address": mail.address},
        )
    return f"Confirmed. The test mail to {mail.name} of {when(mail.created_at, now)} has arrived."


def _test_mail(session: Session, code: str, now: datetime) -> SentTestMail:
    mail = find_test_mail(session, code.strip().lower())
    if mail is None:
        raise Refused("No test mail has this code. Open the link of the mail, or compare its 8 signs.")
    if mail.confirmed_at is not None:
        raise AlreadyRecorded(f"Already confirmed by {mail.confirmed_by} at {when(mail.confirmed_at, now)}.")
    if now - mail.created_at > CONFIRMED_WITHIN:
        days = CONFIRMED_WITHIN.days
        raise Refused(
            f"This test mail is of {on_day(mail.created_at)}, more than {days} days ago. Confirm a newer one."
        )
    return mail


def _refuse_listed(session: Session, entry: RecipientIn, now: datetime) -> None:
    same = select(Recipient).where(
        Recipient.address == entry.address,
        Recipient.group == entry.group.value,
        or_(col(Recipient.valid_to).is_(None), col(Recipient.valid_to) > now),
    )
    known = session.exec(same).first()
    if known is None:
        return
    since = "already told" if known.valid_from <= now else f"told from {on_day(known.valid_from)} on"
    raise AlreadyRecorded(f"{known.address} is {since}, as {known.name}.")


def _begins_at(session: Session, chosen: datetime | None, now: datetime) -> datetime:
    """From when on the recipient is told; a moment of the last minutes is meant as now."""
    if chosen is None or now - _TYPED_WITHIN <= chosen <= now:
        return now
    sentence = None
    if chosen < now:
        sentence = "Told from must not be in the past. Leave it empty to begin now."
    elif chosen > now + _AHEAD:
        sentence = "Told from must be within a year from now."
    elif not _anybody_told(session, now):
        sentence = "Nobody else is told of alerts now. Leave it empty to begin now."
    if sentence is not None:
        raise Refused([RefusedField("valid_from", chosen, sentence)])
    return chosen


def _anybody_told(session: Session, now: datetime, *, but: int | None = None) -> bool:
    others: ColumnElement[bool] = and_(
        col(Recipient.valid_from) <= now,
        or_(col(Recipient.valid_to).is_(None), col(Recipient.valid_to) > now),
    )
    query = select(Recipient.id).where(others)
    return session.exec(query if but is None else query.where(col(Recipient.id) != but)).first() is not None
