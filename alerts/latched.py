"""Alerts that only a person ends: attempts at a barred infusion, stopping rules, reports of serious events.

The bar itself belongs to a course and is reconciled with it (`alerts.reconcile`). What is here belongs to the
trial or to a patient. Everything happens in the caller's transaction, and repeating it changes nothing.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import Session, col

from alerts.facts import load_course_facts
from alerts.latched_signals import (
    ATTEMPT_URGENCY,
    RuleFacts,
    SeriousEvent,
    barred_signals,
    boundary_signals,
    sae_signals,
)
from alerts.model import Signal, SignalKind, SignalState
from alerts.pending import Pending, find_pending, write_pending
from alerts.states import AlertState, Change, NoticeKind, StoredAlert
from alerts.stored import load_alerts, load_event_alerts, load_rule_alerts
from alerts.writing import Subject, Told, Writer, Written
from db.models import AdverseEvent, Alert, Infusion, Notice, SaeNotification
from db.queries.sae import NOTIFICATION_STANDS
from db.queries.stopping import RuleState, load_rules
from db.roles import Actor
from settings import Settings
from trial.protocol import Protocol

ATTEMPTS_TOLD_APART: Final = timedelta(minutes=5)
"""A second touch of the same button is no second attempt, while nobody has answered the first."""


def raise_barred_attempt(
    session: Session, *, infusion_id: int, now: datetime, protocol: Protocol, by: Actor, settings: Settings
) -> Told:
    """Somebody tried to record the second infusion while it is barred: tell it at once, as P1.

    `infusion_id` is the first infusion's. The attempt was refused, so call this in a transaction of its own.
    Nothing is told where no bar stands, nor of a repeated touch within five minutes that nobody has answered.
    """
    course = load_course_facts(session, infusion_id, now, protocol, settings.zone)
    bar = next((one for one in barred_signals(course, protocol) if one.state is SignalState.FIRING), None)
    if bar is None:
        return Told()
    alert = _alert_of_the_bar(load_alerts(session, infusion_id))
    if alert is not None and _told_just_now(session, alert, now):
        return Told()
    patient_id = session.get_one(Infusion, infusion_id).patient_id
    subject = Subject(patient_id, infusion_id, course)
    writer = Writer(session, subject, now=now, protocol=protocol, by=by, settings=settings)
    writer.write(_attempt(bar, alert))
    return writer.told()


def _alert_of_the_bar(alerts: list[StoredAlert]) -> StoredAlert | None:
    """The bar's alert: the live one, else the newest that was not withdrawn."""
    of_the_bar = [
        one for one in alerts if one.kind is SignalKind.BARRED and one.state is not AlertState.RETRACTED
    ]
    return max(of_the_bar, key=lambda one: (one.state.live, one.id), default=None)


def _told_just_now(session: Session, alert: StoredAlert, now: datetime) -> bool:
    if alert.state is not AlertState.OPEN:
        return False
    query: Any = select(func.max(col(Notice.created_at))).where(
        col(Notice.alert_id) == alert.id, col(Notice.kind) == NoticeKind.ATTEMPT.value
    )
    told_at = session.connection().execute(query).scalar_one()
    return told_at is not None and timedelta(0) <= now - told_at < ATTEMPTS_TOLD_APART


def _attempt(bar: Signal, alert: StoredAlert | None) -> Change:
    return Change(
        alert_id=alert.id if alert else None,
        kind=bar.kind,
        slot=bar.slot,
        signal=bar,
        state=AlertState.OPEN,
        level=bar.level,
        urgency=ATTEMPT_URGENCY,
        historical=False,
        members=frozenset(bar.members),
        notice=NoticeKind.ATTEMPT,
    )


def reconcile_rules(
    session: Session,
    *,
    now: datetime,
    protocol: Protocol,
    by: Actor,
    settings: Settings,
    historical: bool = False,
    written: Written | None = None,
) -> Told:
    """Bring the alerts of the stopping rules to what the stored records and decisions say.

    The session must come from `writing()`; the caller commits. `historical` is for the import of old charts;
    `written` collects what is told together with another reconciliation.
    """
    pending = pending_of_rules(session, now, protocol, settings.zone, historical=historical)
    subject = Subject(None, None, None)
    writer = Writer(session, subject, now=now, protocol=protocol, by=by, settings=settings, written=written)
    write_pending(writer, pending)
    return writer.told()


def pending_of_rules(
    session: Session, now: datetime, protocol: Protocol, zone: ZoneInfo, *, historical: bool = False
) -> Pending:
    """What `reconcile_rules` would write now. Reads only."""
    session.flush()
    states = load_rules(session, protocol.stopping, now, zone)
    signals = boundary_signals(_rule_facts(state, zone) for state in states)
    keys = {rule.key for rule in protocol.stopping}
    # What the protocol holds no more is neither told nor taken back.
    stored = [alert for alert in load_rule_alerts(session) if alert.slot in keys]
    return find_pending(session, signals, stored, now, protocol, historical=historical)


def _rule_facts(state: RuleState, zone: ZoneInfo) -> RuleFacts:
    newest = state.decisions[-1] if state.decisions else None
    return RuleFacts(
        key=state.rule.key,
        crossing=state.crossing,
        last_event_at=_last_event_at(state, zone),
        decided_at=newest.at if newest else None,
        decided_on=tuple(sorted({code for one in state.decisions for code in one.decided_on})),
    )


def _last_event_at(state: RuleState, zone: ZoneInfo) -> datetime | None:
    """Noon of the day of the last event that counts: what is stored of it is a date."""
    codes = state.crossing.codes if state.crossing else ()
    days = [one.event.on_date for one in state.patients if one.event and one.patient.code in codes]
    if not days:
        return None
    return datetime.combine(max(days), datetime.min.time(), zone) + timedelta(hours=12)


def reconcile_serious_events(
    session: Session,
    patient_id: int,
    *,
    now: datetime,
    protocol: Protocol,
    by: Actor,
    settings: Settings,
    historical: bool = False,
) -> Told:
    """Bring the alerts of a patient's serious events to what is recorded: due, overdue, reported, taken back.

    Call it where an adverse event, or a report of it, was recorded, corrected or withdrawn, in the same
    transaction; the worker's sweep repeats it, and tells the reminders. The caller commits.
    """
    pending = pending_of_serious_events(session, patient_id, now, protocol, historical=historical)
    if not pending:
        return Told()
    subject = Subject(patient_id, None, None)
    writer = Writer(session, subject, now=now, protocol=protocol, by=by, settings=settings)
    write_pending(writer, pending)
    return writer.told()


def pending_of_serious_events(
    session: Session, patient_id: int, now: datetime, protocol: Protocol, *, historical: bool = False
) -> Pending:
    """What `reconcile_serious_events` would write now. Reads only."""
    signals = sae_signals(_load_serious(session, patient_id), now, protocol.sae)
    stored = load_event_alerts(session, patient_id)
    return find_pending(session, signals, stored, now, protocol, historical=historical)


def patients_to_sweep(session: Session) -> list[int]:
    """The patients with a serious event that waits for its report, or with an alert that waits for one."""
    reported = select(col(SaeNotification.event_stable_id)).where(NOTIFICATION_STANDS)
    waiting = select(col(AdverseEvent.patient_id)).where(
        *_STANDS_AS_SERIOUS, col(AdverseEvent.stable_id).not_in(reported)
    )
    alerting = select(col(Alert.patient_id)).where(
        col(Alert.signal) == SignalKind.SAE_CLOCK.value, col(Alert.closed_at).is_(None)
    )
    found = session.connection().execute(waiting.union(alerting)).scalars()
    return sorted(int(one) for one in found)


_STANDS_AS_SERIOUS: Final = (
    col(AdverseEvent.superseded_at).is_(None),
    col(AdverseEvent.voided).is_(False),
    col(AdverseEvent.is_serious).is_(True),
)


def _load_serious(session: Session, patient_id: int) -> list[SeriousEvent]:
    """The serious events that stand, each with when the first of its reports that stand was entered."""
    session.flush()
    reported = (
        select(func.min(col(SaeNotification.at)))
        .where(col(SaeNotification.event_stable_id) == col(AdverseEvent.stable_id), NOTIFICATION_STANDS)
        .correlate(AdverseEvent)
        .scalar_subquery()
    )
    query: Any = (
        select(col(AdverseEvent.stable_id), col(AdverseEvent.aware_at), reported)
        .where(col(AdverseEvent.patient_id) == patient_id, *_STANDS_AS_SERIOUS)
        .order_by(col(AdverseEvent.id))
    )
    return [SeriousEvent(*row) for row in session.connection().execute(query)]
