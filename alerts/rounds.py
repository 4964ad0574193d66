"""The mails that come by the calendar: the daily digest, whose absence is a sign, and the weekly test.

Each is due from its time of the hospital's clock on, once; a worker that was down then sends it late. It
goes to who was on the list at that time, so that a new recipient's first mail is not an old digest.
"""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import Session, col

from alerts.health import worker_state
from alerts.model import CLOCK_ERROR, SignalKind
from alerts.posting import Outgoing, Person, active_recipients, put_in_outbox
from alerts.states import AlertState, NoticeKind
from alerts.system import last_backup_at
from alerts.words.rounds import DigestFacts, TestFacts, content_of_digest, content_of_test_mail
from alerts.words.shell import MailContent
from db.audit import append_event
from db.models import Alert, Delivery, Notice, Receipt
from db.queries.board import load_board
from db.queries.test_mails import CODE_SIGNS
from db.roles import SYSTEM
from grading.scale import RULESET
from settings import Settings
from trial.protocol import Protocol

_URGENCY: Final = 4


def last_daily(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The last time that the hospital's clock showed this time of day."""
    on = now.astimezone(zone).date()
    today = datetime.combine(on, at, zone).astimezone(UTC)
    return today if today <= now else datetime.combine(on - timedelta(days=1), at, zone).astimezone(UTC)


def last_weekly(now: datetime, weekday: int, at: time, zone: ZoneInfo) -> datetime:
    """The last time that it was this time of day on this weekday (1 is Monday)."""
    found = last_daily(now, at, zone)
    while found.astimezone(zone).isoweekday() != weekday:
        found = last_daily(found - timedelta(microseconds=1), at, zone)
    return found


def post_rounds(session: Session, *, now: datetime, settings: Settings, protocol: Protocol) -> int:
    """Write the digest and the test mails that are due and not written; returns how many notices.

    The session must come from `writing()`.
    """
    return _post_digest(session, now, settings, protocol) + _post_tests(session, now, settings, protocol)


def rounds_are_due(session: Session, *, now: datetime, settings: Settings, protocol: Protocol) -> bool:
    """Whether `post_rounds` would write something. Reads only."""
    digest = _people_of(session, NoticeKind.DIGEST, _digest_at(now, settings, protocol), now)
    return bool(digest or _people_of(session, NoticeKind.TEST, _tests_at(now, settings, protocol), now))


def _digest_at(now: datetime, settings: Settings, protocol: Protocol) -> datetime:
    return last_daily(now, protocol.digest_at, settings.zone)


def _tests_at(now: datetime, settings: Settings, protocol: Protocol) -> datetime:
    return last_weekly(now, protocol.test_mail_weekday, protocol.test_mail_at, settings.zone)


def _people_of(session: Session, kind: NoticeKind, due_at: datetime, now: datetime) -> list[Person]:
    """Who gets the round of this time; nobody once it is written.

    One that lies ahead was written by a clock that was wrong, and stands for no round of today.
    """
    written = session.execute(
        select(col(Notice.id))
        .where(col(Notice.kind) == kind.value, col(Notice.created_at).between(due_at, now + CLOCK_ERROR))
        .limit(1)
    ).first()
    return [] if written else active_recipients(session, due_at)


def _post_digest(session: Session, now: datetime, settings: Settings, protocol: Protocol) -> int:
    people = _people_of(session, NoticeKind.DIGEST, _digest_at(now, settings, protocol), now)
    if not people:
        return 0
    told = tuple(sorted({person.group for person in people}))
    content = content_of_digest(_digest_facts(session, now, settings, protocol, told))
    notice = _notice(session, NoticeKind.DIGEST, content, now)
    put_in_outbox(session, Outgoing(notice, content, people, settings, protocol))
    _audit(session, "post_digest", [notice], people, now)
    return 1


def _post_tests(session: Session, now: datetime, settings: Settings, protocol: Protocol) -> int:
    """One notice a person: each mail has a code of its own."""
    people = _people_of(session, NoticeKind.TEST, _tests_at(now, settings, protocol), now)
    notices = []
    for person in people:
        uid = str(uuid.uuid4())
        facts = TestFacts(uid[:CODE_SIGNS], now, (person.group,), settings.app_url, settings.zone, RULESET)
        content = content_of_test_mail(facts)
        notice = _notice(session, NoticeKind.TEST, content, now)
        put_in_outbox(session, Outgoing(notice, content, [person], settings, protocol, uid=uid))
        notices.append(notice)
    if notices:
        _audit(session, "post_test_mails", notices, people, now)
    return len(notices)


def _digest_facts(
    session: Session, now: datetime, settings: Settings, protocol: Protocol, told: tuple[str, ...]
) -> DigestFacts:
    live = [state.value for state in AlertState if state.live]
    standing = (col(Alert.state).in_(live), col(Alert.historical).is_(False))
    open_, waiting = session.execute(
        select(
            func.count(col(Alert.id)),
            func.count(col(Alert.id)).filter(col(Alert.state) == AlertState.OPEN.value),
        ).where(*standing)
    ).one()
    overdue = session.execute(
        select(func.count(col(Alert.id))).where(*standing, col(Alert.signal) == SignalKind.MISSED.value)
    ).scalar_one()
    return DigestFacts(
        open_alerts=open_,
        unacknowledged=waiting,
        overdue=overdue,
        patients=len(load_board(session, now, protocol, zone=settings.zone)),
        mail_path=_mail_path(session, now),
        last_backup_at=last_backup_at(session),
        unconfirmed_tests=_unconfirmed(session),
        at=now,
        told=told,
        app_url=settings.app_url,
        zone=settings.zone,
        ruleset=RULESET,
    )


def _mail_path(session: Session, now: datetime) -> str:
    state = worker_state(session, now)
    if state.failed:
        return f"{state.failed} refused for good"
    return f"{state.urgent_waiting} urgent waiting" if state.urgent_waiting else "ok"


def _unconfirmed(session: Session) -> int | None:
    """Test mails of the newest round that nobody has confirmed; None before the first round."""
    newest = select(func.max(col(Notice.created_at))).where(col(Notice.kind) == NoticeKind.TEST.value)
    if session.execute(newest).scalar_one() is None:
        return None
    query = (
        select(func.count(col(Delivery.id)))
        .join(Notice, col(Notice.id) == col(Delivery.notice_id))
        .outerjoin(Receipt, col(Receipt.delivery_id) == col(Delivery.id))
        .where(
            col(Notice.kind) == NoticeKind.TEST.value,
            col(Notice.created_at) == newest.scalar_subquery(),
            col(Receipt.id).is_(None),
        )
    )
    return int(session.execute(query).scalar_one())


def _notice(session: Session, kind: NoticeKind, content: MailContent, now: datetime) -> Notice:
    notice = Notice(kind=kind.value, urgency=_URGENCY, created_at=now, content=content.stored())
    session.add(notice)
    session.flush()
    return notice


def _audit(
    session: Session, action: str, notices: Sequence[Notice], people: Sequence[Person], now: datetime
) -> None:
    append_event(
        session,
        at=now,
        by=SYSTEM,
        action=action,
        subject="notice",
        subject_id=notices[0].id,
        detail={
            "notices": [notice.id for notice in notices],
            "recipients": [person.id for person in people],
        },
    )
