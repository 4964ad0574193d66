"""What the alerts page reads: every alert, the entries behind it, and its thread."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import RowMapping, and_, case, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from db.models import Alert, AlertAssessment, Assessment, Grade, Infusion, Patient
from db.queries.alert_facts import EventBehind, ReleasedBy, load_events_behind, load_releases
from db.queries.alert_thread import (
    Answer,
    Notified,
    Silenced,
    Told,
    grouped,
    load_answers,
    load_notices,
    load_silences,
    load_told,
)
from db.queries.charted_entries import StoredGrade, stored_grade
from grading.scale import Toxicity

LIVE: Final = ("open", "acknowledged", "recovering")
_STARTING: Final = ("opening", "worsened", "again", "lapsed")
"""The notices with which an alert becomes open."""
SUPPORT: Final = "support_ungraded"
UNSETTLED: Final = "unsettled"
RISE: Final = "rise2"
BARRED: Final = "barred"
SAE_CLOCK: Final = "sae_clock"

_CHARTED: Final = (
    "systolic_mmhg",
    "spo2_percent",
    "oxygen_device",
    "oxygen_l_per_min",
    "vasopressors",
    "iv_fluid_bolus",
    "hypotension",
    "hypoxia",
)
_RISEN_BY: Final = 2


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert as stored; patient and infusion are None where it is about the program itself.

    slot     the toxicity, the kind of due assessment, the part of the program, the key of a stopping rule,
             the stable id of a serious event, or empty
    counted  of a stopping rule the study codes whose events count, `;` between them
    """

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
    infusion_id: int | None
    updated_at: datetime
    counted: str | None = None

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
    charted: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """What was charted about pressure and oxygen, by column; only what was recorded."""


@dataclass(frozen=True, slots=True)
class Before:
    """The settled grade that a rise is measured against, and when it was observed."""

    grade: int
    at: datetime


@dataclass(frozen=True, slots=True)
class AlertStory:
    """One alert with everything that belongs to it, each in time order.

    unsettled  the last assessment of the course, of an alert that its grade stays open
    before     of a rise, what it rose from
    releases   of a bar, who has released it so far
    event      of a serious event, what is recorded of it
    """

    alert: AlertRow
    members: tuple[Member, ...]
    told: tuple[Told, ...]
    answers: tuple[Answer, ...]
    notices: tuple[Notified, ...] = ()
    silences: tuple[Silenced, ...] = ()
    unsettled: Member | None = None
    before: Before | None = None
    releases: tuple[ReleasedBy, ...] = ()
    event: EventBehind | None = None

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

    def silence_that_holds(self, now: datetime) -> Silenced | None:
        """The newest silence, while it lasts: until the alert became open anew; urgency 1 knows none."""
        newest = self.silences[-1] if self.silences else None
        if newest is None or now >= newest.until or self.alert.urgency == 1:
            return None
        anew = any(one.kind in _STARTING and one.at > newest.at for one in self.notices)
        return None if anew else newest


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


def load_stories(
    session: Session, alerts: Collection[AlertRow], *, rise_within: timedelta = timedelta(hours=24)
) -> dict[int, AlertStory]:
    """What belongs to these alerts, by alert id, in a fixed number of queries.

    rise_within  how long before a rise the grade may have been that it is measured against
    """
    ids = [alert.id for alert in alerts]
    members = _members(session, ids)
    told, notices = load_told(session, ids), load_notices(session, ids)
    answers, silences = load_answers(session, ids), load_silences(session, ids)
    unsettled = _last_entries(session, [one.id for one in alerts if one.signal == UNSETTLED and one.live])
    risen = [one.id for one in alerts if one.signal == RISE]
    before = _before(session, risen, members, rise_within) if risen else {}
    barred = [one.id for one in alerts if one.signal == BARRED]
    releases = load_releases(session, barred) if barred else {}
    serious = [one.id for one in alerts if one.signal == SAE_CLOCK]
    events = load_events_behind(session, serious) if serious else {}
    return {
        alert.id: AlertStory(
            alert,
            members=tuple(members[alert.id]),
            told=tuple(told[alert.id]),
            answers=tuple(answers[alert.id]),
            notices=tuple(notices[alert.id]),
            silences=tuple(silences[alert.id]),
            unsettled=unsettled.get(alert.id),
            before=before.get(alert.id),
            releases=tuple(releases.get(alert.id, ())),
            event=events.get(alert.id),
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
    col(Alert.infusion_id),
    col(Alert.updated_at),
    col(Alert.counted),
)
# Support that nobody has graded is about CRS.
_SCALE: Final[Any] = case((col(Alert.signal) == SUPPORT, Toxicity.CRS.value), else_=col(Alert.slot))
_ENTRY: Final[tuple[Any, ...]] = (
    col(Assessment.id).label("version_id"),
    col(Assessment.stable_id),
    col(Assessment.version),
    col(Assessment.assessed_at),
    col(Assessment.entered_at),
    *(getattr(Assessment, name) for name in _CHARTED),
    *(getattr(Grade, name) for name in ("scale", "grade", "at_least", "missing", "reasons")),
    *(getattr(Grade, name) for name in ("notes", "ruleset")),
)
_STANDS: Final = and_(
    col(Assessment.superseded_at).is_(None),
    col(Assessment.status) == "recorded",
    col(Grade.superseded_at).is_(None),
)


def _members(session: Session, alert_ids: Collection[int]) -> defaultdict[int, list[Member]]:
    query: Any = (
        select(col(AlertAssessment.alert_id), *_ENTRY)
        .join(Alert, col(Alert.id) == col(AlertAssessment.alert_id))
        .join(Assessment, col(Assessment.stable_id) == col(AlertAssessment.assessment_stable_id))
        .join(Grade, col(Grade.assessment_id) == col(Assessment.id))
        .where(
            col(AlertAssessment.alert_id).in_(alert_ids),
            _STANDS,
            or_(col(Grade.scale) == _SCALE, col(Alert.signal) == BARRED),
        )
        .order_by(col(Assessment.assessed_at), col(Assessment.id), col(Grade.at_least))
    )
    # Either toxicity bars: the worse grade of each assessment comes last, and stays.
    worst: dict[tuple[int, int], Member] = {}
    for row in session.connection().execute(query).mappings():
        worst[row["alert_id"], row["version_id"]] = _member(row)
    return grouped((alert_id, member) for (alert_id, _), member in worst.items())


def _last_entries(session: Session, alert_ids: Collection[int]) -> dict[int, Member]:
    """Alert -> the last assessment of its course, with the grade the alert is about."""
    if not alert_ids:
        return {}
    other = aliased(Assessment)
    last = (
        select(func.max(col(other.assessed_at)))
        .where(
            col(other.infusion_id) == col(Alert.infusion_id),
            col(other.superseded_at).is_(None),
            col(other.status) == "recorded",
        )
        .scalar_subquery()
    )
    query: Any = (
        select(col(Alert.id).label("alert_id"), *_ENTRY)
        .join(Assessment, col(Assessment.infusion_id) == col(Alert.infusion_id))
        .join(Grade, col(Grade.assessment_id) == col(Assessment.id))
        .where(
            col(Alert.id).in_(alert_ids),
            _STANDS,
            col(Grade.scale) == col(Alert.slot),
            col(Assessment.assessed_at) == last,
        )
    )
    return {row["alert_id"]: _member(row) for row in session.connection().execute(query).mappings()}


def _before(
    session: Session,
    alert_ids: Collection[int],
    members: Mapping[int, list[Member]],
    within: timedelta,
) -> dict[int, Before]:
    """Alert -> the last settled grade, lower by two, before the first assessment of the rise."""
    query: Any = (
        select(col(Alert.id).label("alert_id"), col(Assessment.assessed_at), col(Grade.grade))
        .join(Assessment, col(Assessment.infusion_id) == col(Alert.infusion_id))
        .join(Grade, col(Grade.assessment_id) == col(Assessment.id))
        .where(
            col(Alert.id).in_(alert_ids),
            _STANDS,
            col(Grade.scale) == col(Alert.slot),
            col(Grade.grade).is_not(None),
        )
        .order_by(col(Assessment.assessed_at))
    )
    found: dict[int, Before] = {}
    for alert_id, at, grade in session.connection().execute(query):
        rise = next(iter(members.get(alert_id, ())), None)
        if (
            rise is not None
            and rise.assessed_at - within <= at < rise.assessed_at
            and grade + _RISEN_BY <= rise.grade.at_least
        ):
            found[alert_id] = Before(grade, at)
    return found


def _member(row: RowMapping) -> Member:
    return Member(
        assessment_id=row["version_id"],
        stable_id=row["stable_id"],
        version=row["version"],
        assessed_at=row["assessed_at"],
        entered_at=row["entered_at"],
        grade=stored_grade(row),
        charted={name: row[name] for name in _CHARTED if row[name] is not None},
    )
