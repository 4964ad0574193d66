"""The outbox: order, leases, retries, and that two workers never send the same mail."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from alerts import courier as couriers
from alerts.courier import Courier
from alerts.delivery import Sender, SmtpSender
from alerts.health import record_heartbeat, record_stop, worker_state
from alerts.outbox import (
    LEASE,
    Claimed,
    Outcome,
    Result,
    announce_port,
    claim_next,
    record_outcome,
    record_outcomes,
    renew_leases,
    retry_delay,
    wake_worker,
)
from db.models import Delivery, DeliveryAttempt, Notice
from db.session import DatabaseBusy, reading, writing
from settings import Settings
from tests.alerts.conftest import PEOPLE, Ward, at, make_ward
from tests.support.smtp import SmtpServer

GRADE_3: dict[str, Any] = {"temperature_c": 38.6, "vasopressors": "norepinephrine"}
SENT = Outcome(Result.SENT, "250 Ok")
BUSY = Outcome(Result.RETRY, "451 later")


def claim(now: datetime, worker: str = "w1") -> Claimed | None:
    with writing() as session:
        return claim_next(session, worker=worker, now=now)


def record(claimed: Claimed, outcome: Outcome, now: datetime, spread: float | None = 0.0) -> None:
    with writing() as session:
        record_outcome(session, claimed, outcome, now=now, spread=spread)


def must_claim(now: datetime, worker: str = "w1") -> Claimed:
    claimed = claim(now, worker)
    assert claimed is not None
    return claimed


def with_one_delivery(ward: Ward) -> Delivery:
    """Only the first recipient's mail is left to send."""
    ward.assess(4, **GRADE_3)
    with writing() as session:
        for delivery in session.exec(select(Delivery).order_by(col(Delivery.id)).offset(1)).all():
            delivery.state = "failed"
            session.add(delivery)
    return ward.deliveries()[0]


def test_a_claim_is_held_by_one_worker_and_freed_when_its_lease_ends(ward: Ward) -> None:
    with_one_delivery(ward)
    first = must_claim(at(5))
    assert (first.attempts, first.claimed_by, first.address) == (1, "w1", "ward@hospital.org")
    assert first.message == ward.deliveries()[0].message
    assert claim(at(5), "w2") is None
    assert claim(at(5) + LEASE - timedelta(seconds=1), "w2") is None
    second = must_claim(at(5) + LEASE, "w2")
    assert (second.id, second.attempts, second.message) == (first.id, 2, first.message)


def test_a_renewed_lease_holds(ward: Ward) -> None:
    with_one_delivery(ward)
    must_claim(at(5))
    with writing() as session:
        renew_leases(session, [1], worker="w1", now=at(5) + timedelta(seconds=8))
    assert claim(at(5) + timedelta(seconds=12), "w2") is None
    assert claim(at(5) + timedelta(seconds=18), "w2") is not None


def test_a_sent_mail_keeps_the_reply_and_is_done(ward: Ward) -> None:
    with_one_delivery(ward)
    record(must_claim(at(5)), SENT, at(5))
    delivery = ward.deliveries()[0]
    assert (delivery.state, delivery.sent_at, delivery.reply) == ("sent", at(5), "250 Ok")
    assert (delivery.lease_until, delivery.claimed_by) == (None, None)
    assert claim(at(500)) is None
    with reading() as session:
        (attempt,) = session.exec(select(DeliveryAttempt)).all()
    assert (attempt.delivery_id, attempt.outcome, attempt.reply) == (delivery.id, "sent", "250 Ok")


def test_a_refusal_for_good_is_kept_and_not_tried_again(ward: Ward) -> None:
    with_one_delivery(ward)
    record(must_claim(at(5)), Outcome(Result.REFUSED, "550 no such user"), at(5))
    delivery = ward.deliveries()[0]
    assert (delivery.state, delivery.last_error) == ("failed", "550 no such user")
    assert claim(at(500)) is None


def test_retries_come_after_5_10_20_40_and_then_every_60_s(ward: Ward) -> None:
    with_one_delivery(ward)
    now = at(5)
    for seconds in (5, 10, 20, 40, 60, 60):
        record(must_claim(now), BUSY, now)
        assert claim(now + timedelta(seconds=seconds - 0.1)) is None
        now += timedelta(seconds=seconds)
    assert ward.deliveries()[0].last_error == "451 later"


def test_jitter_moves_a_retry_by_a_tenth_at_most() -> None:
    assert retry_delay(1, 1) == timedelta(seconds=5.5)
    assert retry_delay(9, -1) == timedelta(seconds=54)


def test_an_unknown_result_is_tried_again_with_the_same_bytes_after_60_s(ward: Ward) -> None:
    with_one_delivery(ward)
    first = must_claim(at(5))
    record(first, Outcome(Result.UNKNOWN, "cut"), at(5))
    assert ward.deliveries()[0].state == "unknown"
    assert claim(at(5) + timedelta(seconds=59)) is None
    assert must_claim(at(5) + timedelta(seconds=60)).message == first.message


def test_urgent_mails_are_tried_for_ever_and_others_for_a_day(ward: Ward) -> None:
    with_one_delivery(ward)
    later = at(4.1) + timedelta(days=400)
    record(must_claim(later), BUSY, later)
    assert ward.deliveries()[0].state == "pending"
    with writing() as session:
        delivery = session.get_one(Delivery, 1)
        delivery.urgency, delivery.due_at = 3, later
        session.add(delivery)
    record(must_claim(later), BUSY, later)
    assert ward.deliveries()[0].state == "failed"


def test_a_worker_that_lost_its_claim_may_report_a_mail_that_left_and_nothing_else(ward: Ward) -> None:
    with_one_delivery(ward)
    slow = must_claim(at(5), "slow")
    taken_over = must_claim(at(6), "quick")
    record(slow, BUSY, at(6))
    assert (ward.deliveries()[0].state, ward.deliveries()[0].claimed_by) == ("claimed", "quick")
    record(slow, SENT, at(6))
    record(taken_over, Outcome(Result.REFUSED, "550 no"), at(7))
    assert ward.deliveries()[0].state == "sent"


def test_the_most_urgent_goes_first_and_then_the_oldest(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    with writing() as session:
        first, second, third = session.exec(select(Delivery).order_by(col(Delivery.id))).all()
        first.urgency, second.due_at, third.urgency = 4, at(4.2), 1
        session.add_all([first, second, third])
    order = []
    while (claimed := claim(at(5))) is not None:
        order.append(claimed.address.split("@")[0])
    assert order == ["wu", "li", "ward"]


def test_nothing_is_sent_before_it_is_due(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    assert claim(at(4.1) - timedelta(minutes=1)) is None
    assert claim(at(4.1)) is not None


def test_a_clock_set_back_by_an_hour_holds_no_urgent_mail_back(ward: Ward) -> None:
    with_one_delivery(ward)
    an_hour_before = at(5) - timedelta(hours=1)
    left_behind = must_claim(at(5), "died")
    again = must_claim(an_hour_before, "w2")
    assert (again.id, again.attempts) == (left_behind.id, 2)
    record(again, BUSY, at(5))
    assert claim(an_hour_before, "w2") is not None


def test_a_clock_set_back_sends_no_quiet_mail_early(ward: Ward) -> None:
    with_one_delivery(ward)
    with writing() as session:
        delivery = session.get_one(Delivery, 1)
        delivery.urgency, delivery.due_at = 3, at(14)
        session.add(delivery)
    assert claim(at(14) - timedelta(hours=9)) is None
    assert claim(at(14)) is not None


def smtp_ward(url: str, folder: Path, server: SmtpServer) -> Ward:
    mail = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": "none"}
    return make_ward(url, folder, **mail)


def test_everyone_gets_the_mail_and_a_refused_one_stops_nobody(
    database: str, tmp_path: Path, smtp_server: SmtpServer
) -> None:
    ward = smtp_ward(database, tmp_path, smtp_server)
    smtp_server.refuse("RCPT", "550 5.1.1 no such user", only="li@")
    ward.assess(4, **GRADE_3)
    sender = SmtpSender(ward.settings, timeout_s=2)
    assert Courier(sender, worker="w1", stopped=lambda: False).empty_outbox() == len(PEOPLE)
    sender.close()
    assert [one.state for one in ward.deliveries()] == ["sent", "failed", "sent"]
    assert sorted(mail.recipients[0] for mail in smtp_server.received) == [
        "ward@hospital.org",
        "wu@hospital.org",
    ]
    assert [mail.content for mail in smtp_server.received] == [
        one.message for one in ward.deliveries() if one.state == "sent"
    ]
    with reading() as session:
        assert worker_state(session, at(4.1)).failed == 1


def test_an_error_in_one_mail_does_not_silence_the_others(sqlite_ward: Ward) -> None:
    sqlite_ward.assess(4, **GRADE_3)

    class Clumsy:
        def send(self, claimed: Claimed) -> Outcome:
            if claimed.address.startswith("ward"):
                raise ValueError("a fault of its own")
            return SENT

        def close(self) -> None:
            pass

    assert Courier(Clumsy(), worker="w1", stopped=lambda: False).empty_outbox() == len(PEOPLE)
    assert [one.state for one in sqlite_ward.deliveries()] == ["pending", "sent", "sent"]


def test_a_step_that_fails_after_a_refusal_writes_no_outcome_twice(sqlite_ward: Ward) -> None:
    sqlite_ward.assess(4, **GRADE_3)

    class Refusing:
        def send(self, claimed: Claimed) -> Outcome:
            return Outcome(Result.REFUSED, "550 no such user")

        def close(self) -> None:
            pass

    def busy(_delivery_id: int) -> None:
        raise DatabaseBusy

    courier = Courier(Refusing(), worker="w1", stopped=lambda: False, refused=busy)
    assert courier.empty_outbox() == len(PEOPLE)
    assert {(one.state, one.attempts) for one in sqlite_ward.deliveries()} == {("failed", 1)}
    with reading() as session:
        assert len(session.exec(select(DeliveryAttempt)).all()) == len(PEOPLE)


def test_a_worker_told_to_stop_claims_nothing_more(sqlite_ward: Ward) -> None:
    sqlite_ward.assess(4, **GRADE_3)
    stopping = threading.Event()

    class LastOne:
        def send(self, claimed: Claimed) -> Outcome:
            stopping.set()
            return SENT

        def close(self) -> None:
            pass

    assert Courier(LastOne(), worker="w1", stopped=stopping.is_set).empty_outbox() == 1
    assert [one.state for one in sqlite_ward.deliveries()] == ["sent", "pending", "pending"]
    assert Courier(LastOne(), worker="w1", stopped=stopping.is_set).empty_outbox() == 0


def counting_sender(taken: list[str], then: Callable[[], None] = lambda: None) -> Sender:
    """Takes every mail and notes its uid."""

    class Counting:
        def send(self, claimed: Claimed) -> Outcome:
            taken.append(claimed.uid)
            then()
            return SENT

        def close(self) -> None:
            pass

    return Counting()


def test_a_busy_database_delays_the_record_and_repeats_no_mail(
    sqlite_ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_one_delivery(sqlite_ward)
    refusals = [DatabaseBusy(), DatabaseBusy()]

    def busy_at_first(*arguments: Any, **more: Any) -> None:
        if refusals:
            raise refusals.pop()
        record_outcomes(*arguments, **more)

    monkeypatch.setattr(couriers, "record_outcomes", busy_at_first)
    taken: list[str] = []
    assert Courier(counting_sender(taken), worker="w1", stopped=lambda: False).empty_outbox() == 1
    assert len(taken) == 1
    assert sqlite_ward.deliveries()[0].state == "sent"


def test_a_claim_that_could_not_be_finished_is_not_kept(
    sqlite_ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_one_delivery(sqlite_ward)

    def always_busy(*_arguments: Any, **_more: Any) -> None:
        raise DatabaseBusy

    monkeypatch.setattr(couriers, "record_outcomes", always_busy)
    courier = Courier(counting_sender([]), worker="w1", stopped=lambda: False)
    with pytest.raises(DatabaseBusy):
        courier.empty_outbox()
    lease = sqlite_ward.deliveries()[0].lease_until
    courier.keep_claim()
    assert sqlite_ward.deliveries()[0].lease_until == lease
    assert lease is not None
    assert claim(lease, "w2") is not None


def test_the_claim_of_the_mail_being_sent_is_kept(sqlite_ward: Ward) -> None:
    with_one_delivery(sqlite_ward)
    leases: list[datetime | None] = []

    def meanwhile() -> None:
        for _ in range(2):
            leases.append(sqlite_ward.deliveries()[0].lease_until)
            courier.keep_claim()

    courier = Courier(counting_sender([], meanwhile), worker="w1", stopped=lambda: False)
    assert courier.empty_outbox() == 1
    first, second = leases
    assert first is not None
    assert second is not None
    assert second > first


def test_four_workers_send_forty_mails_once_each(
    database: str, tmp_path: Path, smtp_server: SmtpServer
) -> None:
    ward = smtp_ward(database, tmp_path, smtp_server)
    ward.assess(4, **GRADE_3)
    with writing() as session:
        built = session.get_one(Delivery, 1).model_dump(exclude={"id", "uid", "notice_id"})
        for n in range(37):
            notice = Notice(kind="test", urgency=4, created_at=at(4))
            session.add(notice)
            session.flush()
            session.add(Delivery(**built, uid=f"uid-{n}", notice_id=notice.id or 0))

    def work(number: int) -> int:
        sender = SmtpSender(ward.settings, timeout_s=5)
        sent = Courier(sender, worker=f"w{number}", stopped=lambda: False).empty_outbox()
        sender.close()
        return sent

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 40
    assert len(smtp_server.received) == 40
    assert {(one.state, one.attempts) for one in ward.deliveries()} == {("sent", 1)}


def test_the_banner_knows_a_living_a_silent_and_a_stopped_worker(ward: Ward) -> None:
    def state(hours: float) -> tuple[bool, bool]:
        with reading() as session:
            found = worker_state(session, at(hours))
        return found.alive, found.mails_off

    def beat(hours: float, worker: str, *, sends_mail: bool) -> None:
        with writing() as session:
            record_heartbeat(session, worker=worker, now=at(hours), sends_mail=sends_mail)

    assert state(1) == (False, False)
    beat(1, "a", sends_mail=False)
    assert state(1) == (True, True)
    assert state(1 + 89 / 3600) == (True, True)
    assert state(1 + 91 / 3600) == (False, False)
    beat(2, "b", sends_mail=True)
    assert state(2) == (True, False)
    with writing() as session:
        record_stop(session, worker="b", now=at(2.001))
    assert state(2.001) == (False, False)
    with reading() as session:
        assert worker_state(session, at(3)).last_seen_at == at(2.001)
    beat(40, "c", sends_mail=True)
    with reading() as session:
        assert worker_state(session, at(40)).last_seen_at == at(40)


def test_the_banner_counts_urgent_mails_that_wait(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    with reading() as session:
        assert worker_state(session, at(4.1) + timedelta(minutes=2)).urgent_waiting == 0
        assert worker_state(session, at(4.1) + timedelta(minutes=2, seconds=1)).urgent_waiting == 3
    ward.mark_sent()
    with reading() as session:
        assert worker_state(session, at(9)).urgent_waiting == 0


@pytest.mark.parametrize("content", [None, "", "no port\n", "99999999\n", "0\n", "\x00"])
def test_waking_nobody_never_fails(tmp_path: Path, content: str | None) -> None:
    settings = Settings(data_dir=tmp_path)
    if content is not None:
        settings.wakeup_path.write_text(content, encoding="ascii")
    wake_worker(settings)


def test_the_last_workers_stay_known(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "not there yet")
    for port in [*range(9001, 9012), 9008]:
        announce_port(settings, port)
    ports = settings.wakeup_path.read_text(encoding="ascii").split()
    assert ports == ["9004", "9005", "9006", "9007", "9009", "9010", "9011", "9008"]
    assert [path.name for path in settings.wakeup_path.parent.iterdir()] == ["worker.wakeup"]
