"""Signatures: the password again, what it means, the printed name and time, bound to the record's hash.

The password is checked before the action opens its transaction (`check_signer`), because that takes a
noticeable part of a second; the signature is written inside it (`sign`), with the record it is about.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Final

from sqlmodel import Session, select

from actions.errors import Refused, RefusedField
from actions.passwords import is_password
from actions.permissions import ROLE_WORDS
from actions.rows import insert_row
from actions.sign_ins import count_wrong_attempt, refuse_while_throttled, throttle_of_one
from db.audit import append_event
from db.models import Record, User
from db.roles import SYSTEM, Actor
from db.session import reading

_SIGNATURES: Final = Record.metadata.tables["signature"]
_WRONG: Final = "The password is not right. Nothing was signed."
_BLANK: Final = "Enter your password to sign."


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody who has just given their password again; made by `check_signer` only."""

    actor: Actor


def check_signer(by: Actor, password: str, *, now: datetime) -> Signer:
    """Check the password of the person who signs; wrong ones count as wrong sign-ins do.

    Raises Refused with the sentence for the box `password`. The program itself cannot sign.
    """
    if by == SYSTEM or by.user_id is None:
        raise Refused("Only a person can sign.")
    if not password:
        raise Refused([RefusedField("password", None, _BLANK)])
    refuse_while_throttled(by.username, now)
    with reading() as session:
        user = session.exec(select(User).where(User.id == by.user_id)).first()
    if not is_password(password, user.password_hash if user is not None and user.is_active else None):
        count_wrong_attempt(by.username, now)
        raise Refused([RefusedField("password", None, _WRONG)])
    throttle_of_one.succeeded(by.username)
    return Signer(by)


def sign(
    session: Session,
    signer: Signer,
    *,
    subject: str,
    subject_id: int,
    meaning: str,
    record: Mapping[str, Any],
    now: datetime,
    patient_id: int | None = None,
) -> int:
    """Write a signature in the caller's transaction; returns its row id.

    subject, subject_id  the table and the row (the version) that is signed
    meaning              what it says, such as "I confirm that the patient is eligible"
    record               what is signed; its SHA-256 is kept with the signature
    """
    by = signer.actor
    values = {
        "subject": subject,
        "subject_id": subject_id,
        "meaning": meaning,
        "record_hash": record_hash(record),
        "signed_by": by.user_id,
        "printed_name": by.display_name,
        "role": ROLE_WORDS[by.role],
        "signed_at": now,
    }
    signature_id = insert_row(session, _SIGNATURES, values)
    append_event(
        session,
        at=now,
        by=by,
        action="sign",
        subject=subject,
        subject_id=subject_id,
        patient_id=patient_id,
        detail={"signature": signature_id, "meaning": meaning, "record_hash": values["record_hash"]},
    )
    return signature_id


def record_hash(record: Mapping[str, Any]) -> str:
    """SHA-256 of a record: its values as JSON with sorted keys, instants in UTC."""
    text = json.dumps(record, default=_plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    raise TypeError(f"A signed record cannot hold {value!r}.")
