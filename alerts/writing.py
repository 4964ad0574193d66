"""Writing what a reconciliation found: alerts, their notices with one delivery a recipient, audit events."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from alerts.difference import urgency_of
from alerts.escalation import Due, first_step, groups_until, plan_of
from alerts.model import CourseFacts, Signal, SignalKind, SignalState
from alerts.posting import (
    Outgoing,
    Person,
    active_recipients,
    in_groups,
    put_in_outbox,
    recipients_told,
)
from alerts.states import AlertState, Change, NoticeKind, StoredAlert
from alerts.telling.teller import Teller
from db.audit import append_event
from db.models import Alert, AlertAssessment, Notice
from db.roles import Actor
from failpoints import reach
from grading.scale import Toxicity
from settings import Settings
from trial.protocol import Protocol

_TAKES_BACK = (NoticeKind.RETRACTION, NoticeKind.AMENDMENT)


@dataclass(frozen=True, slots=True)
class ToldNotice:
    """One notice written. `toxicity` is None where the alert is about none."""

    notice_id: int
    alert_id: int | None
    kind: NoticeKind
    toxicity: Toxicity | None
    signal: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a reconciliation wrote.

    recipients         how many people get at least one of the notices
    historical_alerts  alerts of grade 3 or more stored without a mail; one digest tells of them all
    """

    notices: tuple[ToldNotice, ...] = ()
    recipients: int = 0
    historical_alerts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """What the alerts are about: a patient's course, or the program itself."""

    patient_id: int | None
    infusion_id: int | None
    course: CourseFacts | None


@dataclass(slots=True)
class Written:
    """What was told so far, of one subject or of several together."""

    notices: list[ToldNotice] = field(default_factory=list)
    recipients: set[int] = field(default_factory=set)
    historical: list[int] = field(default_factory=list)

    def told(self) -> Told:
        """As a value."""
        return Told(tuple(self.notices), len(self.recipients), tuple(self.historical))


class Writer:
    """Writes the changes of one subject in one transaction."""

    def __init__(
        self,
        session: Session,
        subject: Subject,
        *,
        now: datetime,
        protocol: Protocol,
        by: Actor,
        settings: Settings,
        written: Written | None = None,
    ) -> None:
        self._session = session
        self._subject = subject
        self._now = now
        self._by = by
        self._protocol = protocol
        self._settings = settings
        self._written = Written() if written is None else written
        self._teller: Teller | None = None

    def told(self) -> Told:
        """What was written so far."""
        return self._written.told()

    def write(self, change: Change) -> None:
        """The alert, its notice with the deliveries, and the audit event of one change."""
        alert, old_level = self._alert(change)
        alert_id = _stored_id(alert)
        reach("reconcile.after_alert")
        members = frozenset[str]() if change.kind is SignalKind.BOUNDARY else change.members
        self._members(alert_id, members)
        notice_id = self._tell(change, alert, old_level) if change.notice else None
        if change.historical and change.alert_id is None and change.kind is SignalKind.GRADE_3:
            self._written.historical.append(alert_id)
        action = "raise_alert" if change.alert_id is None else "change_alert"
        self._audit(
            action,
            alert,
            {
                "infusion_id": alert.infusion_id,
                "signal": alert.signal,
                "slot": alert.slot,
                "state": alert.state,
                "level": alert.level,
                "urgency": alert.urgency,
                "historical": alert.historical,
                "ended_reason": alert.ended_reason,
                "assessments": sorted(members),
                **({"counted": sorted(change.members)} if change.kind is SignalKind.BOUNDARY else {}),
                "notice": change.notice.value if change.notice else None,
                "notice_id": notice_id,
            },
        )

    def take_further(self, stored: StoredAlert, signal: Signal | None, due: Due) -> None:
        """The next step, or a repeat, of an alert that nobody has acknowledged."""
        alert = self._session.get_one(Alert, stored.id)
        people = in_groups(active_recipients(self._session, self._now), due.groups)
        notice_id = self._post(_further(stored, signal, due.kind), alert, stored.level, people, due.step)
        self._audit(
            "repeat_alert" if due.kind is NoticeKind.REPEAT else "escalate_alert",
            alert,
            {"step": due.step, "groups": list(due.groups), "notice_id": notice_id},
        )

    def count_from_now(self, stored: StoredAlert) -> None:
        """The clock was set back behind the alert's opening: its steps count from now."""
        alert = self._session.get_one(Alert, stored.id)
        before = alert.updated_at
        alert.updated_at = self._now
        self._session.add(alert)
        self._audit("count_alert_from_now", alert, {"was": before, "because": "the clock was set back"})

    def _audit(self, action: str, alert: Alert, detail: dict[str, object]) -> None:
        append_event(
            self._session,
            at=self._now,
            by=self._by,
            action=action,
            subject="alert",
            subject_id=alert.id,
            patient_id=alert.patient_id,
            detail=detail,
        )

    def _alert(self, change: Change) -> tuple[Alert, int]:
        """The alert's row, brought to the change, and the level it had."""
        alert = self._session.get_one(Alert, change.alert_id) if change.alert_id else self._new_alert(change)
        old_level = alert.level
        if alert.historical and not change.historical:
            alert.opened_at = self._now
        # What was closed and is withdrawn now says when it was withdrawn.
        over_since = alert.closed_at if alert.state == change.state else None
        alert.state = change.state.value
        alert.level = change.level
        alert.urgency = change.urgency
        alert.historical = change.historical
        alert.closed_at = None if change.state.live else (over_since or self._now)
        alert.ended_reason = change.ended_reason.value if change.ended_reason else None
        alert.updated_at = self._now
        if change.kind is SignalKind.BOUNDARY:
            alert.counted = ";".join(sorted(change.members)) or "none"
        if change.signal is not None and change.signal.state is not SignalState.DECIDED:
            alert.first_observed_at = change.signal.first_at
        self._session.add(alert)
        self._session.flush()
        return alert, old_level

    def _new_alert(self, change: Change) -> Alert:
        if change.signal is None:
            raise ValueError("A new alert needs the signal that raised it.")
        return Alert(
            patient_id=self._subject.patient_id,
            infusion_id=self._subject.infusion_id,
            signal=change.kind.value,
            slot=change.slot,
            level=change.level,
            urgency=change.urgency,
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

    def _tell(self, change: Change, alert: Alert, old_level: int) -> int | None:
        """Write the notice and its deliveries; None when nobody has been told what is now taken back."""
        people, step = self._people(change, alert)
        if change.notice in _TAKES_BACK and not people:
            return None
        return self._post(change, alert, old_level, people, step)

    def _people(self, change: Change, alert: Alert) -> tuple[list[Person], int]:
        """Who is told of a change, and which step of the plan that is."""
        alert_id = _stored_id(alert)
        if change.notice in _TAKES_BACK:
            return recipients_told(self._session, alert_id), 0
        told = recipients_told(self._session, alert_id, active_at=self._now)
        if change.notice is NoticeKind.RECOVERY or (change.notice is NoticeKind.DEATH and told):
            return told, 0
        active = active_recipients(self._session, self._now)
        plan = plan_of(change.kind, change.urgency, self._protocol)
        step = first_step(plan, {person.group for person in active})
        called = {person.id: person for person in in_groups(active, groups_until(plan, step))}
        if change.alert_id is not None:
            called |= {person.id: person for person in told}
        return [called[person_id] for person_id in sorted(called)], step

    def _post(self, change: Change, alert: Alert, old_level: int, people: Sequence[Person], step: int) -> int:
        kind = change.notice
        if kind is None:
            raise ValueError("A change without a notice tells nobody.")
        groups = tuple(sorted({person.group for person in people}))
        content, assessment_id = self._teller_of(self._subject).content(
            change, alert, old_level, groups, step
        )
        notice = Notice(
            alert_id=_stored_id(alert),
            kind=kind.value,
            urgency=urgency_of(kind, change.urgency, change.level),
            level=change.level,
            step=step,
            assessment_id=assessment_id,
            created_at=self._now,
            content=content.stored(),
        )
        self._session.add(notice)
        self._session.flush()
        reach("reconcile.after_notice")
        outgoing = Outgoing(notice, content, people, self._settings, self._protocol)
        put_in_outbox(self._session, outgoing, replacing_unsent=_speaks_for_all(change))
        notice_id = _stored_id(notice)
        toxicity = Toxicity(change.slot) if change.slot in set(Toxicity) else None
        self._written.notices.append(
            ToldNotice(notice_id, _stored_id(alert), kind, toxicity, change.kind.value)
        )
        self._written.recipients.update(person.id for person in people)
        return notice_id

    def _teller_of(self, subject: Subject) -> Teller:
        if self._teller is None:
            self._teller = Teller(
                self._session,
                subject.course,
                subject.patient_id,
                now=self._now,
                by=self._by,
                protocol=self._protocol,
                settings=self._settings,
            )
        return self._teller


def _speaks_for_all(change: Change) -> bool:
    """Whether a mail that has not left yet may give way to this one, which tells the whole story."""
    stands = not change.kind.is_episode
    return change.state is AlertState.RETRACTED or (stands and change.notice is NoticeKind.RECOVERY)


def _further(stored: StoredAlert, signal: Signal | None, notice: NoticeKind) -> Change:
    return Change(
        alert_id=stored.id,
        kind=stored.kind,
        slot=stored.slot,
        signal=signal,
        state=stored.state,
        level=stored.level,
        urgency=stored.urgency,
        historical=False,
        members=stored.members,
        notice=notice,
    )


def _stored_id(row: Alert | Notice) -> int:
    if row.id is None:
        raise ValueError(f"{type(row).__name__} was not flushed.")
    return row.id
