"""Bring the stored alerts of a course to what its assessments say, inside the entry's own transaction.

Signals are computed, compared with the stored alerts (`alerts.difference`), and what differs is written:
alerts, notices, one delivery a recipient with its mail already built, audit events. Then the alerts that
nobody has acknowledged are taken a step further (`alerts.escalation`). Everything commits with the entry or
not at all. Repeating it changes nothing.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from alerts.episodes import course_window
from alerts.facts import anything_to_tell, load_course_facts
from alerts.latched import reconcile_rules
from alerts.model import ALERT_GRADE, CourseFacts, Signal
from alerts.pending import Pending, find_pending, only_of_an_entry, write_pending
from alerts.posting import Outgoing, active_recipients, put_in_outbox
from alerts.signals import evaluate
from alerts.states import NoticeKind
from alerts.stored import load_alerts, load_program_alerts, load_rule_alerts
from alerts.words.shell import digest_content
from alerts.writing import Subject, Told, ToldNotice, Writer, Written
from db.audit import append_event
from db.models import Alert, Infusion, Notice
from db.roles import Actor
from grading.scale import RULESET
from settings import Settings
from trial.protocol import Protocol

__all__ = [
    "Told",
    "ToldNotice",
    "pending_changes",
    "reconcile_course",
    "reconcile_program",
    "tell_historical",
]


def reconcile_course(
    session: Session,
    *,
    infusion_id: int,
    now: datetime,
    protocol: Protocol,
    by: Actor,
    settings: Settings,
    historical: bool = False,
    by_the_clock: bool = False,
) -> Told:
    """Reconcile one course. The session must come from `writing()`; the caller commits.

    `historical` is for the import of old charts: new alerts are stored and not told one by one; tell of
    them with `tell_historical` at the end of the import. `by_the_clock` is the sweep's: it looks also where
    no entry can have raised anything, and only it raises what merely stands.
    """
    if not by_the_clock and not anything_to_tell(session, infusion_id, protocol):
        return Told()
    course = load_course_facts(session, infusion_id, now, protocol, settings.zone)
    pending = _pending_of_course(session, course, now, protocol, historical=historical)
    written = Written()
    if not by_the_clock:
        pending = only_of_an_entry(pending)
        # The sweep reads the rules once and not with every course.
        if _may_touch_a_rule(session, course, protocol):
            reconcile_rules(
                session,
                now=now,
                protocol=protocol,
                by=by,
                settings=settings,
                historical=historical,
                written=written,
            )
    if pending:
        patient_id = session.get_one(Infusion, infusion_id).patient_id
        subject = Subject(patient_id, infusion_id, course)
        writer = Writer(
            session, subject, now=now, protocol=protocol, by=by, settings=settings, written=written
        )
        write_pending(writer, pending)
    return written.told()


def reconcile_program(
    session: Session,
    signals: Collection[Signal],
    *,
    now: datetime,
    protocol: Protocol,
    by: Actor,
    settings: Settings,
) -> Told:
    """The same for alerts of the program itself, which belong to no patient."""
    pending = pending_of_program(session, signals, now, protocol)
    if not pending:
        return Told()
    subject = Subject(None, None, None)
    writer = Writer(session, subject, now=now, protocol=protocol, by=by, settings=settings)
    write_pending(writer, pending)
    return writer.told()


def pending_changes(
    session: Session, infusion_id: int, now: datetime, protocol: Protocol, zone: ZoneInfo
) -> Pending:
    """What `reconcile_course` would write now by the clock. Reads only."""
    course = load_course_facts(session, infusion_id, now, protocol, zone)
    return _pending_of_course(session, course, now, protocol, historical=False)


def pending_of_program(
    session: Session, signals: Collection[Signal], now: datetime, protocol: Protocol
) -> Pending:
    """What `reconcile_program` would write now. Reads only."""
    return find_pending(session, signals, load_program_alerts(session), now, protocol)


def tell_historical(
    session: Session,
    alert_ids: Sequence[int],
    *,
    now: datetime,
    by: Actor,
    settings: Settings,
    protocol: Protocol,
) -> Told:
    """One digest to every recipient after an import of history; nothing when it raised no alert."""
    if not alert_ids:
        return Told()
    people = active_recipients(session, now)
    courses = len(
        set(session.exec(select(Alert.infusion_id).where(col(Alert.id).in_(sorted(alert_ids)))).all())
    )
    content = digest_content(
        len(alert_ids),
        courses,
        told=tuple(sorted({person.group for person in people})),
        app_url=settings.app_url,
        ruleset=RULESET,
    )
    notice = Notice(
        kind=NoticeKind.HISTORICAL_DIGEST.value, urgency=4, created_at=now, content=content.stored()
    )
    session.add(notice)
    session.flush()
    put_in_outbox(session, Outgoing(notice, content, people, settings, protocol))
    notice_id = int(notice.id or 0)
    append_event(
        session,
        at=now,
        by=by,
        action="tell_historical_alerts",
        subject="notice",
        subject_id=notice_id,
        detail={"alerts": sorted(alert_ids), "recipients": [person.id for person in people]},
    )
    return Told((ToldNotice(notice_id, None, NoticeKind.HISTORICAL_DIGEST, None, ""),), len(people))


def _pending_of_course(
    session: Session, course: CourseFacts, now: datetime, protocol: Protocol, *, historical: bool
) -> Pending:
    window = course_window(course, protocol)
    return find_pending(
        session,
        evaluate(course, now, protocol),
        load_alerts(session, course.infusion_id),
        now,
        protocol,
        newest_entered_at=max((fact.entered_at for fact in course.assessments), default=None),
        historical=historical,
        monitored=window is not None and window.covers(now),
    )


def _may_touch_a_rule(session: Session, course: CourseFacts, protocol: Protocol) -> bool:
    """Whether an entry of this course can have changed what a stopping rule counts."""
    if not protocol.stopping:
        return False
    grave = any(
        fact.died or max(fact.crs.at_least, fact.icans.at_least) >= ALERT_GRADE for fact in course.assessments
    )
    return grave or any(alert.state.live for alert in load_rule_alerts(session))
