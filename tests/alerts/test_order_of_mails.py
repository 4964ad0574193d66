"""Mails of one alert leave in the order in which they were written; answered calls end."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from actions.alerts import acknowledge_alert
from alerts.health import worker_state
from alerts.outbox import (
    ANSWERED_BEFORE,
    LEASE,
    RETRY_S,
    Claimed,
    Outcome,
    Result,
    claim_due,
    record_outcome,
    release,
)
from alerts.stored import load_alerts, load_lives, version_to_acknowledge
from alerts.system import _refused
from db.models import Delivery, DeliveryAttempt, Notice
from db.session import reading, writing
from tests.alerts.conftest import PEOPLE, Ward, at
from tests.support import made_up

GRADE_3: dict[str, Any] = {"temperature_c": 38.6, "vasopressors": "norepinephrine"}
GRADE_4: dict[str, Any] = {"temperature_c": 38.6, "vasopressors": "norepinephrine;epinephrine"}
SENT = Outcome(Result.SENT, "250 Ok")
DOWN = Outcome(Result.RETRY, "The mail server cannot be reached: refused.")
NO_SUCH_USER = Outcome(Result.REFUSED, "550 no such user")
CUT = Outcome(Result.UNKNOWN, "cut")


def claim_all(now: datetime, worker: str = "w1") -> list[Claimed]:
    """Everything that may be claimed now, each kept."""
    claims: list[Claimed] = []
    with writing() as session:
        while found := claim_due(session, worker=worker, now=now):
            claims += found
    return claims


def record(claims: Sequence[Claimed], outcome: Outcome, now: datetime) -> None:
    with writing() as session:
        for one in claims:
            record_outcome(session, one, outcome, now=now, spread=0.0)


def outage(now: datetime, attempts: int = 4) -> datetime:
    """Nothing can be delivered so many times; the moment after the last attempt."""
    for seconds in (*RETRY_S[: attempts - 1], 1):
        record(claim_all(now), DOWN, now)
        now += timedelta(seconds=seconds)
    return now


def empty(now: datetime) -> list[str]:
    """The kinds of notice that arrive at the first recipient from now on, in their order."""
    arrived: list[str] = []
    while claims := claim_all(now):
        record(claims, SENT, now)
        with reading() as session:
            for one in claims:
                delivery = session.get_one(Delivery, one.id)
                if delivery.recipient_id == 1:
                    arrived.append(session.get_one(Notice, delivery.notice_id).kind)
    return arrived


@pytest.mark.parametrize("outcome", [DOWN, CUT], ids=["retry", "unknown"])
def test_after_an_outage_the_withdrawal_arrives_after_what_it_withdraws(ward: Ward, outcome: Outcome) -> None:
    entry = ward.assess(4, **GRADE_3)
    now = outage(at(4.1))
    # The last attempt may have ended either way.
    with writing() as session:
        for one in session.exec(select(Delivery)).all():
            one.state = "unknown" if outcome is CUT else "pending"
            session.add(one)
    before = {one.id: one.message for one in ward.deliveries()}
    assert claim_all(now) == [], "the next attempt is 40 s away"
    made_up.correct(entry, now, "wrong line", vasopressors="none")
    assert empty(now) == ["opening", "retraction"], "at once, and in order"
    after = {one.id: one.message for one in ward.deliveries()}
    assert {id_: after[id_] for id_ in before} == before, "bytes that may have been seen never change"
    assert len(after) == 2 * len(PEOPLE)


def test_a_p1_that_waits_keeps_its_p2_withdrawal_behind_it(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_4)
    now = outage(at(4.1))
    made_up.correct(entry, now, "wrong line", vasopressors="none")
    assert [one.urgency for one in ward.deliveries()] == [1] * 3 + [2] * 3
    assert empty(now) == ["opening", "retraction"]


def test_an_earlier_mail_becomes_as_urgent_as_the_later_one_that_waits_for_it(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_3)
    now = outage(at(4.1))
    made_up.correct(entry, now, "wrong line", **GRADE_4)
    opening, worsened = ward.deliveries()[0], ward.deliveries()[3]
    assert (opening.urgency, worsened.urgency) == (1, 1)
    assert opening.due_at == worsened.due_at == now
    assert empty(now) == ["opening", "worsened"]


def test_nothing_is_claimed_while_an_earlier_one_is_being_sent(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_3)
    now = at(4.1)
    openings = claim_all(now, "slow")
    made_up.correct(entry, now, "wrong line", vasopressors="none")
    assert claim_all(now, "quick") == []
    record(openings[:1], SENT, now)
    assert [one.address for one in claim_all(now, "quick")] == [openings[0].address], "others hold nobody up"
    assert {one.id for one in claim_all(now + LEASE - timedelta(seconds=1), "quick")} == set()
    taken_over = claim_all(now + LEASE, "quick")
    assert {one.id for one in openings[1:]} < {one.id for one in taken_over}, "a dead worker holds up 10 s"


def test_a_retry_of_the_earlier_one_holds_the_later_one(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_3)
    now = at(4.1)
    openings = claim_all(now)
    made_up.correct(entry, now, "wrong line", vasopressors="none")
    record(openings, DOWN, now)
    assert claim_all(now + timedelta(seconds=4)) == []
    assert empty(now + timedelta(seconds=5)) == ["opening", "retraction"]


def test_a_mail_that_was_refused_for_good_holds_nothing_up(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_3)
    now = at(4.1)
    record(claim_all(now), NO_SUCH_USER, now)
    made_up.correct(entry, now, "wrong line", vasopressors="none")
    assert empty(now) == ["retraction"]


def test_mails_about_no_alert_wait_for_none(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    ward.mark_sent()
    with writing() as session:
        built = session.get_one(Delivery, 1).model_dump(exclude={"id", "uid", "notice_id", "urgency"})
        built |= {"state": "pending", "sent_at": None, "attempts": 0, "urgency": 4}
        for n in range(3):
            notice = Notice(kind="digest", urgency=4, created_at=at(4))
            session.add(notice)
            session.flush()
            session.add(Delivery(**built, uid=f"digest-{n}", notice_id=notice.id or 0))
    with writing() as session:
        assert len(claim_due(session, worker="w1", now=at(5))) == 3, "in one batch"


def test_a_withdrawal_given_back_by_a_batch_stays_behind(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_3)
    now = at(4.1)
    openings = claim_all(now)
    made_up.correct(entry, now, "wrong line", vasopressors="none")
    with writing() as session:
        release(session, openings)
    assert empty(now) == ["opening", "retraction"]


def acknowledge(ward: Ward, now: datetime) -> None:
    alert = ward.alert()
    with reading() as session:
        version = version_to_acknowledge(session, alert.id or 0)
    acknowledge_alert(alert.id or 0, alert.level, version, "seen_at_bedside", by=ward.investigator, now=now)


def failed_for(ward: Ward) -> list[str | None]:
    return [one.last_error for one in ward.deliveries() if one.state == "failed"]


def seen_as_refused(ward: Ward, now: datetime) -> tuple[int, bool, bool]:
    """By the banner, by the alert of the program, and by escalation."""
    with reading() as session:
        lives = load_lives(session, load_alerts(session, ward.infusion_id))
        refused = any(life.refused for life in lives.values())
        return worker_state(session, now).failed, _refused(session, now), refused


def test_a_call_that_was_answered_an_hour_ago_ends_and_is_no_refusal(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    acknowledge(ward, at(4.2))
    within = at(4.1) + timedelta(hours=1)
    record(claim_all(within), DOWN, within)
    assert failed_for(ward) == [], "not older than an hour"
    later = within + timedelta(minutes=5)
    record(claim_all(later), DOWN, later)
    assert failed_for(ward) == [ANSWERED_BEFORE] * len(PEOPLE)
    assert {one.claimed_by for one in ward.deliveries()} == {None}
    assert claim_all(at(400)) == []
    assert seen_as_refused(ward, later) == (0, False, False)
    with reading() as session:
        told = session.exec(select(DeliveryAttempt).order_by(col(DeliveryAttempt.id))).all()
    assert {(one.outcome, one.reply) for one in told} == {("retry", DOWN.reply)}, "what happened stays told"


def test_a_call_that_nobody_answered_is_tried_for_ever(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    for hours in (6, 30, 300):
        record(claim_all(at(hours)), DOWN, at(hours))
    assert {one.state for one in ward.deliveries()} == {"pending"}


def test_a_refusal_is_seen_as_one_also_after_the_acknowledgement(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    acknowledge(ward, at(4.2))
    record(claim_all(at(6)), NO_SUCH_USER, at(6))
    assert failed_for(ward) == [NO_SUCH_USER.reply] * len(PEOPLE)
    assert seen_as_refused(ward, at(6)) == (len(PEOPLE), True, True)


def test_an_answered_call_that_can_be_delivered_still_arrives(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    acknowledge(ward, at(4.2))
    assert empty(at(9)) == ["opening"]


def test_a_withdrawal_is_tried_on_and_arrives_without_what_it_withdraws(ward: Ward) -> None:
    entry = ward.assess(4, **GRADE_3)
    now = outage(at(4.1))
    made_up.correct(entry, now, "wrong line", vasopressors="none")
    for hours in (6, 7, 30):
        record(claim_all(at(hours)), DOWN, at(hours))
    assert failed_for(ward) == [ANSWERED_BEFORE] * len(PEOPLE)
    assert empty(at(31)) == ["retraction"]
