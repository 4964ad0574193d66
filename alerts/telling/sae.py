"""The story of a serious event's report."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select

from alerts.states import Change
from alerts.telling.desk import Desk, load_of
from alerts.words.story import Course
from alerts.words.trial_stories import SaeStory
from db.models import AdverseEvent, Alert, Infusion, SaeNotification, SaeNotificationWithdrawal
from db.queries.sae import NOTIFICATION_STANDS
from trial.event_facts import SeriousCriterion


def sae_story(desk: Desk, change: Change, alert: Alert, common: dict[str, Any]) -> SaeStory:
    """The story of the event as it stands; where it is not serious any more, by the clock it had."""
    event = desk.session.exec(
        select(AdverseEvent).where(
            AdverseEvent.stable_id == change.slot, col(AdverseEvent.superseded_at).is_(None)
        )
    ).one()
    aware_at = event.aware_at or alert.first_observed_at
    return SaeStory(
        **common,
        study_code=desk.study_code,
        course=_course(desk, event),
        grade=event.grade,
        criteria=_criteria(event),
        onset_on=event.onset_on,
        aware_at=aware_at,
        due_at=aware_at + timedelta(hours=desk.protocol.sae.clock_hours),
        at=desk.now,
        reported_at=_reported_at(desk, event),
        unreported_at=_unreported_at(desk, event),
        withdrawn=event.voided,
        corrected_by=desk.by_words,
    )


def _course(desk: Desk, event: AdverseEvent) -> Course | None:
    infusion_id = desk.session.exec(
        select(Infusion.id).where(
            Infusion.patient_id == event.patient_id, Infusion.number == event.infusion_number
        )
    ).first()
    return None if infusion_id is None else load_of(desk.session, infusion_id)


def _criteria(event: AdverseEvent) -> tuple[SeriousCriterion, ...]:
    words = (event.serious_criteria or "none").split(";")
    return tuple(one for one in SeriousCriterion if one.value in words)


def _reported_at(desk: Desk, event: AdverseEvent) -> datetime | None:
    return desk.session.exec(
        select(SaeNotification.reported_at)
        .where(SaeNotification.event_stable_id == event.stable_id, NOTIFICATION_STANDS)
        .order_by(col(SaeNotification.reported_at))
        .limit(1)
    ).first()


def _unreported_at(desk: Desk, event: AdverseEvent) -> datetime | None:
    """When a report that had stopped the clock was last withdrawn."""
    return desk.session.exec(
        select(SaeNotificationWithdrawal.at)
        .join(SaeNotification, col(SaeNotification.id) == col(SaeNotificationWithdrawal.notification_id))
        .where(SaeNotification.event_stable_id == event.stable_id)
        .order_by(col(SaeNotificationWithdrawal.at).desc())
        .limit(1)
    ).first()
