"""What ends a silence, whom a refusal counts for, one mail an address, and clocks that were ahead."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from actions import context
from actions.alerts import silence_alert
from alerts.health import record_heartbeat, worker_state
from alerts.jobs import make_rounds, sweep
from alerts.outbox import Outcome, Result, claim_next, record_outcome
from alerts.system import Problem, note_problems, system_signals
from db.models import Delivery, Notice, Recipient
from db.session import reading, writing
from tests.alerts.conftest import PEOPLE, Ward, at
from tests.alerts.test_clock import look, minutes, opened, use_protocol
from tests.alerts.test_reconcile import GRADE_3, mail_of
from tests.support import made_up

pytestmark = pytest.mark.postgresql_in_soak


@pytest.fixture
def chased(ward: Ward) -> Ward:
    """A patient whose grade 3 nobody has answered."""
    use_protocol(ward)
    ward.assess(4, **GRADE_3)
    return ward


def add(ward: Ward, group: str, address: str) -> None:
    with writing() as session:
        session.add(Recipient(name=group, address=address, group=group, valid_from=at(0), created_at=at(0)))


def test_a_silence_of_something_mild_does_not_cover_what_got_worse(ward: Ward) -> None:
    use_protocol(ward)
    ward.assess(4, systolic_mmhg=84)
    (mild,) = ward.alerts()
    silence_alert(int(mild.id or 0), "Known", at(28), by=ward.investigator, now=at(4.5))
    ward.assess(5, vasopressors="norepinephrine")
    for after_min in range(0, 61, 5):
        look(ward, at(5.1) + minutes(after_min))
    assert ward.alert().urgency == 2
    assert ward.kinds()[:2] == ["opening", "worsened"]
    assert "escalation" in ward.kinds()


def test_a_silence_holds_while_nothing_new_is_known(chased: Ward) -> None:
    silence_alert(
        int(chased.alert().id or 0),
        "Seen",
        opened() + minutes(90),
        by=chased.investigator,
        now=opened() + minutes(1),
    )
    for after_min in (15, 30, 60, 89):
        assert look(chased, opened() + minutes(after_min)) == 0
    assert look(chased, opened() + minutes(90)) == 1


def refuse(ward: Ward, *names: str) -> None:
    """The mail server refuses these recipients for good, whatever waits for them, and takes the others."""
    with writing() as session:
        for delivery in session.exec(select(Delivery).where(Delivery.state == "pending")).all():
            refused = delivery.name in names
            delivery.state = "failed" if refused else "sent"
            delivery.sent_at = None if refused else opened()
            session.add(delivery)


def test_one_dead_mailbox_takes_an_alert_one_step_further_and_not_up_the_whole_ladder(chased: Ward) -> None:
    add(chased, "deputy", "deputy@hospital.org")
    add(chased, "committee_chair", "chair@hospital.org")
    refuse(chased, "Dr Wu")
    assert look(chased, opened()) == 1
    refuse(chased, "Dr Wu")  # who is told at that step, too
    assert look(chased, opened()) == 0
    assert [(one.kind, one.step) for one in chased.notices()] == [("opening", 0), ("escalation", 1)]
    refuse(chased, "deputy")


def test_somebody_else_who_is_refused_takes_it_further_again(chased: Ward) -> None:
    add(chased, "deputy", "deputy@hospital.org")
    add(chased, "committee_chair", "chair@hospital.org")
    refuse(chased, "Dr Wu")
    look(chased, opened())
    refuse(chased, "Dr Wu", "deputy")
    assert look(chased, opened()) == 1
    assert chased.notices()[-1].step == 2


def test_who_stands_in_two_groups_gets_one_mail(ward: Ward) -> None:
    add(ward, "pi", "LI@hospital.org")
    ward.assess(4, **GRADE_3)
    told = [mail.address for mail in ward.deliveries()]
    assert told == [person.address for person in PEOPLE]
    (stable_id,) = (one.assessment_stable_id for one in _members())
    made_up.correct(stable_id, at(5), "typing error", vasopressors="none")
    assert len({mail.address for mail in ward.deliveries()}) == len(PEOPLE)


def test_what_is_withdrawn_never_reaches_an_inbox_before_its_call_whichever_group_it_was_for(
    ward: Ward,
) -> None:
    use_protocol(ward)
    add(ward, "deputy", "LI@hospital.org")  # Dr Li stands in a second group, which is told at the next step
    ward.assess(4, **GRADE_3)
    refuse(ward)  # the opening has left
    look(ward, opened() + minutes(15))
    with writing() as session:  # the relay says "later"
        for delivery in session.exec(select(Delivery).where(Delivery.state == "pending")).all():
            delivery.due_at, delivery.attempts = opened() + minutes(25), 4
            session.add(delivery)
    (stable_id,) = (one.assessment_stable_id for one in _members())
    made_up.correct(stable_id, opened() + minutes(20), "typing error", vasopressors="none")
    left: list[tuple[str, str]] = []
    while True:
        now = opened() + minutes(30)
        with writing() as session:
            claimed = claim_next(session, worker="w", now=now)
        if claimed is None:
            break
        with writing() as session:
            record_outcome(session, claimed, Outcome(Result.SENT, "250"), now=now)
        left.append((claimed.address.lower(), str(mail_of(claimed.message)["Subject"])))
    to_li = [subject for address, subject in left if address == "li@hospital.org"]
    assert [subject.split()[1] for subject in to_li] == ["not", "withdrawn:"]


def test_a_problem_noted_by_a_clock_that_was_ahead_does_not_stand_until_then(ward: Ward) -> None:
    with writing() as session:
        note_problems(session, {Problem.CLOCK}, now=at(24 * 7))
    with reading() as session:
        assert system_signals(session, at(1)) == set()
        assert len(system_signals(session, at(24 * 7))) == 1


def _members() -> list[Any]:
    from db.models import AlertAssessment

    with reading() as session:
        return list(session.exec(select(AlertAssessment)).all())


def test_a_sign_of_life_from_a_clock_that_was_ahead_proves_nothing(ward: Ward) -> None:
    with writing() as session:
        record_heartbeat(session, worker="old", now=at(24 * 7), sends_mail=True)
    with reading() as session:
        assert not worker_state(session, at(1)).alive
        assert worker_state(session, at(24 * 7) - timedelta(minutes=1)).alive


def test_a_digest_from_a_clock_that_was_ahead_stands_for_none_of_today(ward: Ward) -> None:
    protocol = context.protocol()
    assert make_rounds(ward.settings, protocol, now=at(22 + 24 * 7)) > 0
    assert make_rounds(ward.settings, protocol, now=at(22 + 24)) == 1
    assert make_rounds(ward.settings, protocol, now=at(22 + 24.5)) == 0


def test_a_death_is_told_at_night_too(ward: Ward) -> None:
    ward.assess(4, **GRADE_3)
    ward.mark_sent()
    ward.assess(16, **{**GRADE_3, "death_due_to": "other"})  # 02:00
    with reading() as session:
        notice = session.exec(select(Notice).where(Notice.kind == "death")).one()
        due = {
            one.due_at for one in session.exec(select(Delivery).where(Delivery.notice_id == notice.id)).all()
        }
    assert (notice.urgency, due) == (2, {notice.created_at})
    assert mail_of(ward.deliveries()[-1].message)["Subject"].startswith("P2 ")
    assert sweep(ward.settings, context.protocol(), lambda: at(17)) == 0
