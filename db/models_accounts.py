"""Accounts, recipients of alerts, stored protocols and the audit trail. Import them from `db.models`."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field

from db.columns import Record, UtcDateTime, one_of, rule, short, yes_no
from db.roles import Group, Role


class User(Record, table=True):
    """A person with an account; `password_hash` is NULL until the one-time code was used."""

    __table_args__ = (
        short("username", 64),
        rule("username_lower_case", "username = lower(username)"),
        short("display_name", 100),
        one_of("role", Role),
        yes_no("is_active"),
    )

    id: int | None = Field(default=None, primary_key=True)
    username: str = Field(unique=True)
    display_name: str
    role: str
    password_hash: str | None = None
    is_active: bool = True
    created_at: datetime = Field(sa_type=UtcDateTime)
    created_by: int | None = Field(default=None, foreign_key="user.id")


class OneTimeCode(Record, table=True):
    """A code that makes the first administrator (`setup`) or lets a person set a password (`reset`)."""

    __table_args__ = (
        one_of("purpose", ("setup", "reset")),
        rule("reset_names_a_user", "(purpose = 'reset') = (user_id IS NOT NULL)"),
        rule("expires_later", "expires_at > created_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    purpose: str
    user_id: int | None = Field(default=None, foreign_key="user.id", index=True)
    code_hash: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LoginSession(Record, table=True):
    """A sign-in; only the hash of the cookie's token is stored."""

    __table_args__ = (rule("expires_later", "expires_at > created_at"),)

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", index=True)
    token_hash: str = Field(unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Recipient(Record, table=True):
    """An address that alerts go to while `valid_from` <= now < `valid_to`."""

    __table_args__ = (
        short("name", 100),
        short("address", 254, least=3),
        one_of("group", Group),
        rule("ends_after_it_began", "valid_to IS NULL OR valid_to >= valid_from"),
    )

    id: int | None = Field(default=None, primary_key=True)
    name: str
    address: str
    group: str
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_by: int | None = Field(default=None, foreign_key="user.id")
    created_at: datetime = Field(sa_type=UtcDateTime)


class ProtocolVersion(Record, table=True):
    """The text of each protocol file the program ever started with. Append-only."""

    id: int | None = Field(default=None, primary_key=True)
    hash: str = Field(unique=True)
    text: str
    stored_at: datetime = Field(sa_type=UtcDateTime)


class AuditEvent(Record, table=True):
    """One thing that happened, chained by hash to the one before. Append-only; written by `db.audit`."""

    __table_args__ = (short("hash", 64, least=64), short("previous_hash", 64, least=64))

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    user_id: int | None = Field(default=None, foreign_key="user.id")
    username: str
    action: str = Field(index=True)
    subject: str
    subject_id: str | None = None
    patient_id: int | None = Field(default=None, foreign_key="patient.id", index=True)
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    # Unique, so that two events can never both claim to follow the same one.
    previous_hash: str = Field(unique=True)
    hash: str = Field(unique=True)
