"""The alerts of serious events, brought to what an action has just written, in the same transaction."""

from datetime import datetime

from sqlmodel import Session

from actions import context
from alerts.latched import reconcile_serious_events
from db.roles import Actor


def reconcile_events(session: Session, patient_id: int, *, by: Actor, now: datetime) -> None:
    """Open, end or take back the alerts of a patient's serious events; the caller wakes the worker."""
    reconcile_serious_events(
        session, patient_id, now=now, protocol=context.protocol(), by=by, settings=context.settings()
    )
