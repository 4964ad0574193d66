"""Who is told of alerts: adding and ending a recipient. Nobody is overwritten or deleted."""

from datetime import datetime

from sqlmodel import col, or_, select

from actions import context
from actions.errors import AlreadyRecorded, Refused
from actions.permissions import Action, require
from actions.words import when
from alerts.outbox import wake_worker
from alerts.posting import post_untold
from db.audit import append_event
from db.inputs_office import RecipientIn
from db.models import Recipient
from db.roles import Actor
from db.session import writing


def add_recipient(entry: RecipientIn, *, by: Actor, now: datetime) -> int:
    """Tell this address of every alert from now on. Returns the recipient's id.

    Live alerts that nobody could be told of, because the list was empty, are told now.

    Raises AlreadyRecorded when the address is on the list in the same group.
    """
    require(by, Action.MANAGE_RECIPIENTS)
    with writing() as session:
        active = or_(col(Recipient.valid_to).is_(None), col(Recipient.valid_to) > now)
        same = select(Recipient).where(
            Recipient.address == entry.address, Recipient.group == entry.group.value, active
        )
        known = session.exec(same).first()
        if known is not None:
            raise AlreadyRecorded(f"{known.address} is already told, as {known.name}.")
        recipient = Recipient(
            name=entry.name,
            address=entry.address,
            group=entry.group.value,
            valid_from=now,
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
            detail=entry.model_dump(mode="json") | {"mails_of_untold_alerts": mails},
        )
    if mails:
        wake_worker(context.settings())
    return int(recipient.id or 0)


def end_recipient(recipient_id: int, *, by: Actor, now: datetime) -> None:
    """Tell this recipient of no new alert. Corrections of what they were told still reach them.

    Raises Refused when it is the last one: an alert must always reach somebody.
    """
    require(by, Action.MANAGE_RECIPIENTS)
    with writing() as session:
        recipient = session.get(Recipient, recipient_id)
        if recipient is None:
            raise Refused("This recipient does not exist. Reload the page.")
        if recipient.valid_to is not None and recipient.valid_to <= now:
            raise AlreadyRecorded(f"{recipient.name} is not told since {when(recipient.valid_to, now)}.")
        others = select(Recipient.id).where(
            col(Recipient.id) != recipient_id,
            or_(col(Recipient.valid_to).is_(None), col(Recipient.valid_to) > now),
        )
        if session.exec(others).first() is None:
            raise Refused(
                f"{recipient.name} is the last recipient. Add another first, so that alerts reach somebody."
            )
        recipient.valid_to = now
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
