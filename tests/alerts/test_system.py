"""Alerts of the program itself: a problem is told once, and over when it is gone for 5 minutes."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import text
from sqlmodel import select

from actions import context
from alerts.jobs import was_silent, watch_program
from alerts.outbox import Outcome, Result, claim_next, record_outcome
from alerts.system import BACKUP, Problem, Watch
from db.audit import verify_chain
from db.models import Delivery, Heartbeat, Recipient
from db.session import reading, writing
from tests.alerts.conftest import Ward, at
from tests.alerts.test_reconcile import GRADE_3

pytestmark = pytest.mark.postgresql_in_soak


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture(autouse=True)
def room_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(100, 50, 50))


def look(
    ward: Ward,
    now: datetime,
    watch: Watch | None = None,
    *,
    ran_s: float = 0.0,
    more: tuple[Problem, ...] = (),
) -> bool:
    return watch_program(
        ward.settings, context.protocol(), watch or Watch(), now=now, monotonic_s=ran_s, more=more
    )


def states(ward: Ward) -> dict[str, str]:
    return {one.slot: one.state for one in ward.alerts() if one.signal == "system"}


def test_nothing_is_written_while_all_is_well(ward: Ward) -> None:
    assert not look(ward, at(1))
    assert ward.alerts() == []


def test_a_problem_is_told_once_and_over_five_minutes_after_it_was_last_seen(ward: Ward) -> None:
    assert look(ward, at(1), more=(Problem.WORKER,))
    assert states(ward) == {"worker": "open"}
    assert ward.kinds() == ["opening"]
    (alert,) = ward.alerts()
    assert (alert.patient_id, alert.infusion_id, alert.urgency, alert.level) == (None, None, 3, 0)
    assert not look(ward, at(1) + timedelta(minutes=4))
    assert look(ward, at(1) + timedelta(minutes=5))
    assert states(ward) == {"worker": "closed"}
    assert ward.kinds() == ["opening", "recovery"]
    with reading() as session:
        assert verify_chain(session).whole


def test_a_problem_that_comes_and_goes_is_one_alert(ward: Ward) -> None:
    for minute in range(0, 20, 4):
        look(ward, at(1) + timedelta(minutes=minute), more=(Problem.QUEUE,))
    assert ward.kinds() == ["opening"]
    look(ward, at(2))
    look(ward, at(3), more=(Problem.QUEUE,))
    assert [one.state for one in ward.alerts()] == ["closed", "open"]


def test_an_urgent_mail_that_waits_is_a_problem(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    assert not look(ward, at(4.1) + timedelta(minutes=2))
    assert look(ward, at(4.1) + timedelta(minutes=3))
    assert states(ward) == {"queue": "open"}


def test_a_mail_refused_for_good_is_a_problem_until_the_recipient_leaves_the_list(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    with writing() as session:
        claimed = claim_next(session, worker="w", now=at(4.2))
        assert claimed is not None
        record_outcome(session, claimed, Outcome(Result.REFUSED, "550 no such user"), now=at(4.2))
    ward.mark_sent()
    look(ward, at(4.3))
    assert states(ward) == {"delivery": "open"}
    with writing() as session:
        delivery = session.exec(select(Delivery).where(Delivery.state == "failed")).one()
        recipient = session.get_one(Recipient, delivery.recipient_id)
        recipient.valid_to = at(4.3)
        session.add(recipient)
    look(ward, at(4.5))
    assert states(ward) == {"delivery": "closed"}


def test_its_own_mail_refused_does_not_keep_an_alert_alive(ward: Ward) -> None:
    look(ward, at(1), more=(Problem.WORKER,))
    with writing() as session:
        for delivery in session.exec(select(Delivery)).all():
            delivery.state, delivery.last_error = "failed", "550"
            session.add(delivery)
    look(ward, at(2))
    assert states(ward) == {"worker": "closed"}


def test_a_full_disk_is_a_problem(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def usage(path: Path) -> Usage:
        asked.append(path)
        return Usage(100, 91, 9)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    look(ward, at(1))
    assert states(ward) == {"disk": "open"}
    assert asked == [ward.settings.data_dir]


@pytest.mark.parametrize(("hours", "found"), [(26, {}), (26.1, {"backup": "open"})])
def test_a_backup_older_than_26_h_is_a_problem_and_none_at_all_is_for_the_digest(
    ward: Ward, hours: float, found: dict[str, str]
) -> None:
    with writing() as session:
        session.add(Heartbeat(name=BACKUP, at=at(1)))
    look(ward, at(1 + hours))
    assert states(ward) == found


def test_a_broken_audit_trail_is_a_problem_within_the_hour(sqlite_ward: Ward) -> None:
    watch = Watch()
    sqlite_ward.assess(0.5)
    assert not look(sqlite_ward, at(1), watch)
    with writing() as session:
        session.execute(text("DROP TRIGGER guard_audit_event_update"))
        session.execute(text("UPDATE audit_event SET action = 'nothing' WHERE id = 1"))
    assert not look(sqlite_ward, at(1.5), watch, ran_s=1800)
    look(sqlite_ward, at(2), watch, ran_s=3600)
    assert states(sqlite_ward) == {"audit": "open"}


@pytest.mark.parametrize("jump_s", [-3600, -31, 31, 3600])
def test_a_clock_that_jumped_is_a_problem(ward: Ward, jump_s: int) -> None:
    watch = Watch()
    look(ward, at(2), watch, ran_s=10)
    look(ward, at(2) + timedelta(seconds=60 + jump_s), watch, ran_s=70)
    assert states(ward) == {"clock": "open"}


@pytest.mark.parametrize("drift_s", [-29, 0, 29])
def test_a_clock_that_drifts_a_little_is_none(ward: Ward, drift_s: int) -> None:
    watch = Watch()
    look(ward, at(2), watch, ran_s=10)
    assert not look(ward, at(2) + timedelta(seconds=60 + drift_s), watch, ran_s=70)


@pytest.mark.parametrize(
    ("beats", "silent"),
    [
        ([], False),
        ([("worker:a", 0, "smtp")], False),
        ([("worker:a", 91, "smtp")], True),
        ([("worker:a", 91, "stopped")], False),
        ([("worker:a", 91, "smtp"), ("worker:b", 10, "smtp")], False),
        ([("worker:a", 200, "stopped"), ("worker:b", 100, "smtp")], True),
    ],
)
def test_a_worker_that_starts_knows_whether_nobody_was_there(
    ward: Ward, beats: list[tuple[str, int, str]], silent: bool
) -> None:
    with writing() as session:
        for name, seconds, detail in beats:
            session.add(Heartbeat(name=name, at=at(1) - timedelta(seconds=seconds), detail=detail))
    assert was_silent(at(1)) is silent
