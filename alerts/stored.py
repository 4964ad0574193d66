"""The stored alerts: with the assessments they rest on, and what was told of each since it became open."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, RowMapping, and_, bindparam, select
from sqlmodel import Session, col

from alerts.escalation import Life
from alerts.model import SignalKind
from alerts.outbox import REFUSED_FOR_GOOD
from alerts.states import CALLING, STARTING, AlertState, NoticeKind, StoredAlert
from db.models import (
    Acknowledgement,
    Alert,
    AlertAssessment,
    Assessment,
    Delivery,
    Notice,
    Silence,
)


def load_alerts(session: Session, infusion_id: int) -> list[StoredAlert]:
    """Every alert of one infusion, with the assessments of its episode."""
    return _load_alerts(session, col(Alert.infusion_id) == infusion_id)


def load_program_alerts(session: Session) -> list[StoredAlert]:
    """The live alerts of the program itself: what is over there is never looked at again."""
    of_the_program = col(Alert.signal) == SignalKind.SYSTEM.value
    return _load_alerts(session, and_(of_the_program, col(Alert.closed_at).is_(None)))


def load_rule_alerts(session: Session) -> list[StoredAlert]:
    """Every alert of a stopping rule."""
    return _load_alerts(session, col(Alert.signal) == SignalKind.BOUNDARY.value)


def load_event_alerts(session: Session, patient_id: int) -> list[StoredAlert]:
    """Every alert of a serious event of one patient."""
    of_an_event = col(Alert.signal) == SignalKind.SAE_CLOCK.value
    return _load_alerts(session, and_(of_an_event, col(Alert.patient_id) == patient_id))


def load_lives(session: Session, alerts: Sequence[StoredAlert]) -> dict[int, Life]:
    """What was told of each of these alerts since it last became open, by alert id."""
    by_id = {alert.id: alert for alert in alerts}
    session.flush()
    connection = session.connection()
    told: defaultdict[int, list[_Told]] = defaultdict(list)
    for row in connection.execute(_TOLD, {"alerts": list(by_id)}):
        told[row.alert_id].append(_Told(row.id, row.kind, row.step, row.created_at))
    refused: defaultdict[int, set[int]] = defaultdict(set)
    for notice_id, recipient_id in connection.execute(_REFUSED, {"alerts": list(by_id)}):
        refused[notice_id].add(recipient_id)
    silent = {
        row.alert_id: (row.at, row.until) for row in connection.execute(_SILENCES, {"alerts": list(by_id)})
    }
    lives = ((alert.id, _life(told[alert.id], refused, alert, silent.get(alert.id))) for alert in alerts)
    return {alert_id: life for alert_id, life in lives if life is not None}


def version_to_acknowledge(session: Session, alert_id: int) -> int | None:
    """The version that a page shows and `acknowledge_alert` is told: the newest assessment's current one.

    None for an alert without assessments.
    """
    query = (
        select(col(Assessment.id))
        .join(AlertAssessment, col(AlertAssessment.assessment_stable_id) == col(Assessment.stable_id))
        .where(col(AlertAssessment.alert_id) == alert_id, col(Assessment.superseded_at).is_(None))
        .order_by(col(Assessment.assessed_at).desc(), col(Assessment.id).desc())
        .limit(1)
    )
    return session.connection().execute(query).scalar_one_or_none()


def _load_alerts(session: Session, whose: ColumnElement[bool]) -> list[StoredAlert]:
    session.flush()
    connection = session.connection()
    rows = list(connection.execute(select(Alert.__table__).where(whose)).mappings())  # type: ignore[attr-defined]
    ids = [row["id"] for row in rows]
    if not ids:
        return []
    members: defaultdict[int, set[str]] = defaultdict(set)
    for alert_id, stable_id in connection.execute(
        select(col(AlertAssessment.alert_id), col(AlertAssessment.assessment_stable_id)).where(
            col(AlertAssessment.alert_id).in_(ids)
        )
    ):
        members[alert_id].add(stable_id)
    acknowledged: dict[int, datetime] = {}
    for alert_id, at in connection.execute(
        select(col(Acknowledgement.alert_id), col(Acknowledgement.at))
        .where(col(Acknowledgement.alert_id).in_(ids))
        .order_by(col(Acknowledgement.id))
    ):
        acknowledged[alert_id] = at
    return [_alert(row, frozenset(members[row["id"]]), acknowledged.get(row["id"])) for row in rows]


def _alert(row: RowMapping, members: frozenset[str], acknowledged_at: datetime | None) -> StoredAlert:
    if row["signal"] == SignalKind.BOUNDARY:
        members = frozenset(row["counted"].split(";")) - {"none"}  # as alerts.writing puts it
    return StoredAlert(
        id=row["id"],
        kind=SignalKind(row["signal"]),
        slot=row["slot"],
        state=AlertState(row["state"]),
        level=row["level"],
        urgency=row["urgency"],
        historical=row["historical"],
        members=members,
        opened_at=row["opened_at"],
        updated_at=row["updated_at"],
        acknowledged_at=acknowledged_at,
        ended_reason=row["ended_reason"],
        first_observed_at=row["first_observed_at"],
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """One notice of an alert that calls for an answer."""

    notice_id: int
    kind: str
    step: int
    at: datetime


_TOLD: Final = (
    select(col(Notice.alert_id), col(Notice.id), col(Notice.kind), col(Notice.step), col(Notice.created_at))
    .where(
        col(Notice.alert_id).in_(bindparam("alerts", expanding=True)),
        col(Notice.kind).in_([kind.value for kind in CALLING]),
    )
    .order_by(col(Notice.id))
)
_REFUSED: Final = (
    select(col(Delivery.notice_id), col(Delivery.recipient_id))
    .join(Notice, col(Notice.id) == col(Delivery.notice_id))
    .where(col(Notice.alert_id).in_(bindparam("alerts", expanding=True)), REFUSED_FOR_GOOD)
)
_SILENCES: Final = (
    select(col(Silence.alert_id), col(Silence.at), col(Silence.until))
    .where(col(Silence.alert_id).in_(bindparam("alerts", expanding=True)))
    .order_by(col(Silence.id))
)


def _life(
    told: Sequence[_Told],
    refused: Mapping[int, set[int]],
    alert: StoredAlert,
    silence: tuple[datetime, datetime] | None,
) -> Life | None:
    """None where the alert was never open: then nothing is expected of anyone.

    A silence ends when the alert becomes open anew: it was given for what was known then. A recipient who was
    refused at an earlier step takes the alert no further a second time.
    """
    started = max((index for index, one in enumerate(told) if one.kind in STARTING), default=None)
    if started is None:
        return None
    since = told[started:]
    reached = max(one.step for one in since)
    return Life(
        # A clock set back behind the opening: it counts from when that was noticed.
        open_since=min(since[0].at, alert.updated_at),
        reached=reached,
        refused=bool(_refused_at(since, refused, reached)),
        told_at=since[-1].at,
        repeats=sum(one.kind == NoticeKind.REPEAT for one in since),
        silent_until=None if silence is None or silence[0] < since[0].at else silence[1],
        since=alert.first_observed_at if alert.kind is SignalKind.SAE_CLOCK else None,
        answered=alert.state is AlertState.ACKNOWLEDGED,
    )


def _refused_at(since: Sequence[_Told], refused: Mapping[int, set[int]], step: int) -> set[int]:
    """The recipients whose mail of this step was refused for good, and of no step before."""
    now, before = set[int](), set[int]()
    for one in since:
        (now if one.step == step else before).update(refused.get(one.notice_id, ()))
    return now - before
