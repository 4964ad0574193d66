"""The answers to an alert: a named, signed-in investigator acknowledges it, or silences it for some hours."""

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select

from actions import context
from actions.errors import AlreadyRecorded, Refused, RefusedField
from actions.permissions import Action, require
from actions.words import when
from alerts.answers import answers_to
from alerts.holding import holds_for
from alerts.model import SignalKind
from alerts.outbox import wake_worker
from alerts.states import AlertState
from db.audit import append_event
from db.inputs_alerts import AcknowledgementIn, ActionTaken, SilenceIn
from db.models import Acknowledgement, Alert, AlertAssessment, Assessment, Silence, User
from db.roles import Actor
from db.session import writing

SILENT_AT_MOST: Final = timedelta(hours=24)
"""The longest silence of an alert."""

NEVER_SILENT: Final = 1
"""Alerts of this urgency cannot be silenced."""

_NO_PERSON: Final = "Only a person can {} an alert. Sign in first."


def acknowledge_alert(
    alert_id: int,
    seen_level: int,
    seen_assessment_id: int | None,
    action_taken: str,
    remark: str | None = None,
    *,
    by: Actor,
    now: datetime,
    seen_urgency: int | None = None,
) -> None:
    """Record that the person has seen the alert at this grade, in this version of the entry, and acted.

    It holds for the protocol's hours, and never for a higher grade than the one seen. An alert without
    assessments (as of what was missed, a stopping rule or the program) is at grade 0 and was seen in no
    version: None.
    `seen_urgency` is the urgency that was shown; without it a rise of the urgency alone is not noticed.

    Raises:
        NotPermitted: the role may not acknowledge.
        AlreadyRecorded: somebody has acknowledged it already.
        Refused: the alert is over, it has changed since it was shown, or what was done is no answer to it.
    """
    require(by, Action.ACKNOWLEDGE_ALERT)
    entry, problems = AcknowledgementIn.check({"action_taken": action_taken, "remark": remark})
    if entry is None:
        raise Refused(problems)
    if by.user_id is None:
        raise Refused(_NO_PERSON.format("acknowledge"))
    with writing() as session:
        alert = _alert(session, alert_id)
        _refuse_over(alert, now, "acknowledge")
        kind = SignalKind(alert.signal)
        _refuse_no_answer(kind, entry.action_taken)
        _refuse_twice(session, alert, now)
        _refuse_changed(alert, seen_level, seen_urgency, now)
        _refuse_corrected(session, alert, seen_assessment_id, now)
        acknowledgement = Acknowledgement(
            alert_id=alert_id,
            by=by.user_id,
            at=now,
            level=seen_level,
            assessment_id=seen_assessment_id,
            action_taken=entry.action_taken.value,
            remark=entry.remark,
            expires_at=now + holds_for(kind, seen_level, context.protocol()),
        )
        _keep(session, alert, acknowledgement, by, now)
    wake_worker(context.settings())


def _keep(session: Session, alert: Alert, acknowledgement: Acknowledgement, by: Actor, now: datetime) -> None:
    """Store the acknowledgement, the alert's new state and the audit event."""
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
        subject_id=acknowledgement.alert_id,
        patient_id=alert.patient_id,
        detail=acknowledgement.model_dump(exclude={"id", "by", "alert_id"}),
    )


def silence_alert(alert_id: int, reason: str | None, until: datetime, *, by: Actor, now: datetime) -> str:
    """Let an alert's next steps and repeats rest until then, for a reason; returns the sentence to show.

    News of the alert is told all the same, and a change to urgency 1 ends the silence. A later silence takes
    the place of an earlier one.

    Raises:
        NotPermitted: the role may not silence.
        Refused: no reason, an end that is past or more than 24 h ahead, an alert of urgency 1, one that is
            over, or one from imported history.
    """
    require(by, Action.SILENCE_ALERT)
    entry, problems = SilenceIn.check({"reason": reason, "until": until})
    if entry is None:
        raise Refused(problems)
    if by.user_id is None:
        raise Refused(_NO_PERSON.format("silence"))
    _refuse_end(entry.until, now)
    with writing() as session:
        alert = _alert(session, alert_id)
        _refuse_over(alert, now, "silence")
        if alert.historical:
            raise Refused("This alert comes from imported history: nobody is told of it, so nothing rests.")
        if alert.urgency <= NEVER_SILENT:
            raise Refused(f"An alert of urgency P{alert.urgency} cannot be silenced. Acknowledge it.")
        silence = Silence(alert_id=alert_id, by=by.user_id, at=now, until=entry.until, reason=entry.reason)
        session.add(silence)
        session.flush()
        append_event(
            session,
            at=now,
            by=by,
            action="silence_alert",
            subject="alert",
            subject_id=alert_id,
            patient_id=alert.patient_id,
            detail=silence.model_dump(exclude={"id", "by", "alert_id"}),
        )
    return f"Silenced until {when(entry.until, now)}. Nobody else is told until then, unless it becomes P1."


def _refuse_end(until: datetime, now: datetime) -> None:
    if now < until <= now + SILENT_AT_MOST:
        return
    latest = when(now + SILENT_AT_MOST, now)
    raise Refused(
        [
            RefusedField(
                "until", until, f"A silence must end within 24 h from now, by {latest}. Choose its end."
            )
        ]
    )


def _alert(session: Session, alert_id: int) -> Alert:
    alert = session.get(Alert, alert_id)
    if alert is None:
        raise Refused("This alert does not exist. Open it from the alerts page.")
    return alert


def _refuse_over(alert: Alert, now: datetime, verb: str) -> None:
    if alert.closed_at is None:
        return
    ended = "withdrawn" if alert.state == AlertState.RETRACTED else "closed"
    raise Refused(f"This alert was {ended} at {when(alert.closed_at, now)}. Nothing is left to {verb}.")


def _refuse_no_answer(kind: SignalKind, done: ActionTaken) -> None:
    """What is done at a bedside answers no alert of the trial."""
    answers = answers_to(kind)
    if done not in answers:
        words = " or ".join(f'"{one.label}"' for one in answers)
        sentence = f'"{done.label}" is no answer to this alert. Choose {words}.'
        raise Refused([RefusedField("action_taken", done.value, sentence)])


def _refuse_twice(session: Session, alert: Alert, now: datetime) -> None:
    if alert.state == AlertState.OPEN:
        return
    name, at = session.exec(
        select(User.display_name, Acknowledgement.at)
        .join(Acknowledgement, col(Acknowledgement.by) == col(User.id))
        .where(Acknowledgement.alert_id == alert.id)
        .order_by(col(Acknowledgement.id).desc())
        .limit(1)
    ).one()
    grade = f" for grade {alert.level}" if alert.level else ""
    raise AlreadyRecorded(f"Already acknowledged by {name} at {when(at, now)}{grade}.")


def _refuse_changed(alert: Alert, seen_level: int, seen_urgency: int | None, now: datetime) -> None:
    if seen_level != alert.level:
        is_now, seen = f"grade {alert.level}", f"grade {seen_level}"
    elif seen_urgency not in (None, alert.urgency):
        is_now, seen = f"of urgency P{alert.urgency}", f"P{seen_urgency}"
    else:
        return
    raise Refused(
        f"This alert changed at {when(alert.updated_at, now)}: it is now {is_now}, and you saw {seen}. "
        "Read it again, then acknowledge it."
    )


def _refuse_corrected(session: Session, alert: Alert, seen_assessment_id: int | None, now: datetime) -> None:
    """Refuse unless the version seen stands and is the alert's; an alert without any was seen in none."""
    members = session.exec(
        select(AlertAssessment.assessment_stable_id).where(AlertAssessment.alert_id == alert.id)
    ).all()
    if not members and seen_assessment_id is None:
        return
    seen = session.get(Assessment, seen_assessment_id) if seen_assessment_id is not None else None
    if seen is not None and seen.stable_id in members and seen.superseded_at is None:
        return
    changed = "" if seen is None or seen.superseded_at is None else f" at {when(seen.superseded_at, now)}"
    raise Refused(f"The entry behind this alert was corrected{changed}. Read it again, then acknowledge it.")
