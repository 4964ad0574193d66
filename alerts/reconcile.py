"""Bring the stored alerts of a course to what its assessments say, inside the entry's own transaction.

Signals are computed, compared with the stored alerts (`alerts.difference`), and what differs is written:
alerts, notices, one delivery a recipient with its mail already built, audit events. Then the alerts that
nobody has acknowledged are taken a step further (`alerts.escalation`). Everything commits with the entry or
not at all. Repeating it changes nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from alerts.difference import difference
from alerts.episodes import course_window
from alerts.escalation import Due, due_now
from alerts.facts import anything_to_tell, load_alerts, load_course_facts, load_lives
from alerts.model import CourseFacts, Signal
from alerts.posting import Outgoing, active_recipients, put_in_outbox
from alerts.signals import evaluate
from alerts.states import AlertState, Change, NoticeKind, StoredAlert
from alerts.words.shell import digest_content
from alerts.writing import Subject, Told, ToldNotice, Writer
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


@dataclass(frozen=True, slots=True)
class Pending:
    """What a reconciliation would write: changes of alerts, and steps or repeats of the others."""

    changes: tuple[Change, ...] = ()
    due: tuple[tuple[StoredAlert, Signal | None, Due], ...] = ()
    set_back: tuple[StoredAlert, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes or self.due or self.set_back)


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
    if not by_the_clock:
        pending = replace(pending, changes=tuple(filter(_may_come_of_an_entry, pending.changes)))
    if not pending:
        return Told()
    patient_id = session.get_one(Infusion, infusion_id).patient_id
    subject = Subject(patient_id, infusion_id, course)
    return _write(Writer(session, subject, now=now, protocol=protocol, by=by, settings=settings), pending)


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
    return _write(Writer(session, subject, now=now, protocol=protocol, by=by, settings=settings), pending)


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
    return _pending(session, signals, load_alerts(session, None), now, protocol)


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
    return _pending(
        session,
        evaluate(course, now, protocol),
        load_alerts(session, course.infusion_id),
        now,
        protocol,
        newest_entered_at=max((fact.entered_at for fact in course.assessments), default=None),
        historical=historical,
        monitored=window is not None and window.covers(now),
    )


def _pending(
    session: Session,
    signals: Collection[Signal],
    stored: Sequence[StoredAlert],
    now: datetime,
    protocol: Protocol,
    *,
    newest_entered_at: datetime | None = None,
    historical: bool = False,
    monitored: bool = True,
) -> Pending:
    changes = difference(
        signals,
        stored,
        now=now,
        newest_entered_at=newest_entered_at,
        protocol=protocol,
        historical=historical,
        monitored=monitored,
    )
    changed = {change.alert_id for change in changes}
    waiting = [
        alert
        for alert in stored
        if alert.state is AlertState.OPEN and not alert.historical and alert.id not in changed
    ]
    if not waiting:
        return Pending(tuple(changes))
    lives = load_lives(session, waiting)
    listed = {person.group for person in active_recipients(session, now)}
    due, set_back = [], []
    for alert in waiting:
        life = lives.get(alert.id)
        if life is None:
            continue
        if life.open_since > now:
            set_back.append(alert)
            continue
        found = due_now(life, alert.kind, alert.urgency, now, protocol, listed)
        if found is not None:
            due.append((alert, _signal_of(alert, signals), found))
    return Pending(tuple(changes), tuple(due), tuple(set_back))


def _may_come_of_an_entry(change: Change) -> bool:
    """An entry raises what belongs to assessments; that nothing was entered is for the sweep to find."""
    return change.kind.is_episode or change.alert_id is not None


def _signal_of(alert: StoredAlert, signals: Collection[Signal]) -> Signal | None:
    """The episode or standing signal behind an alert that did not change."""
    of_slot = [one for one in signals if (one.kind, one.slot) == (alert.kind, alert.slot)]
    if not alert.kind.is_episode:
        return next(iter(of_slot), None)
    return next((one for one in of_slot if alert.members.intersection(one.members)), None)


def _write(writer: Writer, pending: Pending) -> Told:
    for change in pending.changes:
        writer.write(change)
    for alert, signal, due in pending.due:
        writer.take_further(alert, signal, due)
    for alert in pending.set_back:
        writer.count_from_now(alert)
    return writer.told()
