"""Bring the stored alerts of a course to what its assessments say, inside the entry's own transaction.

Signals are computed, compared with the stored alerts (`alerts.difference`), and what differs is written:
alerts, notices, one delivery a recipient with its mail already built, audit events. Everything commits
with the entry or not at all. Repeating it changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from alerts.content import digest_content
from alerts.difference import AlertState, Change, NoticeKind, alert_urgency, difference, urgency_of
from alerts.facts import anything_to_tell, load_alerts, load_course_facts
from alerts.posting import Outgoing, active_recipients, put_in_outbox, recipients_told
from alerts.signals import CourseFacts, evaluate
from alerts.telling import Teller
from db.audit import append_event
from db.models import Alert, AlertAssessment, Infusion, Notice
from db.roles import Actor
from grading.scale import RULESET, Toxicity
from settings import Settings
from trial.protocol import Protocol


@dataclass(frozen=True, slots=True)
class ToldNotice:
    """One notice written."""

    notice_id: int
    alert_id: int | None
    kind: NoticeKind
    toxicity: Toxicity | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a reconciliation wrote.

    recipients         how many people get at least one of the notices
    historical_alerts  alerts stored without a mail; one digest tells of them all
    """

    notices: tuple[ToldNotice, ...] = ()
    recipients: int = 0
    historical_alerts: tuple[int, ...] = ()


@dataclass(slots=True)
class _Written:
    notices: list[ToldNotice] = field(default_factory=list)
    recipients: set[int] = field(default_factory=set)
    historical: list[int] = field(default_factory=list)


def reconcile_course(
    session: Session,
    *,
    infusion_id: int,
    now: datetime,
    protocol: Protocol,
    by: Actor,
    settings: Settings,
    historical: bool = False,
) -> Told:
    """Reconcile one course. The session must come from `writing()`; the caller commits.

    `historical` is for the import of old charts: new alerts are stored and not told one by one; tell of
    them with `tell_historical` at the end of the import.
    """
    if not anything_to_tell(session, infusion_id):
        return Told()
    course = load_course_facts(session, infusion_id)
    writer = _Writer(session, course, now, protocol, by, settings)
    for change in _changes(session, course, now, protocol, historical=historical):
        writer.write(change)
    written = writer.written
    return Told(tuple(written.notices), len(written.recipients), tuple(written.historical))


def pending_changes(session: Session, infusion_id: int, now: datetime, protocol: Protocol) -> list[Change]:
    """What `reconcile_course` would write now. Reads only."""
    if not anything_to_tell(session, infusion_id):
        return []
    return _changes(session, load_course_facts(session, infusion_id), now, protocol, historical=False)


def tell_historical(
    session: Session, alert_ids: Sequence[int], *, now: datetime, by: Actor, settings: Settings
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
    put_in_outbox(session, Outgoing(notice, content, people, settings))
    notice_id = _stored_id(notice)
    append_event(
        session,
        at=now,
        by=by,
        action="tell_historical_alerts",
        subject="notice",
        subject_id=notice_id,
        detail={"alerts": sorted(alert_ids), "recipients": [person.id for person in people]},
    )
    return Told((ToldNotice(notice_id, None, NoticeKind.HISTORICAL_DIGEST, None),), len(people))


def _changes(
    session: Session, course: CourseFacts, now: datetime, protocol: Protocol, *, historical: bool
) -> list[Change]:
    return difference(
        evaluate(course, now, protocol),
        load_alerts(session, course.infusion_id),
        now=now,
        newest_entered_at=max((fact.entered_at for fact in course.assessments), default=None),
        protocol=protocol,
        historical=historical,
    )


class _Writer:
    """Writes the changes of one course."""

    def __init__(
        self,
        session: Session,
        course: CourseFacts,
        now: datetime,
        protocol: Protocol,
        by: Actor,
        settings: Settings,
    ) -> None:
        self.written = _Written()
        self._session = session
        self._course = course
        self._now = now
        self._by = by
        self._protocol = protocol
        self._settings = settings
        self._teller: Teller | None = None

    def write(self, change: Change) -> None:
        """The alert, its notice with the deliveries, and the audit event of one change."""
        alert, old_level = self._alert(change)
        alert_id = _stored_id(alert)
        self._members(alert_id, change.members)
        told = self._tell(change, change.notice, alert, old_level) if change.notice else None
        if change.historical and change.alert_id is None:
            self.written.historical.append(alert_id)
        append_event(
            self._session,
            at=self._now,
            by=self._by,
            action="raise_alert" if change.alert_id is None else "change_alert",
            subject="alert",
            subject_id=alert_id,
            patient_id=alert.patient_id,
            detail={
                "infusion_id": alert.infusion_id,
                "signal": alert.signal,
                "slot": alert.slot,
                "state": alert.state,
                "level": alert.level,
                "historical": alert.historical,
                "ended_reason": alert.ended_reason,
                "assessments": sorted(change.members),
                "notice": change.notice.value if change.notice else None,
                "notice_id": told,
            },
        )

    def _alert(self, change: Change) -> tuple[Alert, int]:
        """The alert's row, brought to the change, and the level it had."""
        alert = self._session.get_one(Alert, change.alert_id) if change.alert_id else self._new_alert(change)
        old_level = alert.level
        if alert.historical and not change.historical:
            alert.opened_at = self._now
        alert.state = change.state.value
        alert.level = change.level
        alert.urgency = alert_urgency(change.level)
        alert.historical = change.historical
        alert.closed_at = None if change.state.live else (alert.closed_at or self._now)
        alert.ended_reason = change.ended_reason.value if change.ended_reason else None
        alert.updated_at = self._now
        if change.signal is not None:
            alert.first_observed_at = change.signal.first_at
        self._session.add(alert)
        self._session.flush()
        return alert, old_level

    def _new_alert(self, change: Change) -> Alert:
        if change.signal is None:
            raise ValueError("A new alert needs the signal that raised it.")
        infusion = self._session.get_one(Infusion, self._course.infusion_id)
        return Alert(
            patient_id=infusion.patient_id,
            infusion_id=infusion.id,
            signal=change.signal.kind.value,
            slot=change.slot,
            level=change.level,
            urgency=alert_urgency(change.level),
            opened_at=self._now,
            first_observed_at=change.signal.first_at,
            updated_at=self._now,
        )

    def _members(self, alert_id: int, members: frozenset[str]) -> None:
        rows = self._session.exec(select(AlertAssessment).where(AlertAssessment.alert_id == alert_id)).all()
        stored = {row.assessment_stable_id for row in rows}
        gone = sorted(stored - members)
        if gone:
            self._session.connection().execute(
                delete(AlertAssessment).where(
                    col(AlertAssessment.alert_id) == alert_id,
                    col(AlertAssessment.assessment_stable_id).in_(gone),
                )
            )
        for stable_id in sorted(members - stored):
            self._session.add(AlertAssessment(alert_id=alert_id, assessment_stable_id=stable_id))
        self._session.flush()

    def _tell(self, change: Change, kind: NoticeKind, alert: Alert, old_level: int) -> int | None:
        """Write the notice and its deliveries; None when nobody has been told what is now taken back."""
        takes_back = kind in (NoticeKind.RETRACTION, NoticeKind.AMENDMENT)
        alert_id = _stored_id(alert)
        people = (
            recipients_told(self._session, alert_id)
            if takes_back
            else active_recipients(self._session, self._now)
        )
        if takes_back and not people:
            return None
        if self._teller is None:
            self._teller = Teller(
                self._session,
                self._course,
                now=self._now,
                by=self._by,
                protocol=self._protocol,
                settings=self._settings,
            )
        groups = tuple(sorted({person.group for person in people}))
        content, assessment_id = self._teller.content(change, alert, old_level, groups)
        notice = Notice(
            alert_id=alert_id,
            kind=kind.value,
            urgency=urgency_of(kind, change.level),
            level=change.level,
            assessment_id=assessment_id,
            created_at=self._now,
            content=content.stored(),
        )
        self._session.add(notice)
        self._session.flush()
        outgoing = Outgoing(notice, content, people, self._settings)
        put_in_outbox(self._session, outgoing, replacing_unsent=change.state is AlertState.RETRACTED)
        notice_id = _stored_id(notice)
        self.written.notices.append(ToldNotice(notice_id, alert_id, kind, Toxicity(change.slot)))
        self.written.recipients.update(person.id for person in people)
        return notice_id


def _stored_id(row: Alert | Notice) -> int:
    if row.id is None:
        raise ValueError(f"{type(row).__name__} was not flushed.")
    return row.id
