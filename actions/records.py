"""The versioned records of the trial: how one is stored, corrected and withdrawn inside an action.

The actions judge what may be entered and by whom; this is what all of them write alike. Every function works
inside the caller's `writing()` session and appends one audit event.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import uuid4

from sqlalchemy import RowMapping, update
from sqlmodel import Session

from actions.errors import AlreadyRecorded, ChangedMeanwhile, Refused
from actions.rows import insert_row
from actions.words import author, when
from db.audit import append_event
from db.queries.records import content_columns, load_current, table_of
from db.roles import Actor


def store_record(
    session: Session,
    table: str,
    patient_id: int,
    values: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
    action: str,
) -> str:
    """Store the first version of a record; returns its stable id. `action` names the audit event."""
    stable_id = uuid4().hex
    content = plain(values)
    insert_row(
        session,
        table_of(table),
        content
        | {
            "stable_id": stable_id,
            "version": 1,
            "patient_id": patient_id,
            "voided": False,
            "entered_by": by.user_id,
            "entered_at": now,
        },
    )
    detail = {"version": 1, "before": None, "after": recorded_only(content)}
    _audit(session, table, action, stable_id, patient_id, detail, by, now)
    return stable_id


def standing_version(
    session: Session, table: str, stable_id: str, version: int, yours: Mapping[str, Any], now: datetime
) -> RowMapping:
    """The record that stands, if it is the version the person saw.

    Raises:
        Refused: there is no such record.
        ChangedMeanwhile: somebody was first; it names the values on both sides.
    """
    stored = load_current(session, table, stable_id)
    if stored is None:
        raise Refused("This record is not known. Reload the page and choose again.")
    if stored["version"] == version and not stored["voided"]:
        return stored
    done = "Withdrawn" if stored["voided"] else "Changed"
    mine = plain(yours)
    differing = [name for name in mine if stored[name] != mine[name]]
    raise ChangedMeanwhile(
        f"{done} by {author(stored)} at {when(stored['entered_at'], now)}. Nothing of yours was saved.",
        theirs={name: stored[name] for name in differing},
        yours={name: mine[name] for name in differing},
    )


def correct_record(
    session: Session,
    table: str,
    stored: RowMapping,
    changes: Mapping[str, Any],
    reason: str,
    *,
    by: Actor,
    now: datetime,
    action: str,
) -> int:
    """Write the next version of `stored` (from `standing_version`); returns its number.

    Raises AlreadyRecorded when nothing would change.
    """
    after = plain(changes)
    if all(stored[name] == value for name, value in after.items()):
        raise AlreadyRecorded("These values are already recorded; nothing was changed.")
    return _write_next(session, table, stored, after, reason, False, by, now, action)


def void_record(
    session: Session, table: str, stored: RowMapping, reason: str, *, by: Actor, now: datetime, action: str
) -> int:
    """Withdraw a record for a reason; returns the new version."""
    return _write_next(session, table, stored, {}, reason, True, by, now, action)


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as a table keeps them: an enum by its word."""
    return {name: value.value if isinstance(value, Enum) else value for name, value in values.items()}


def recorded_only(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that were recorded, for the audit trail."""
    return {name: value for name, value in values.items() if value is not None}


def _write_next(
    session: Session,
    table: str,
    stored: RowMapping,
    changes: Mapping[str, Any],
    reason: str,
    voided: bool,
    by: Actor,
    now: datetime,
    action: str,
) -> int:
    rows = table_of(table)
    before = {name: stored[name] for name in content_columns(table)}
    version = int(stored["version"]) + 1
    session.connection().execute(update(rows).where(rows.c.id == stored["id"]).values(superseded_at=now))
    insert_row(
        session,
        rows,
        before
        | dict(changes)
        | {
            "stable_id": stored["stable_id"],
            "version": version,
            "patient_id": stored["patient_id"],
            "reason": reason,
            "voided": voided,
            "entered_by": by.user_id,
            "entered_at": now,
        },
    )
    detail = {
        "version": version,
        "reason": reason,
        "before": {name: before[name] for name in changes} if changes else recorded_only(before),
        "after": None if voided else dict(changes),
    }
    _audit(session, table, action, stored["stable_id"], stored["patient_id"], detail, by, now)
    return version


def _audit(
    session: Session,
    table: str,
    action: str,
    stable_id: str,
    patient_id: int,
    detail: Mapping[str, Any],
    by: Actor,
    now: datetime,
) -> None:
    append_event(
        session,
        at=now,
        by=by,
        action=action,
        subject=table,
        subject_id=stable_id,
        patient_id=patient_id,
        detail=detail,
    )
