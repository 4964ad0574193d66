"""Test mails: the one behind a code, and how the newest of each recipient stands.

A test mail's code is the beginning of its delivery's uid.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, select
from sqlmodel import Session, col

from db.models import Delivery, Notice, Receipt, User

CODE_SIGNS: Final = 8
"""The length of a test mail's code."""

_TEST: Final = "test"
_MAILS: Final[Any] = (
    select(
        col(Delivery.id).label("delivery_id"),
        col(Delivery.uid),
        col(Delivery.recipient_id),
        col(Delivery.name),
        col(Delivery.address),
        col(Delivery.state),
        col(Delivery.created_at),
        col(Delivery.sent_at),
        col(Receipt.at).label("confirmed_at"),
        col(User.display_name).label("confirmed_by"),
    )
    .join(Notice, col(Notice.id) == col(Delivery.notice_id))
    .outerjoin(Receipt, col(Receipt.delivery_id) == col(Delivery.id))
    .outerjoin(User, col(User.id) == col(Receipt.by))
    .where(col(Notice.kind) == _TEST)
    .order_by(col(Delivery.id))
)


@dataclass(frozen=True, slots=True)
class SentTestMail:
    """One test mail to one recipient; `confirmed_at` is None while nobody has confirmed it."""

    delivery_id: int
    recipient_id: int
    name: str
    address: str
    code: str
    state: str
    created_at: datetime
    sent_at: datetime | None
    confirmed_at: datetime | None
    confirmed_by: str | None


@dataclass(frozen=True, slots=True)
class RecipientTestMails:
    """Of one recipient the newest test mail, and the newest one that was confirmed, if any was."""

    newest: SentTestMail
    confirmed: SentTestMail | None


def find_test_mail(session: Session, code: str) -> SentTestMail | None:
    """The test mail with this code, the newest where two have it; None for no code of ours."""
    if len(code) != CODE_SIGNS or not all(sign in "0123456789abcdef" for sign in code):
        return None
    query = _MAILS.where(col(Delivery.uid).like(f"{code}%"))
    return next((_mail(row) for row in reversed(session.connection().execute(query).all())), None)


def load_test_mails(session: Session) -> dict[int, RecipientTestMails]:
    """Recipient -> how the test mails stand."""
    by_recipient: defaultdict[int, list[SentTestMail]] = defaultdict(list)
    for row in session.connection().execute(_MAILS):
        by_recipient[row.recipient_id].append(_mail(row))
    return {
        recipient_id: RecipientTestMails(
            mails[-1], next((one for one in reversed(mails) if one.confirmed_at is not None), None)
        )
        for recipient_id, mails in by_recipient.items()
    }


def _mail(row: Row[Any]) -> SentTestMail:
    values = dict(row._mapping)
    return SentTestMail(code=values.pop("uid")[:CODE_SIGNS], **values)
