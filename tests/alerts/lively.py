"""A ward whose alerts escalate as the real plans say, and its mails as text."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from actions import context
from alerts.messages import Addressee
from alerts.reconcile import reconcile_course
from db.models import Recipient
from db.roles import SYSTEM
from db.session import writing
from tests.alerts.conftest import INFUSED_AT, Ward, calm, make_ward
from tests.alerts.test_messages import parsed, part
from trial.protocol import load_protocol

LATER = (
    Addressee("Dr Chen", "chen@hospital.org", "deputy"),
    Addressee("Prof. Sun", "sun@committee.org", "committee_chair"),
)


def lively_ward(url: str, folder: Path) -> Ward:
    """Ward, treating and principal investigator, deputy and committee chair; the plans of the protocol."""
    ward = make_ward(url, folder)
    real = load_protocol()
    context.configure(
        ward.settings,
        replace(
            calm(real),
            plans=real.plans,
            repeat_minutes=real.repeat_minutes,
            repeat_later_minutes=real.repeat_later_minutes,
        ),
    )
    with writing() as session:
        for person in LATER:
            session.add(
                Recipient(
                    name=person.name,
                    address=person.address,
                    group=person.group,
                    valid_from=INFUSED_AT,
                    created_at=INFUSED_AT,
                )
            )
    return ward


def told_by_the_clock(ward: Ward, now: datetime) -> None:
    """What the sweep does at this moment."""
    with writing() as session:
        reconcile_course(
            session,
            infusion_id=ward.infusion_id,
            now=now,
            protocol=context.protocol(),
            by=SYSTEM,
            settings=ward.settings,
            by_the_clock=True,
        )


def raw_mails_of(ward: Ward, signal: str | None = None) -> list[bytes]:
    """The first recipient's mail of every notice that somebody gets, or of those of one signal."""
    first: dict[int, bytes] = {}
    alerts = {one.id for one in ward.alerts() if one.signal == signal}
    notices = {one.id for one in ward.notices() if signal is None or one.alert_id in alerts}
    for delivery in ward.deliveries():
        assert delivery.message is not None
        if delivery.notice_id in notices:
            first.setdefault(delivery.notice_id, delivery.message)
    return [first[notice_id] for notice_id in sorted(first)]


def mails_of(ward: Ward, signal: str | None = None) -> list[str]:
    """The same as subject and text."""
    return [as_text(message) for message in raw_mails_of(ward, signal)]


def as_text(message: bytes) -> str:
    """The subject, then the text part down to the small print."""
    body = part(message, "plain").replace("\r\n", "\n").partition("\n--\n")[0]
    return f"{parsed(message)['Subject']}\n\n{body}"
