"""The report of a serious event: that it was made, in frozen versions, and that the event was reported."""

from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping
from sqlmodel import Session

from actions.errors import Refused, RefusedField
from actions.permissions import Action, require
from actions.rows import insert_row
from actions.words import on_day
from db.audit import append_event
from db.inputs_event import NotificationIn
from db.models import Record
from db.queries.events import EVENTS
from db.queries.records import load_current
from db.roles import Actor
from db.session import writing

_NOTIFICATIONS: Final = Record.metadata.tables["sae_notification"]
_REPORTS: Final = Record.metadata.tables["sae_report"]


def record_notification(stable_id: str, entry: NotificationIn, *, by: Actor, now: datetime) -> int:
    """Record that a serious event was reported, when and to whom; the first one stops its clock.

    Returns the row id. Raises Refused where the event is not serious, or the time cannot be.
    """
    require(by, Action.REPORT_SAE)
    with writing() as session:
        stored = load_current(session, EVENTS, stable_id)
        if stored is None or stored["voided"] or not stored["is_serious"]:
            raise Refused("This event is not recorded as serious. Reload the page and choose again.")
        _refuse_impossible_report(session, stored, entry, now)
        values = {
            "event_stable_id": stable_id,
            "patient_id": stored["patient_id"],
            "sae_report_id": entry.sae_report_id,
            "reported_at": entry.reported_at,
            "reported_to": entry.reported_to,
            "by": by.user_id,
            "at": now,
        }
        row_id = insert_row(session, _NOTIFICATIONS, values)
        append_event(
            session,
            at=now,
            by=by,
            action="report_serious_event",
            subject="sae_notification",
            subject_id=row_id,
            patient_id=stored["patient_id"],
            detail=values,
        )
        return row_id


def _refuse_impossible_report(
    session: Session, event: RowMapping, entry: NotificationIn, now: datetime
) -> None:
    if entry.reported_at > now:
        sentence = "The time of the report must not be in the future."
        raise Refused([RefusedField("reported_at", entry.reported_at, sentence)])
    if entry.reported_at < event["aware_at"]:
        sentence = (
            f"The report must not be before the site learned of the event, at {on_day(event['aware_at'])}."
        )
        raise Refused([RefusedField("reported_at", entry.reported_at, sentence)])
    if entry.sae_report_id is not None:
        query = _REPORTS.select().where(_REPORTS.c.id == entry.sae_report_id)
        row = session.connection().execute(query).mappings().first()
        if row is None or row["event_stable_id"] != event["stable_id"]:
            sentence = "Choose the version of this event's own report."
            raise Refused([RefusedField("sae_report_id", entry.sae_report_id, sentence)])
