"""What the alerts page reads: every alert, why it stands, who was told, what the relay said, who answered."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, select
from sqlmodel import Session, col

from db.models import (
    Acknowledgement,
    Alert,
    AlertAssessment,
    Assessment,
    Delivery,
    DeliveryAttempt,
    Grade,
    Infusion,
    Notice,
    Patient,
    Recipient,
    User,
)
from db.queries.charted_entries import StoredGrade, stored_grade
from grading.scale import Toxicity

LIVE: Final = ("open", "acknowledged", "recovering")


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert as stored. `slot` is the toxicity; patient and infusion are None where it has none."""

    id: int
    signal: str
    slot: str
    state: str
    historical: bool
    level: int
    urgency: int
    opened_at: datetime
    first_observed_at: datetime
    closed_at: datetime | None
    ended_reason: str | None
    study_code: str | None
    number: int | None
    infused_at: datetime | None

    @property
    def live(self) -> bool:
        """Whether somebody still has to look."""
        return self.state in LIVE

    @property
    def scale(self) -> Toxicity | None:
        """The toxicity, or None for an alert of another kind."""
        return Toxicity(self.slot) if self.slot in set(Toxicity) else None


@dataclass(frozen=True, slots=True)
class Member:
    """The version that stands today of one assessment of an alert's episode, with the alert's grade."""

    assessment_id: int
    stable_id: str
    version: int
    assessed_at: datetime
    entered_at: datetime
    grade: StoredGrade


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to send, and what the mail server said."""

    at: datetime
    outcome: str
    reply: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """One notice to one recipient."""

    notice_id: int
    kind: str
    noticed_at: datetime
    level: int | None
    name: str
    address: str
    group: str
    state: str
    sent_at: datetime | None
    due_at: datetime
    reply: str | None
    last_error: str | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody's acknowledgement, and how long it holds."""

    at: datetime
    by: str
    level: int
    action_taken: str
    remark: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AlertStory:
    """One alert with everything that belongs to it, each in time order."""

    alert: AlertRow
    members: tuple[Member, ...]
    told: tuple[Told, ...]
    answers: tuple[Answer, ...]

    @property
    def shown(self) -> Member | None:
        """The assessment the alert is shown by: the latest of those with the highest proved grade."""
        return max(self.members, key=lambda one: (one.grade.at_least, one.assessed_at), default=None)

    @property
    def latest(self) -> Member | None:
        """The last assessment of the episode."""
        return self.members[-1] if self.members else None

    def answer_that_holds(self, now: datetime) -> Answer | None:
        """The newest acknowledgement that covers today's grade and has not lapsed."""
        holding = [one for one in self.answers if one.level >= self.alert.level and now < one.expires_at]
        return holding[-1] if holding else None


def list_alerts(session: Session) -> list[AlertRow]:
    """Every alert, the newest first."""
    query = (
        select(
            *_ALERT_COLUMNS,
            col(Patient.study_code),
            col(Infusion.number),
            col(Infusion.infused_at),
        )
        .outerjoin(Patient, col(Patient.id) == col(Alert.patient_id))
        .outerjoin(Infusion, col(Infusion.id) == col(Alert.infusion_id))
        .order_by(col(Alert.opened_at).desc(), col(Alert.id).desc())
    )
    return [AlertRow(**row) for row in session.connection().execute(query).mappings()]


def load_stories(session: Session, alerts: Collection[AlertRow]) -> dict[int, AlertStory]:
    """What belongs to these alerts, by alert id, in a fixed number of queries."""
    ids = [alert.id for alert in alerts]
    members = _members(session, ids)
    told = _told(session, ids)
    answers = _answers(session, ids)
    return {
        alert.id: AlertStory(
            alert,
            members=tuple(members[alert.id]),
            told=tuple(told[alert.id]),
            answers=tuple(answers[alert.id]),
        )
        for alert in alerts
    }


_ALERT_COLUMNS: Final = (
    col(Alert.id),
    col(Alert.signal),
    col(Alert.slot),
    col(Alert.state),
    col(Alert.historical),
    col(Alert.level),
    col(Alert.urgency),
    col(Alert.opened_at),
    col(Alert.first_observed_at),
    col(Alert.closed_at),
    col(Alert.ended_reason),
)


def _members(session: Session, alert_ids: Collection[int]) -> defaultdict[int, list[Member]]:
    query = (
        select(
            col(AlertAssessment.alert_id),
            col(Assessment.id).label("version_id"),
            col(Assessment.stable_id),
            col(Assessment.version),
            col(Assessment.assessed_at),
            col(Assessment.entered_at),
            *(getattr(Grade, name) for name in ("scale", "grade", "at_least", "missing", "reasons")),
            *(getattr(Grade, name) for name in ("notes", "ruleset")),
        )
        .join(Alert, col(Alert.id) == col(AlertAssessment.alert_id))
        .join(Assessment, col(Assessment.stable_id) == col(AlertAssessment.assessment_stable_id))
        .join(Grade, col(Grade.assessment_id) == col(Assessment.id))
        .where(
            col(AlertAssessment.alert_id).in_(alert_ids),
            col(Assessment.superseded_at).is_(None),
            col(Assessment.status) == "recorded",
            col(Grade.superseded_at).is_(None),
            col(Grade.scale) == col(Alert.slot),
        )
        .order_by(col(Assessment.assessed_at))
    )
    return _grouped((row["alert_id"], _member(row)) for row in session.connection().execute(query).mappings())


def _member(row: RowMapping) -> Member:
    return Member(
        assessment_id=row["version_id"],
        stable_id=row["stable_id"],
        version=row["version"],
        assessed_at=row["assessed_at"],
        entered_at=row["entered_at"],
        grade=stored_grade(row),
    )


def _told(session: Session, alert_ids: Collection[int]) -> defaultdict[int, list[Told]]:
    query: Any = (
        select(
            col(Notice.alert_id),
            col(Notice.id).label("notice_id"),
            col(Notice.kind),
            col(Notice.created_at).label("noticed_at"),
            col(Notice.level),
            col(Delivery.id).label("delivery_id"),
            col(Delivery.name),
            col(Delivery.address),
            col(Recipient.group).label("group"),
            col(Delivery.state),
            col(Delivery.sent_at),
            col(Delivery.due_at),
            col(Delivery.reply),
            col(Delivery.last_error),
        )
        .join(Delivery, col(Delivery.notice_id) == col(Notice.id))
        .join(Recipient, col(Recipient.id) == col(Delivery.recipient_id))
        .where(col(Notice.alert_id).in_(alert_ids))
        .order_by(col(Notice.id), col(Delivery.id))
    )
    rows = [dict(row) for row in session.connection().execute(query).mappings()]
    attempts = _attempts(session, [row["delivery_id"] for row in rows])
    return _grouped(
        (row.pop("alert_id"), Told(attempts=tuple(attempts[row.pop("delivery_id")]), **row)) for row in rows
    )


def _attempts(session: Session, delivery_ids: Collection[int]) -> defaultdict[int, list[Attempt]]:
    query = (
        select(
            col(DeliveryAttempt.delivery_id),
            col(DeliveryAttempt.at),
            col(DeliveryAttempt.outcome),
            col(DeliveryAttempt.reply),
        )
        .where(col(DeliveryAttempt.delivery_id).in_(delivery_ids))
        .order_by(col(DeliveryAttempt.id))
    )
    rows = session.connection().execute(query)
    return _grouped((delivery_id, Attempt(at, outcome, reply)) for delivery_id, at, outcome, reply in rows)


def _answers(session: Session, alert_ids: Collection[int]) -> defaultdict[int, list[Answer]]:
    query: Any = (
        select(
            col(Acknowledgement.alert_id),
            col(Acknowledgement.at),
            col(User.display_name).label("by"),
            col(Acknowledgement.level),
            col(Acknowledgement.action_taken),
            col(Acknowledgement.remark),
            col(Acknowledgement.expires_at),
        )
        .join(User, col(User.id) == col(Acknowledgement.by))
        .where(col(Acknowledgement.alert_id).in_(alert_ids))
        .order_by(col(Acknowledgement.id))
    )
    rows = [dict(row) for row in session.connection().execute(query).mappings()]
    return _grouped((row.pop("alert_id"), Answer(**row)) for row in rows)


def _grouped(pairs: Iterable[tuple[int, Any]]) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found
