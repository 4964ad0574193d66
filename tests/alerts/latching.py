"""What raises and ends the alerts that only a person ends, as the actions of other rooms write it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlmodel import Session, col, select

from actions import context
from actions.alerts import acknowledge_alert
from alerts.jobs import sweep
from alerts.latched import raise_barred_attempt, reconcile_rules, reconcile_serious_events
from alerts.reconcile import reconcile_course
from alerts.stored import version_to_acknowledge
from db.models import (
    AdverseEvent,
    Alert,
    BarRelease,
    CommitteeDecision,
    Notice,
    Recipient,
    SaeNotification,
    SaeNotificationWithdrawal,
    User,
)
from db.queries.stopping import load_rules
from db.session import reading, writing
from tests.alerts.conftest import INFUSED_AT, Ward, at
from tests.support import made_up
from trial.protocol import load_protocol
from trial.stopping_rules import stored_reading

GRADE_3: Mapping[str, Any] = {"temperature_c": 38.6, "vasopressors": "norepinephrine"}
GRADE_4: Mapping[str, Any] = {"temperature_c": 38.6, "vasopressors": "norepinephrine;epinephrine"}
DAY = timedelta(days=1)


def latching(ward: Ward, *, steps: int = 1) -> Ward:
    """The real bar, rules and first steps of what is latched; everything else stays calm."""
    real, calm = load_protocol(), context.protocol()
    own = ("barred", "boundary", "sae", "sae_overdue")
    protocol = replace(
        calm,
        eligibility=real.eligibility,
        stopping=real.stopping,
        plans={**calm.plans, **{name: real.plans[name][:steps] for name in own}},
    )
    context.configure(ward.settings, protocol)
    return ward


def look(ward: Ward, now: datetime) -> int:
    return sweep(ward.settings, context.protocol(), now=lambda: now)


def told(ward: Ward, signal: str) -> list[str]:
    """The kinds of notices of the alerts of one signal, the first first."""
    ids = {one.id for one in ward.alerts() if one.signal == signal}
    return [one.kind for one in ward.notices() if one.alert_id in ids]


def alerts_of(ward: Ward, signal: str) -> list[Alert]:
    return [one for one in ward.alerts() if one.signal == signal]


def the_alert(ward: Ward, signal: str) -> Alert:
    (alert,) = alerts_of(ward, signal)
    return alert


def groups_told(ward: Ward, notice: Notice) -> list[str]:
    addresses = {one.address for one in ward.deliveries() if one.notice_id == notice.id}
    return sorted(addresses)


def notices_of(ward: Ward, signal: str) -> list[Notice]:
    ids = {one.id for one in alerts_of(ward, signal)}
    return [one for one in ward.notices() if one.alert_id in ids]


def answer(ward: Ward, alert: Alert, now: datetime, done: str) -> None:
    with reading() as session:
        seen = version_to_acknowledge(session, int(alert.id or 0))
    acknowledge_alert(int(alert.id or 0), alert.level, seen, done, by=ward.investigator, now=now)


def release(ward: Ward, by: int, now: datetime, *, reconciled: bool = True) -> None:
    """A release of grade 3 CRS as the gate's action writes it."""
    with writing() as session:
        session.add(
            BarRelease(
                patient_id=ward.patient_id,
                by=by,
                at=now,
                reason="short and treated",
                worst_crs=3,
                worst_icans=0,
            )
        )
        if reconciled:
            reconcile_course(
                session,
                infusion_id=ward.infusion_id,
                now=now,
                protocol=context.protocol(),
                by=ward.investigator,
                settings=ward.settings,
            )


def another_investigator() -> int:
    with writing() as session:
        user = User(username="dr.wu", display_name="Dr Wu", role="investigator", created_at=INFUSED_AT)
        session.add(user)
        session.flush()
        return int(user.id or 0)


def attempt(ward: Ward, now: datetime) -> int:
    with writing() as session:
        done = raise_barred_attempt(
            session,
            infusion_id=ward.infusion_id,
            now=now,
            protocol=context.protocol(),
            by=ward.investigator,
            settings=ward.settings,
        )
    return len(done.notices)


@dataclass
class Second:
    """A patient after the second infusion."""

    patient_id: int
    infusion_id: int
    infused_at: datetime

    def assess(self, days: float, **values: Any) -> str:
        entry = (self.infused_at + timedelta(days=days), {**made_up.WELL, **values})
        (stable_id,) = made_up.assess(self.patient_id, self.infusion_id, [entry])
        return stable_id


def second_infusion(code: str, days: float) -> Second:
    infused_at = at(24 * days)
    patient_id = made_up.enrol(code, infused_at)
    return Second(patient_id, made_up.infuse(patient_id, 2, infused_at), infused_at)


def crossed() -> tuple[Second, Second, str]:
    """Two of two patients with grade 3: the limit; the entry that crossed it too."""
    first, second = second_infusion("CART-001", 40), second_infusion("CART-002", 41)
    first.assess(2, **GRADE_3)
    return first, second, second.assess(3, **GRADE_3)


def decide(ward: Ward, now: datetime, decision: str = "continue") -> None:
    """A decision as the committee's action writes it."""
    protocol = context.protocol()
    with writing() as session:
        (state, _) = load_rules(session, protocol.stopping, now, ward.settings.zone)
        session.add(
            CommitteeDecision(
                rule=state.rule.key,
                reading=stored_reading(state.rule, state.reading),
                decision=decision,
                reason="expected and manageable",
                protocol_hash="a" * 64,
                by=int(ward.investigator.user_id or 0),
                at=now,
            )
        )
        session.flush()
        reconcile_rules(session, now=now, protocol=protocol, by=ward.investigator, settings=ward.settings)


AWARE_AT = at(100)


def record_event(ward: Ward, now: datetime, stable_id: str = "", **values: Any) -> str:
    """A serious adverse event as its action writes it; a further version where one stands already."""
    event: dict[str, Any] = {
        "term": "Pneumonitis",
        "grade": 4,
        "infusion_number": 1,
        "onset_on": AWARE_AT.date(),
        "is_serious": True,
        "serious_criteria": "life_threatening",
        "aware_at": AWARE_AT,
        "patient_id": ward.patient_id,
        "stable_id": stable_id or uuid4().hex,
        "entered_at": now,
    } | values
    with writing() as session:
        if stable_id:
            current = session.exec(
                select(AdverseEvent).where(
                    AdverseEvent.stable_id == stable_id, col(AdverseEvent.superseded_at).is_(None)
                )
            ).one()
            current.superseded_at = now
            session.flush()
            event |= {"version": current.version + 1, "reason": "looked at again"}
        session.add(AdverseEvent(**event))
        reconcile_event(session, ward, now)
    return str(event["stable_id"])


def reconcile_event(session: Session, ward: Ward, now: datetime) -> None:
    reconcile_serious_events(
        session,
        ward.patient_id,
        now=now,
        protocol=context.protocol(),
        by=ward.investigator,
        settings=ward.settings,
    )


def report_event(ward: Ward, stable_id: str, now: datetime, *, reported_at: datetime | None = None) -> None:
    with writing() as session:
        session.add(
            SaeNotification(
                event_stable_id=stable_id,
                patient_id=ward.patient_id,
                reported_at=reported_at or now,
                reported_to="Sponsor",
                by=ward.investigator.user_id,
                at=now,
            )
        )
        session.flush()
        reconcile_event(session, ward, now)


def withdraw_reports(now: datetime) -> None:
    """Every report to somebody is withdrawn, as its action writes it, and nobody is told yet."""
    with writing() as session:
        for told in session.exec(select(SaeNotification)).all():
            session.add(
                SaeNotificationWithdrawal(
                    notification_id=int(told.id or 0), reason="it was never sent", at=now
                )
            )


NOT_SERIOUS: Mapping[str, Any] = {"is_serious": False, "serious_criteria": None, "aware_at": None}


def add_recipient(name: str, address: str, group: str) -> None:
    """Somebody more on the list."""
    with writing() as session:
        session.add(
            Recipient(name=name, address=address, group=group, valid_from=INFUSED_AT, created_at=INFUSED_AT)
        )
