"""The worker's jobs as plain functions: sweep the courses, watch the program, give a sign of life."""

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select
from sqlmodel import Session, col

from alerts.health import record_heartbeat, record_stop
from alerts.latched import patients_to_sweep
from alerts.reconcile import pending_of_program, reconcile_program
from alerts.rounds import post_rounds, rounds_are_due
from alerts.states import AlertState
from alerts.swept import Swept, SweptCourse, SweptEvents, SweptRules, swept_of
from alerts.system import Problem, Watch, find_problems, note_problems, silent_before, system_signals
from clock import utc_now
from db.models import Alert, Assessment, Delivery, Infusion, Notice
from db.roles import SYSTEM
from db.session import SaveRefused, reading, writing
from failpoints import reach
from settings import Settings
from trial.protocol import Protocol

_log = logging.getLogger(__name__)
_LOOK_BACK: Final = timedelta(days=60)


def sweep(settings: Settings, protocol: Protocol, now: Callable[[], datetime] = utc_now) -> int:
    """Reconcile every course that may still matter, the stopping rules and the reports of serious events.

    Returns in how many of them something had to be written. The entry's own transaction has done it already,
    so this finds only what time has brought.
    """
    with reading() as session:
        courses, patients = _courses(session, now()), patients_to_sweep(session)
    swept: list[Swept] = [
        *(SweptCourse(infusion_id) for infusion_id in courses),
        SweptRules(),
        *(SweptEvents(patient_id) for patient_id in patients),
    ]
    return sum(_sweep_one(one, settings, protocol, now) for one in swept)


def take_next_step(
    delivery_id: int, settings: Settings, protocol: Protocol, now: Callable[[], datetime] = utc_now
) -> None:
    """A mail was refused for good: the next step of its alert runs at once instead of at the next sweep."""
    with reading() as session:
        about = session.execute(
            select(col(Alert.signal), col(Alert.patient_id), col(Alert.infusion_id))
            .join(Notice, col(Notice.alert_id) == col(Alert.id))
            .join(Delivery, col(Delivery.notice_id) == col(Notice.id))
            .where(col(Delivery.id) == delivery_id)
        ).first()
    swept = None if about is None else swept_of(*about)
    if swept is not None:
        _sweep_one(swept, settings, protocol, now)


def watch_program(
    settings: Settings,
    protocol: Protocol,
    watch: Watch,
    *,
    now: datetime,
    monotonic_s: float,
    more: Collection[Problem] = (),
) -> bool:
    """Look whether the program is well, and raise or close its alerts; whether something was written.

    `more` are problems that the caller knows of.
    """
    with reading() as session:
        found = find_problems(session, settings, watch, now=now, monotonic_s=monotonic_s) | set(more)
        standing = system_signals(session, now)
        if not found and not pending_of_program(session, standing, now, protocol):
            return False
    with writing() as session:
        note_problems(session, found, now=now)
        signals = system_signals(session, now)
        reconcile_program(session, signals, now=now, protocol=protocol, by=SYSTEM, settings=settings)
    return True


def make_rounds(settings: Settings, protocol: Protocol, *, now: datetime) -> int:
    """Write the daily digest and the weekly test mails when their time has come; returns how many notices."""
    with reading() as session:
        if not rounds_are_due(session, now=now, settings=settings, protocol=protocol):
            return 0
    with writing() as session:
        return post_rounds(session, now=now, settings=settings, protocol=protocol)


def was_silent(now: datetime) -> bool:
    """Whether no worker was alive before this one, though none had ended on purpose."""
    with reading() as session:
        return silent_before(session, now)


def _sweep_one(swept: Swept, settings: Settings, protocol: Protocol, clock: Callable[[], datetime]) -> bool:
    """Reconcile one of them where that writes something. One that fails must not silence the others."""
    try:
        with reading() as session:
            if not swept.pending(session, clock(), protocol, settings.zone):
                return False
        with writing() as session:
            swept.reconcile(session, clock(), protocol, settings)
            reach("sweep.before_commit")
        reach("sweep.after_commit")
    except SaveRefused:
        raise  # the database takes nothing from anyone
    except Exception:
        _log.exception("%s could not be swept; it is tried again.", swept)
        return False
    return True


def beat(settings: Settings, worker: str) -> None:
    """Record that this worker lives, and how it sends."""
    with writing() as session:
        record_heartbeat(session, worker=worker, now=utc_now(), sends_mail=settings.smtp_host is not None)


def beat_last(worker: str) -> None:
    """Record that this worker ends on purpose."""
    with writing() as session:
        record_stop(session, worker=worker, now=utc_now())


def _courses(session: Session, now: datetime) -> list[int]:
    """Infusions of the last weeks, those assessed lately, and those with an alert that somebody waits for."""
    since = now - _LOOK_BACK
    live = [state.value for state in AlertState if state.live]
    assessed = select(col(Assessment.infusion_id)).where(col(Assessment.entered_at) >= since)
    alerting = select(col(Alert.infusion_id)).where(col(Alert.state).in_(live))
    query = (
        select(col(Infusion.id))
        .where(
            or_(
                col(Infusion.infused_at) >= since,
                col(Infusion.id).in_(assessed),
                col(Infusion.id).in_(alerting),
            )
        )
        .order_by(col(Infusion.id))
    )
    return [int(one) for one in session.connection().execute(query).scalars() if one is not None]
