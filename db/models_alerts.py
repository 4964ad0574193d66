"""Alerts and the outbox: episodes, notices, deliveries, acknowledgements. Import them from `db.models`."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint, text
from sqlmodel import Field

from db.columns import Record, UtcDateTime, both_or_neither, one_of, rule, short, whole, yes_no

ALERT_STATES = ("open", "acknowledged", "recovering", "closed", "retracted")
NOTICE_KINDS = (
    "opening",
    "worsened",
    "recovery",
    "amendment",
    "retraction",
    "death",
    "again",
    "late",
    "historical_digest",
    "digest",
    "test",
    "repeat",
    "escalation",
    "lapsed",
    "attempt",
)
DELIVERY_STATES = ("pending", "claimed", "sent", "failed", "unknown")
ACTIONS_TAKEN = (
    "seen_at_bedside",
    "drug_given",
    "intensive_care_called",
    "informed",
    "committee_called",
    "will_report",
    "other",
)

_LIVE = text("state IN ('open', 'acknowledged', 'recovering')")
_LIVE_OF_THE_PROGRAM = text(f"infusion_id IS NULL AND {_LIVE.text}")
_WAITING = text("state IN ('pending', 'claimed', 'unknown')")


class Alert(Record, table=True):
    """One episode of one signal; at most one live alert per infusion, signal and slot.

    An alert of the program itself or of a stopping rule has no patient and no infusion, one of a serious
    event no infusion. `counted` are the study codes whose events a stopping rule counted, else NULL.
    """

    __table_args__ = (
        Index(
            "uq_alert_live",
            "infusion_id",
            "signal",
            "slot",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        Index(
            "uq_alert_live_of_the_program",
            "signal",
            "slot",
            unique=True,
            sqlite_where=_LIVE_OF_THE_PROGRAM,
            postgresql_where=_LIVE_OF_THE_PROGRAM,
        ),
        short("signal", 40),
        short("slot", 40, least=0),
        one_of("state", ALERT_STATES),
        yes_no("historical"),
        whole("level", 0, 5),
        whole("urgency", 1, 4),
        rule("closed_when_over", "(state IN ('closed', 'retracted')) = (closed_at IS NOT NULL)"),
        both_or_neither("closed_at", "ended_reason"),
        rule("infusion_of_a_patient", "infusion_id IS NULL OR patient_id IS NOT NULL"),
        rule("a_rule_counts", "(signal = 'boundary') = (counted IS NOT NULL)"),
    )

    id: int | None = Field(default=None, primary_key=True)
    patient_id: int | None = Field(default=None, foreign_key="patient.id", index=True)
    infusion_id: int | None = Field(default=None, foreign_key="infusion.id", index=True)
    signal: str
    slot: str = ""
    state: str = "open"
    historical: bool = False
    level: int
    urgency: int
    opened_at: datetime = Field(sa_type=UtcDateTime)
    first_observed_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_reason: str | None = None
    counted: str | None = None
    updated_at: datetime = Field(sa_type=UtcDateTime)


class AlertAssessment(Record, table=True):
    """An assessment (all its versions, by stable id) that belongs to an alert's episode."""

    __table_args__ = (UniqueConstraint("alert_id", "assessment_stable_id"),)

    id: int | None = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="alert.id")
    assessment_stable_id: str


class Notice(Record, table=True):
    """One message about an alert; `content` holds the template's allowed fields and nothing else."""

    __table_args__ = (
        one_of("kind", NOTICE_KINDS),
        whole("urgency", 1, 4),
        whole("level", 0, 5),
        whole("step", 0, 100),
    )

    id: int | None = Field(default=None, primary_key=True)
    alert_id: int | None = Field(default=None, foreign_key="alert.id", index=True)
    kind: str
    urgency: int
    level: int | None = None
    step: int = 0
    assessment_id: int | None = Field(default=None, foreign_key="assessment.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    content: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class Delivery(Record, table=True):
    """One notice to one recipient: the outbox. `message` is built once, before the first attempt."""

    __table_args__ = (
        UniqueConstraint("notice_id", "recipient_id"),
        Index("ix_delivery_waiting", "urgency", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        one_of("state", DELIVERY_STATES),
        whole("urgency", 1, 4),
        whole("attempts", 0, 1_000_000),
        both_or_neither("lease_until", "claimed_by"),
        rule("claimed_has_a_lease", "state <> 'claimed' OR lease_until IS NOT NULL"),
        rule("sent_has_a_time", "(state = 'sent') = (sent_at IS NOT NULL)"),
        rule("sent_was_built", "state <> 'sent' OR message IS NOT NULL"),
    )

    id: int | None = Field(default=None, primary_key=True)
    uid: str = Field(unique=True)
    notice_id: int = Field(foreign_key="notice.id")
    recipient_id: int = Field(foreign_key="recipient.id", index=True)
    name: str
    address: str
    urgency: int
    message: bytes | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    state: str = "pending"
    attempts: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    claimed_by: str | None = None
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reply: str | None = None
    last_error: str | None = None


class DeliveryAttempt(Record, table=True):
    """One attempt to send and what the mail server said. Append-only."""

    __table_args__ = (short("outcome", 40),)

    id: int | None = Field(default=None, primary_key=True)
    delivery_id: int = Field(foreign_key="delivery.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    outcome: str
    reply: str | None = None


class Acknowledgement(Record, table=True):
    """A named person saw an alert at a level, in the version shown, and did something. Append-only."""

    __table_args__ = (
        whole("level", 0, 5),
        one_of("action_taken", ACTIONS_TAKEN),
        short("remark", 2000),
        rule("expires_later", "expires_at > at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="alert.id", index=True)
    by: int = Field(foreign_key="user.id")
    at: datetime = Field(sa_type=UtcDateTime)
    level: int
    assessment_id: int | None = Field(default=None, foreign_key="assessment.id")
    action_taken: str
    remark: str | None = None
    expires_at: datetime = Field(sa_type=UtcDateTime)


class Silence(Record, table=True):
    """Repeats and escalation of an alert rest until a time, for a reason. Append-only."""

    __table_args__ = (
        short("reason", 2000),
        rule("ends_later", "until > at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="alert.id", index=True)
    by: int = Field(foreign_key="user.id")
    at: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    reason: str


class Receipt(Record, table=True):
    """A signed-in person confirmed that a test mail has arrived. Append-only."""

    __table_args__ = (UniqueConstraint("delivery_id"),)

    id: int | None = Field(default=None, primary_key=True)
    delivery_id: int = Field(foreign_key="delivery.id")
    by: int = Field(foreign_key="user.id")
    at: datetime = Field(sa_type=UtcDateTime)


class Heartbeat(Record, table=True):
    """The last sign of life of a process, by its name."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    at: datetime = Field(sa_type=UtcDateTime)
    detail: str = ""
