"""The alerts a board shows: those that are not over, who was told, and who answered for them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Row, bindparam, case, distinct, func, select
from sqlmodel import Session, col

from db.models import Acknowledgement, Alert, AlertAssessment, Assessment, Delivery, Grade, Notice, User

_LIVE = ("open", "acknowledged", "recovering")
_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)

# Made once: every refresh of every board asks these four.
_ALERTS: Final = select(
    col(Alert.id),
    col(Alert.infusion_id),
    col(Alert.slot),
    col(Alert.level),
    col(Alert.first_observed_at),
    col(Alert.opened_at),
    col(Alert.state),
    col(Alert.signal),
    col(Alert.urgency),
).where(col(Alert.state).in_(_LIVE), col(Alert.historical).is_(False), col(Alert.infusion_id).is_not(None))

# What is wrong with the program itself; every run of every page asks it.
_OF_THE_PROGRAM: Final = (
    select(col(Alert.slot), col(Alert.first_observed_at))
    .where(col(Alert.signal) == "system", col(Alert.infusion_id).is_(None), col(Alert.closed_at).is_(None))
    .order_by(col(Alert.urgency), col(Alert.first_observed_at))
)

# For each alert how many different people it goes to, and how many of them have a mail of it.
_TOLD: Final = (
    select(
        col(Notice.alert_id),
        func.count(distinct(col(Delivery.recipient_id))),
        func.count(distinct(case((col(Delivery.state) == "sent", col(Delivery.recipient_id))))),
    )
    .join(Delivery, col(Delivery.notice_id) == Notice.id)
    .where(col(Notice.alert_id).in_(_IDS))
    .group_by(col(Notice.alert_id))
)

# The alerts whose level is the settled grade of one of their assessments.
_SETTLED: Final = (
    select(col(Alert.id))
    .join(AlertAssessment, col(AlertAssessment.alert_id) == Alert.id)
    .join(Assessment, col(Assessment.stable_id) == AlertAssessment.assessment_stable_id)
    .join(Grade, col(Grade.assessment_id) == Assessment.id)
    .where(
        col(Alert.id).in_(_IDS),
        col(Assessment.superseded_at).is_(None),
        col(Grade.superseded_at).is_(None),
        col(Grade.scale) == Alert.slot,
        col(Grade.grade) == Alert.level,
    )
)

_ANSWERS: Final = (
    select(
        col(Acknowledgement.alert_id),
        col(Acknowledgement.at),
        col(User.display_name),
        col(Acknowledgement.level),
        col(Acknowledgement.expires_at),
    )
    .join(User, col(User.id) == Acknowledgement.by)
    .where(col(Acknowledgement.alert_id).in_(_IDS))
    .order_by(col(Acknowledgement.at))
)


@dataclass(frozen=True, slots=True)
class BoardAlert:
    """An alert of a patient that is not over.

    slot             the toxicity, the kind of due assessment, or empty
    level            the highest grade; 0 where the signal is not about one
    is_settled       whether the grade behind the level is settled
    recipients       how many people the newest of its urgent notices goes to, and `told` how many have it
    is_acknowledged  somebody answered for this level and the answer has not lapsed
    """

    alert_id: int
    infusion_id: int
    slot: str
    level: int
    is_settled: bool
    first_observed_at: datetime
    opened_at: datetime
    recipients: int
    told: int
    is_acknowledged: bool
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    signal: str = "grade3"
    urgency: int = 2


def load_board_alerts(session: Session, now: datetime) -> dict[int, list[BoardAlert]]:
    """Infusion -> its alerts that are not over. Alerts from an import of history are not shown."""
    connection = session.connection()
    rows: Sequence[Any] = connection.execute(_ALERTS).all()
    if not rows:
        return {}
    ids = {"ids": [row[0] for row in rows]}
    told = {row[0]: (row[1], row[2]) for row in connection.execute(_TOLD, ids)}
    settled = set(connection.execute(_SETTLED, ids).scalars())
    # By time, so that the newest acknowledgement of each alert stays.
    answers: dict[int, _Answer] = {
        row[0]: (row[1], row[2], row[3], row[4]) for row in connection.execute(_ANSWERS, ids)
    }
    found: dict[int, list[BoardAlert]] = defaultdict(list)
    for row in rows:
        recipients, reached = told.get(row[0], (0, 0))
        found[row[1]].append(_alert(row, recipients, reached, row[0] in settled, answers.get(row[0]), now))
    return found


def load_program_alerts(session: Session) -> list[tuple[str, datetime]]:
    """Each problem of the program that an alert stands for: the part of it, and when it was seen first."""
    return [(row[0], row[1]) for row in session.connection().execute(_OF_THE_PROGRAM)]


_Answer = tuple[datetime, str, int, datetime]  # at, by, for which level, until


def _alert(
    row: Row[Any], recipients: int, told: int, is_settled: bool, answer: _Answer | None, now: datetime
) -> BoardAlert:
    alert_id, infusion_id, slot, level, first_observed_at, opened_at, state, signal, urgency = tuple(row)
    covers = answer is not None and answer[2] >= level and (answer[3] > now or state == "acknowledged")
    # A recovering alert keeps what was said for it; without any answer it still waits for one.
    return BoardAlert(
        alert_id=alert_id,
        infusion_id=infusion_id,
        slot=slot,
        level=level,
        is_settled=is_settled,
        first_observed_at=first_observed_at,
        opened_at=opened_at,
        recipients=recipients,
        told=told,
        is_acknowledged=state == "acknowledged" or (state == "recovering" and covers),
        acknowledged_by=answer[1] if answer else None,
        acknowledged_at=answer[0] if answer else None,
        signal=signal,
        urgency=urgency,
    )
