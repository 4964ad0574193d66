"""The report of a serious event: made in frozen versions, entered as sent to somebody, or withdrawn again."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, select
from sqlmodel import Session

from actions import context
from actions.errors import AlreadyRecorded, ChangedMeanwhile, Refused, RefusedField
from actions.event_alerts import reconcile_events
from actions.permissions import Action, require
from actions.rows import insert_row
from actions.signatures import record_hash
from actions.versions import read_reason
from actions.words import on_day
from alerts.outbox import wake_worker
from db.audit import append_event
from db.inputs_event import NotificationIn
from db.models import Record
from db.queries.events import EVENTS
from db.queries.records import load_current
from db.readers import FreeText, Unreadable, is_blank
from db.roles import Actor
from db.session import writing

_NOTIFICATIONS: Final = Record.metadata.tables["sae_notification"]
_REPORTS: Final = Record.metadata.tables["sae_report"]
_WITHDRAWALS: Final = Record.metadata.tables["sae_notification_withdrawal"]
WHY_WITHDRAWN: Final = "Say why the report is withdrawn, such as: it was never sent."
_NARRATIVE: Final = FreeText("What happened", 20_000, lines=True)


@dataclass(frozen=True, slots=True)
class NewReport:
    """A version of a report, ready to be kept; made by `reports.sae` from what stood a moment ago.

    event_version  the version of the event that it was made from
    version        its own number
    """

    event_stable_id: str
    event_version: int
    patient_id: int
    version: int
    content: Mapping[str, Any]
    pdf: bytes


def keep_report(new: NewReport, *, by: Actor, now: datetime) -> int:
    """Keep a version of a report for good: its content, its file, the SHA-256 of both; returns the row id.

    Raises:
        AlreadyRecorded: the last version has the same content.
        ChangedMeanwhile: the event changed, or another version was kept, while this one was made.
        Refused: the narrative is missing or too long.
    """
    require(by, Action.REPORT_SAE)
    _refuse_narrative(new.content["narrative"])
    content_hash = record_hash(new.content)
    with writing() as session:
        _refuse_stale(session, new)
        _refuse_unchanged(session, new, content_hash)
        values = {
            "event_stable_id": new.event_stable_id,
            "patient_id": new.patient_id,
            "version": new.version,
            "content": dict(new.content),
            "content_hash": content_hash,
            "pdf": new.pdf,
            "pdf_sha256": hashlib.sha256(new.pdf).hexdigest(),
            "made_by": by.user_id,
            "made_at": now,
        }
        row_id = insert_row(session, _REPORTS, values)
        told = ("event_stable_id", "version", "content_hash", "pdf_sha256")
        append_event(
            session,
            at=now,
            by=by,
            action="make_sae_report",
            subject="sae_report",
            subject_id=row_id,
            patient_id=new.patient_id,
            detail={name: values[name] for name in told},
        )
        return row_id


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
        reconcile_events(session, stored["patient_id"], by=by, now=now)
    wake_worker(context.settings())
    return row_id


def withdraw_notification(notification_id: int, reason: str | None, *, by: Actor, now: datetime) -> None:
    """Withdraw a report to somebody that was entered by mistake, for a reason.

    Where no other report stands the event's clock runs again from the awareness, and its alert opens again.

    Raises:
        AlreadyRecorded: it was withdrawn before.
        Refused: no reason, or the report is not known.
    """
    require(by, Action.REPORT_SAE)
    why = read_reason(reason, WHY_WITHDRAWN)
    with writing() as session:
        stored = _standing_notification(session, notification_id)
        values = {"notification_id": notification_id, "reason": why, "by": by.user_id, "at": now}
        insert_row(session, _WITHDRAWALS, values)
        append_event(
            session,
            at=now,
            by=by,
            action="withdraw_sae_notification",
            subject="sae_notification",
            subject_id=notification_id,
            patient_id=stored["patient_id"],
            detail=values | {"event_stable_id": stored["event_stable_id"]},
        )
        reconcile_events(session, stored["patient_id"], by=by, now=now)
    wake_worker(context.settings())


def _standing_notification(session: Session, notification_id: int) -> RowMapping:
    query = (
        select(_NOTIFICATIONS, _WITHDRAWALS.c.at.label("withdrawn_at"))
        .outerjoin(_WITHDRAWALS, _WITHDRAWALS.c.notification_id == _NOTIFICATIONS.c.id)
        .where(_NOTIFICATIONS.c.id == notification_id)
    )
    stored = session.connection().execute(query).mappings().first()
    if stored is None:
        raise Refused("This report is not known. Reload the page and choose again.")
    if stored["withdrawn_at"] is not None:
        raise AlreadyRecorded(f"This report was withdrawn at {on_day(stored['withdrawn_at'])}.")
    return stored


def _refuse_narrative(narrative: str | None) -> None:
    if is_blank(narrative):
        sentence = "Tell what happened, in a few sentences, by study code and never a name."
        raise Refused([RefusedField("narrative", narrative, sentence)])
    try:
        _NARRATIVE(narrative)
    except Unreadable as unreadable:
        raise Refused([RefusedField("narrative", narrative, str(unreadable))]) from unreadable


def _refuse_stale(session: Session, new: NewReport) -> None:
    event = load_current(session, EVENTS, new.event_stable_id)
    latest = _latest(session, new.event_stable_id)
    if event is None or event["voided"] or event["version"] != new.event_version:
        raise ChangedMeanwhile("The event was changed meanwhile. Make the report again.", theirs={}, yours={})
    if new.version != (1 if latest is None else latest["version"] + 1):
        raise ChangedMeanwhile("A version of this report was made meanwhile.", theirs={}, yours={})


def _refuse_unchanged(session: Session, new: NewReport, content_hash: str) -> None:
    latest = _latest(session, new.event_stable_id)
    if latest is not None and latest["content_hash"] == content_hash:
        raise AlreadyRecorded(f"Version {latest['version']} says all of this already; no new one is needed.")


def _latest(session: Session, event_stable_id: str) -> RowMapping | None:
    query = (
        select(_REPORTS.c.version, _REPORTS.c.content_hash)
        .where(_REPORTS.c.event_stable_id == event_stable_id)
        .order_by(_REPORTS.c.version.desc())
        .limit(1)
    )
    return session.connection().execute(query).mappings().first()


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
