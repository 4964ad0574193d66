"""Mails that are not urgent leave in batches: one commit for many, and an urgent one never waits for them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from alerts.courier import BATCH_S, Courier
from alerts.delivery import MaildirSender
from alerts.outbox import BATCH, Claimed, Outcome, Result, claim_due, release
from db import session as database
from db.models import Delivery, DeliveryAttempt, Notice
from db.session import DatabaseUnreachable, reading, writing
from tests.alerts.conftest import Ward, at
from worker import Worker

GRADE_3: dict[str, Any] = {"temperature_c": 38.6, "vasopressors": "norepinephrine"}
SENT = Outcome(Result.SENT, "250 Ok")
LATER = at(5)


class Sender:
    """Takes every mail, and does something meanwhile."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.taken: list[Claimed] = []
        self._meanwhile = meanwhile

    def send(self, claimed: Claimed) -> Outcome:
        self.taken.append(claimed)
        self._meanwhile()
        return SENT

    def close(self) -> None:
        pass


def queue(ward: Ward, mails: int, urgency: int = 4) -> None:
    """So many mails, due now, of which the last was made first."""
    with writing() as session:
        first = session.exec(select(Delivery).order_by(col(Delivery.id))).first()
        assert first is not None
        built = first.model_dump(exclude={"id", "uid", "notice_id", "urgency", "due_at"})
        built |= {"state": "pending", "sent_at": None, "attempts": 0, "reply": None}
        for n in range(mails):
            notice = Notice(kind="test", urgency=urgency, created_at=at(4))
            session.add(notice)
            session.flush()
            due_at = at(4) - timedelta(seconds=n)
            name = f"{urgency}-{mails - n}"
            session.add(Delivery(**built, uid=name, urgency=urgency, notice_id=notice.id or 0, due_at=due_at))


@pytest.fixture
def told(ward: Ward) -> Ward:
    """A ward whose urgent mails are gone."""
    ward.assess(4, **GRADE_3)
    ward.mark_sent()
    return ward


def courier(sender: Sender, **more: Any) -> Courier:
    return Courier(sender, worker="w1", now=lambda: LATER, **{"stopped": lambda: False} | more)


def states(ward: Ward) -> set[tuple[str, int]]:
    """State and attempts of the mails that are not urgent."""
    return {(one.state, one.attempts) for one in ward.deliveries() if one.urgency > 2}


def test_an_urgent_mail_is_claimed_alone_and_the_others_in_batches(told: Ward) -> None:
    queue(told, BATCH + 2)
    queue(told, 2, urgency=2)
    queue(told, 1, urgency=3)
    claims = []
    with writing() as session:
        while found := claim_due(session, worker="w1", now=LATER):
            claims.append([one.uid for one in found])
    assert claims == [
        ["2-1"],
        ["2-2"],
        ["3-1", *(f"4-{n}" for n in range(1, BATCH))],
        [f"4-{n}" for n in range(BATCH, BATCH + 3)],
    ]


def test_a_batch_is_one_commit(told: Ward) -> None:
    queue(told, 2 * BATCH + 5)
    commits: list[object] = []
    event.listen(database.engine(), "commit", commits.append)
    sender = Sender()
    assert courier(sender, monotonic_s=lambda: 0.0).empty_outbox() == 2 * BATCH + 5
    assert len(commits) == 1 + 3, "the first claim, and one for each batch"
    assert states(told) == {("sent", 1)}
    assert [one.uid for one in sender.taken] == [f"4-{n + 1}" for n in range(2 * BATCH + 5)]
    with reading() as session:
        tried = session.scalars(select(DeliveryAttempt.delivery_id)).all()
    assert sorted(tried) == sorted(one.id for one in sender.taken)


def test_a_slow_batch_ends_and_gives_the_rest_back(told: Ward) -> None:
    queue(told, 5)
    seen: list[set[tuple[str, int]]] = []
    clock = [0.0]

    def dawdle() -> None:
        clock[0] += BATCH_S * 0.6
        seen.append(states(told))

    sender = Sender(dawdle)
    assert courier(sender, monotonic_s=lambda: clock[0]).empty_outbox() == 5
    assert seen[2] == {("claimed", 1), ("sent", 1)}, "given back and claimed again, as the first attempt"
    assert [one.attempts for one in sender.taken] == [1] * 5
    assert len({one.uid for one in sender.taken}) == 5
    assert states(told) == {("sent", 1)}


def test_a_wake_up_ends_a_batch_and_the_urgent_mail_leaves_next(told: Ward) -> None:
    queue(told, 5)
    wake_ups: list[str] = []

    def enter_something_urgent() -> None:
        if len(sender.taken) == 2:
            queue(told, 1, urgency=1)
            wake_ups.append("wake")

    sender = Sender(enter_something_urgent)
    assert courier(sender, woken=lambda: bool(wake_ups and wake_ups.pop())).empty_outbox() == 6
    assert [one.uid for one in sender.taken] == ["4-1", "4-2", "1-1", "4-3", "4-4", "4-5"]
    assert states(told) == {("sent", 1)}


def test_a_worker_told_to_stop_gives_the_rest_of_its_batch_back(told: Ward) -> None:
    queue(told, 5)
    sender = Sender()
    assert courier(sender, stopped=lambda: len(sender.taken) == 2).empty_outbox() == 2
    left = [one for one in told.deliveries() if one.state != "sent"]
    assert [(one.state, one.attempts, one.lease_until, one.claimed_by) for one in left] == [
        ("pending", 0, None, None)
    ] * 3
    assert all(one.due_at <= at(4) for one in left)


def test_what_another_worker_took_over_is_not_given_back(told: Ward) -> None:
    queue(told, 1)
    with writing() as session:
        mine = claim_due(session, worker="slow", now=LATER)
        claim_due(session, worker="quick", now=LATER + timedelta(minutes=1))
        release(session, mine)
    assert [(one.state, one.claimed_by) for one in told.deliveries() if one.urgency == 4] == [
        ("claimed", "quick")
    ]


def test_the_claims_of_a_whole_batch_are_kept(told: Ward) -> None:
    queue(told, 3)
    now = [LATER]

    def meanwhile() -> None:
        now[0] += timedelta(seconds=8)
        keeper.keep_claim()
        with writing() as session:
            stolen = claim_due(session, worker="thief", now=now[0] + timedelta(seconds=9))
        assert stolen == []

    sender = Sender(meanwhile)
    keeper = Courier(sender, worker="w1", stopped=lambda: False, now=lambda: now[0], monotonic_s=lambda: 0.0)
    assert keeper.empty_outbox() == 3
    assert states(told) == {("sent", 1)}


def test_a_batch_that_could_not_be_written_down_is_written_first(
    told: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(told, 5)
    sender = Sender()
    stubborn = courier(sender, stopped=lambda: len(sender.taken) == 3, monotonic_s=lambda: 0.0)

    def away(*_arguments: object, **_more: object) -> None:
        raise DatabaseUnreachable

    with monkeypatch.context() as patched:
        patched.setattr("alerts.courier.record_outcomes", away)
        with pytest.raises(DatabaseUnreachable):
            stubborn.empty_outbox()
    assert states(told) == {("claimed", 1)}
    stubborn.empty_outbox()
    assert len(sender.taken) == 3
    assert states(told) == {("sent", 1), ("pending", 0)}


def test_the_worker_sees_a_wake_up_once(sqlite_ward: Ward) -> None:
    worker = Worker(MaildirSender(sqlite_ward.settings.mail_dir))
    assert not worker._was_woken()
    worker.wake()
    worker.wake()
    assert worker._was_woken()
    assert not worker._was_woken()
    worker.stop()
    worker.run()
