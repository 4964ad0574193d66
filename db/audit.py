"""The audit trail: what happened, who did it, chained by SHA-256 so that a changed row shows.

Each event's hash covers its own fields and the hash of the event before. Events are appended inside the
transaction of what they tell of; `writing()` lets one transaction write at a time, so the chain never forks.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlmodel import Session, col, select

from db.models import AuditEvent
from db.roles import Actor
from failpoints import reach

GENESIS: Final = "0" * 64
"""What the first event follows."""

_FIELDS: Final = ("at", "user_id", "username", "action", "subject", "subject_id", "patient_id", "detail")


@dataclass(frozen=True, slots=True)
class ChainState:
    """What `verify_chain` found: the number of events and the newest hash, or where the chain breaks."""

    events: int
    last_hash: str
    broken_at_id: int | None = None

    @property
    def whole(self) -> bool:
        """Whether every event is as it was written."""
        return self.broken_at_id is None


def append_event(
    session: Session,
    *,
    at: datetime,
    by: Actor,
    action: str,
    subject: str,
    subject_id: int | str | None,
    patient_id: int | None = None,
    detail: Mapping[str, Any],
) -> AuditEvent:
    """Add one event to the transaction of `session`, which must come from `writing()`.

    `action` is a verb such as "record_assessment", `subject` a table, `detail` the values before and after
    (text, numbers, instants, dates, lists, sets), never a password or a code.
    """
    fields: dict[str, Any] = {
        "at": at,
        "user_id": by.user_id,
        "username": by.username,
        "action": action,
        "subject": subject,
        "subject_id": None if subject_id is None else str(subject_id),
        "patient_id": patient_id,
        "detail": json.loads(_canonical(detail)),
    }
    session.flush()
    previous = session.exec(select(AuditEvent.hash).order_by(col(AuditEvent.id).desc()).limit(1)).first()
    previous = previous or GENESIS
    event = AuditEvent(**fields, previous_hash=previous, hash=_hash_of(fields, previous))
    session.add(event)
    session.flush()
    reach("audit.after_event")
    return event


def verify_chain(session: Session) -> ChainState:
    """Recompute every hash from the first event on, and stop at the first that does not fit."""
    previous, events = GENESIS, 0
    columns = [getattr(AuditEvent, name) for name in (*_FIELDS, "id", "previous_hash", "hash")]
    rows = session.connection().execute(
        select(*columns).order_by(col(AuditEvent.id)).execution_options(yield_per=1000)
    )
    for row in rows.mappings():
        expected = _hash_of({name: row[name] for name in _FIELDS}, previous)
        if row["previous_hash"] != previous or row["hash"] != expected:
            return ChainState(events, previous, broken_at_id=row["id"])
        previous, events = expected, events + 1
    return ChainState(events, previous)


def _hash_of(fields: Mapping[str, Any], previous: str) -> str:
    return hashlib.sha256(f"{previous}\n{_canonical(fields)}".encode()).hexdigest()


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(
        value, default=_plain, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"An audit event's detail cannot hold {value!r}.")
