"""Whether alerts are going out: the worker's sign of life, and mails that wait or have failed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, func, select
from sqlmodel import Session, col

from alerts.model import CLOCK_ERROR
from alerts.outbox import REFUSED_FOR_GOOD
from db.columns import UtcDateTime
from db.models import Alert, Delivery, Heartbeat, Notice

DEAD_AFTER: Final = timedelta(seconds=90)
WAITING_TOO_LONG: Final = timedelta(minutes=2)
_FORGOTTEN_AFTER: Final = timedelta(days=1)
_PREFIX: Final = "worker:"
_STOPPED: Final = "stopped"
_MAILDIR: Final = "maildir"
_SMTP: Final = "smtp"
_URGENT: Final = 2

# Made once: every run of every page asks these three, and putting them together costs more than the answer.
_BEATS: Final = (
    select(col(Heartbeat.at), col(Heartbeat.detail))
    .where(col(Heartbeat.name).like(f"{_PREFIX}%"))
    .order_by(col(Heartbeat.at).desc())
)
_WAITING: Final = (
    select(func.count())
    .select_from(Delivery)
    .where(
        col(Delivery.state).in_(("pending", "claimed", "unknown")),
        col(Delivery.urgency) <= _URGENT,
        col(Delivery.created_at) < bindparam("before", type_=UtcDateTime),
    )
)
_FAILED: Final = (
    select(func.count())
    .select_from(Delivery)
    .join(Notice, col(Notice.id) == col(Delivery.notice_id))
    .join(Alert, col(Alert.id) == col(Notice.alert_id))
    .where(REFUSED_FOR_GOOD, col(Alert.closed_at).is_(None))
)


@dataclass(frozen=True, slots=True)
class WorkerState:
    """What a page's banner needs.

    alive           a worker has reported within the last 90 s
    stopped         the last one to report ended on purpose
    mails_off       it has no mail server and keeps the mails in a maildir
    urgent_waiting  mails of urgency 1 and 2 that have waited for more than 2 min
    failed          mails about standing alerts that a mail server refused for good
    """

    alive: bool
    last_seen_at: datetime | None
    mails_off: bool
    urgent_waiting: int
    failed: int
    stopped: bool = False


def record_heartbeat(session: Session, *, worker: str, now: datetime, sends_mail: bool) -> None:
    """The worker lives. Workers that have been silent for a day are forgotten."""
    _write(session, worker, now, _SMTP if sends_mail else _MAILDIR)
    session.connection().execute(
        delete(Heartbeat).where(
            col(Heartbeat.name).like(f"{_PREFIX}%"), col(Heartbeat.at) < now - _FORGOTTEN_AFTER
        )
    )


def record_stop(session: Session, *, worker: str, now: datetime) -> None:
    """The worker ends on purpose."""
    _write(session, worker, now, _STOPPED)


def worker_state(session: Session, now: datetime) -> WorkerState:
    """How the mail path is."""
    connection = session.connection()
    beats = [(row.at, row.detail) for row in connection.execute(_BEATS)]
    living = [detail for at, detail in beats if detail != _STOPPED and -CLOCK_ERROR <= now - at <= DEAD_AFTER]
    return WorkerState(
        alive=bool(living),
        last_seen_at=beats[0][0] if beats else None,
        mails_off=_MAILDIR in living,
        urgent_waiting=int(connection.execute(_WAITING, {"before": now - WAITING_TOO_LONG}).scalar_one()),
        failed=int(connection.execute(_FAILED).scalar_one()),
        stopped=bool(beats) and beats[0][1] == _STOPPED,
    )


def _write(session: Session, worker: str, now: datetime, detail: str) -> None:
    name = f"{_PREFIX}{worker}"
    beat = session.get(Heartbeat, _id_of(session, name)) or Heartbeat(name=name, at=now)
    beat.at = now
    beat.detail = detail
    session.add(beat)
    session.flush()


def _id_of(session: Session, name: str) -> int:
    found = session.connection().execute(select(col(Heartbeat.id)).where(col(Heartbeat.name) == name))
    return int(found.scalar_one_or_none() or 0)
