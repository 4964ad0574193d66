"""Acknowledging an alert: a named, signed-in investigator has seen it and says what was done."""

from datetime import datetime

from sqlmodel import Session, col, select

from actions import context
from actions.errors import AlreadyRecorded, Refused
from actions.permissions import Action, require
from actions.words import when
from alerts.difference import AlertState
from alerts.outbox import wake_worker
from db.audit import append_event
from db.inputs_alerts import AcknowledgementIn
from db.models import Acknowledgement, Alert, AlertAssessment, Assessment, User
from db.roles import Actor
from db.session import writing


def acknowledge_alert(
    alert_id: int,
    seen_level: int,
    seen_assessment_id: int,
    action_taken: str,
    remark: str | None = None,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Record that the person has seen the alert at this grade, in this version of the entry, and acted.

    It holds for the protocol's hours, and never for a higher grade than the one seen.

    Raises:
        NotPermitted: the role may not acknowledge.
        AlreadyRecorded: somebody has acknowledged this grade already.
        Refused: the alert is over, or it has changed since it was shown.
    """
    require(by, Action.ACKNOWLEDGE_ALERT)
    entry, problems = AcknowledgementIn.check({"action_taken": action_taken, "remark": remark})
    if entry is None:
        raise Refused(problems)
    if by.user_id is None:
        raise Refused("Only a person can acknowledge an alert. Sign in first.")
    with writing() as session:
        alert = session.get(Alert, alert_id)
        if alert is None:
            raise Refused("This alert does not exist. Open it from the alerts page.")
        _refuse_over(alert, now)
        _refuse_twice(session, alert, now)
        _refuse_changed(session, alert, seen_level, seen_assessment_id, now)
        acknowledgement = Acknowledgement(
            alert_id=alert_id,
            by=by.user_id,
            at=now,
            level=seen_level,
            assessment_id=seen_assessment_id,
            action_taken=entry.action_taken.value,
            remark=entry.remark,
            expires_at=now + context.protocol().acknowledged_for(seen_level),
        )
        session.add(acknowledgement)
        alert.state = AlertState.ACKNOWLEDGED.value
        alert.updated_at = now
        session.add(alert)
        session.flush()
        append_event(
            session,
            at=now,
            by=by,
            action="acknowledge_alert",
            subject="alert",
            subject_id=alert_id,
            patient_id=alert.patient_id,
            detail=acknowledgement.model_dump(exclude={"id", "by", "alert_id"}),
        )
    wake_worker(context.settings())


def _refuse_over(alert: Alert, now: datetime) -> None:
    if alert.closed_at is None:
        return
    if alert.state == AlertState.RETRACTED:
        raise Refused(
            f"This alert was withdrawn at {when(alert.closed_at, now)}. Nothing is left to acknowledge."
        )
    raise Refused(f"This alert was closed at {when(alert.closed_at, now)}. Nothing is left to acknowledge.")


def _refuse_twice(session: Session, alert: Alert, now: datetime) -> None:
    if alert.state == AlertState.OPEN:
        return
    found = session.exec(
        select(User.display_name, Acknowledgement.at)
        .join(Acknowledgement, col(Acknowledgement.by) == col(User.id))
        .where(Acknowledgement.alert_id == alert.id)
        .order_by(col(Acknowledgement.id).desc())
        .limit(1)
    ).one()
    name, at = found
    raise AlreadyRecorded(f"Already acknowledged by {name} at {when(at, now)} for grade {alert.level}.")


def _refuse_changed(
    session: Session, alert: Alert, seen_level: int, seen_assessment_id: int, now: datetime
) -> None:
    if seen_level != alert.level:
        raise Refused(
            f"This alert changed at {when(alert.updated_at, now)}: it is now grade {alert.level}, "
            f"and you saw grade {seen_level}. Read it again, then acknowledge it."
        )
    seen = session.get(Assessment, seen_assessment_id)
    member = (
        seen
        and session.exec(
            select(AlertAssessment.id).where(
                AlertAssessment.alert_id == alert.id, AlertAssessment.assessment_stable_id == seen.stable_id
            )
        ).first()
    )
    if seen is not None and member is not None and seen.superseded_at is None:
        return
    changed = "" if seen is None or seen.superseded_at is None else f" at {when(seen.superseded_at, now)}"
    raise Refused(f"The entry behind this alert was corrected{changed}. Read it again, then acknowledge it.")
