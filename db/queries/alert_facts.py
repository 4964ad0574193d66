"""What lies behind the alerts that only a person ends: the serious event, and who has released the bar."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlmodel import Session, col

from db.models import AdverseEvent, Alert, BarRelease, SaeNotification, User
from db.queries.sae import NOTIFICATION_STANDS


@dataclass(frozen=True, slots=True)
class EventBehind:
    """The serious event of an alert as it stands; `aware_at` None where it is not serious any more."""

    term: str
    grade: int
    criteria: tuple[str, ...]
    aware_at: datetime | None
    reported_at: datetime | None
    reported_to: str | None


@dataclass(frozen=True, slots=True)
class ReleasedBy:
    """One investigator's release of the patient's bar, and the grades it was signed under."""

    at: datetime
    by: str
    worst_crs: int
    worst_icans: int


def load_events_behind(session: Session, alert_ids: Collection[int]) -> dict[int, EventBehind]:
    """Alert -> its serious event."""
    query: Any = (
        select(
            col(Alert.id),
            col(AdverseEvent.term),
            col(AdverseEvent.grade),
            col(AdverseEvent.serious_criteria),
            col(AdverseEvent.aware_at),
            col(SaeNotification.reported_at),
            col(SaeNotification.reported_to),
        )
        .join(AdverseEvent, col(AdverseEvent.stable_id) == col(Alert.slot))
        .outerjoin(
            SaeNotification,
            and_(col(SaeNotification.event_stable_id) == col(AdverseEvent.stable_id), NOTIFICATION_STANDS),
        )
        .where(col(Alert.id).in_(alert_ids), col(AdverseEvent.superseded_at).is_(None))
        .order_by(col(SaeNotification.reported_at))
    )
    found: dict[int, EventBehind] = {}
    for alert_id, term, grade, criteria, aware_at, reported_at, reported_to in session.connection().execute(
        query
    ):
        words = tuple(one for one in (criteria or "").split(";") if one not in ("", "none"))
        # The first report counts.
        found.setdefault(alert_id, EventBehind(term, grade, words, aware_at, reported_at, reported_to))
    return found


def load_releases(session: Session, alert_ids: Collection[int]) -> defaultdict[int, list[ReleasedBy]]:
    """Alert of a bar -> the releases of its patient, the first first."""
    query: Any = (
        select(
            col(Alert.id),
            col(BarRelease.at),
            col(User.display_name),
            col(BarRelease.worst_crs),
            col(BarRelease.worst_icans),
        )
        .join(BarRelease, col(BarRelease.patient_id) == col(Alert.patient_id))
        .join(User, col(User.id) == col(BarRelease.by))
        .where(col(Alert.id).in_(alert_ids))
        .order_by(col(BarRelease.at), col(BarRelease.id))
    )
    found: defaultdict[int, list[ReleasedBy]] = defaultdict(list)
    for alert_id, *release in session.connection().execute(query):
        found[alert_id].append(ReleasedBy(*release))
    return found
