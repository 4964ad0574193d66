"""The stopping page: how each rule stands, in words and tables, and the committee's signed decision."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from actions import context
from actions.committee import RuleDecision, decide_on_rule
from actions.errors import ChangedMeanwhile, NotPermitted, Refused
from actions.passwords import hash_password
from actions.sign_ins import throttle_of_all, throttle_of_one
from actions.signatures import Signer, check_signer, record_hash
from clock import utc_now
from db.models import CommitteeDecision, Signature, User
from db.queries.stopping import load_rules
from db.roles import Actor, Role
from db.session import reading, writing
from settings import Settings
from tests.support import made_up
from tests.support.pages import open_page, words_of
from trial.protocol import load_protocol

PASSWORD = "four words make one"
RULE = "grade3_second"
GRADE_3 = {**made_up.WELL, "temperature_c": 38.9, "vasopressors": "norepinephrine"}


@pytest.fixture
def committee(sqlite_database: str, tmp_path: Path) -> Actor:
    """A member of the committee, on an empty database."""
    context.configure(
        Settings(database_url=sqlite_database, data_dir=tmp_path, site_timezone="Asia/Shanghai"),
        load_protocol(),
    )
    throttle_of_one.clear()
    throttle_of_all.clear()
    with writing() as session:
        user = User(
            username="member",
            display_name="Dr Example",
            role=Role.COMMITTEE.value,
            password_hash=hash_password(PASSWORD),
            created_at=utc_now(),
        )
        session.add(user)
        session.flush()
        actor = Actor(user.id, user.username, user.display_name, Role.COMMITTEE)
    return actor


def infused_twice(code: str, days_ago: int, *, event: bool) -> None:
    """A patient whose second infusion was so long ago, with a grade 3 after it or without."""
    first, second = utc_now() - timedelta(days=days_ago + 40), utc_now() - timedelta(days=days_ago)
    patient_id = made_up.enrol(code, first - timedelta(days=10))
    made_up.infuse(patient_id, 1, first)
    infusion_id = made_up.infuse(patient_id, 2, second)
    entries = [(second + timedelta(days=2), GRADE_3 if event else made_up.WELL)]
    made_up.assess(patient_id, infusion_id, entries)


def signer(member: Actor) -> Signer:
    return check_signer(member, PASSWORD, now=utc_now())


def test_an_empty_trial_says_that_nobody_is_under_a_rule(
    committee: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = words_of(open_page(monkeypatch, "committee/stopping.py", committee))
    assert "0 of 0 evaluable patients had an event. Nobody is pending." in shown
    assert shown.count("Nobody has had the second infusion yet.") == 2
    assert "It never stops the trial by itself." in shown


def test_the_page_counts_names_the_readings_and_leads_to_the_patients(
    committee: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    infused_twice("CART-001", 50, event=True)
    infused_twice("CART-002", 45, event=False)
    infused_twice("CART-003", 10, event=False)
    app = open_page(monkeypatch, "committee/stopping.py", committee)
    shown = words_of(app)
    assert "Formal reading: 1 of 2 evaluable patients had an event. 1 pending." in shown
    assert "The next count that pauses: 3 events among 4." in shown
    assert "Immediate reading: 1 event among 3 infused; the limit at 3 is 3." in shown
    assert "CRS 3 on day 2" in shown
    assert "Exact false-stop rate 9.80 %" in shown
    assert "not yet approved" in shown
    before = stored_decisions()
    app.toggle[0].set_value(True).run()
    assert "If the next patient has an event: formal reading 2 of 3" in words_of(app)
    assert stored_decisions() == before


def test_a_limit_that_is_passed_already_is_not_called_the_next_one(
    committee: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        infused_twice(f"CART-00{number}", 20 - number, event=True)
    shown = words_of(open_page(monkeypatch, "committee/stopping.py", committee))
    assert "Formal reading: 0 of 0 evaluable patients had an event. 3 pending, 3 of them with" in shown
    assert "Immediate reading: 3 events among 3 infused; the limit at 3 is 3. The limit at 4 is" in shown


def test_a_reached_rule_asks_for_a_decision_and_the_signed_decision_settles_it(
    committee: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    infused_twice("CART-001", 50, event=True)
    infused_twice("CART-002", 45, event=True)
    assert "This rule is reached by the formal reading: 2 events among 2" in words_of(
        open_page(monkeypatch, "committee/stopping.py", committee)
    )
    shown = ("CART-001", "CART-002")
    decide_on_rule(
        RULE, RuleDecision.PAUSE, "Both severe", shown=shown, signer=signer(committee), now=utc_now()
    )
    after = words_of(open_page(monkeypatch, "committee/stopping.py", committee))
    assert "This rule is reached" not in after
    assert "Pause further infusions Both severe CART-001, CART-002" in after
    with reading() as session:
        decision = session.exec(select(CommitteeDecision)).one()
        signature = session.exec(select(Signature)).one()
        (state, _) = load_rules(session, context.protocol().stopping, utc_now(), context.settings().zone)
    assert state.crossing is None
    assert (signature.subject, signature.subject_id) == ("committee_decision", decision.id)
    assert signature.meaning == "The committee decides to pause further infusions"
    record = {
        name: getattr(decision, name)
        for name in ("rule", "reading", "decision", "reason", "protocol_hash", "by", "at")
    }
    assert signature.record_hash == record_hash(record)


def test_a_decision_on_events_that_have_changed_is_refused_and_nothing_is_stored(committee: Actor) -> None:
    infused_twice("CART-001", 50, event=True)
    with pytest.raises(ChangedMeanwhile, match="Nothing was recorded") as refusal:
        decide_on_rule(
            RULE, RuleDecision.CONTINUE, "Reviewed", shown=(), signer=signer(committee), now=utc_now()
        )
    assert refusal.value.theirs == {"with_event": "CART-001"}
    assert stored_decisions() == 0


def test_a_decision_needs_a_reason_a_known_rule_and_the_committee(committee: Actor) -> None:
    with pytest.raises(Refused, match="Give the committee's reasons"):
        decide_on_rule(RULE, RuleDecision.STOP, " ", shown=(), signer=signer(committee), now=utc_now())
    with pytest.raises(Refused, match="not in the protocol"):
        decide_on_rule("old", RuleDecision.STOP, "x", shown=(), signer=signer(committee), now=utc_now())
    nurse = Signer(Actor(committee.user_id, "nurse", "Nurse", Role.WARD))
    with pytest.raises(NotPermitted):
        decide_on_rule(RULE, RuleDecision.STOP, "x", shown=(), signer=nurse, now=utc_now())
    assert stored_decisions() == 0


def stored_decisions() -> int:
    with reading() as session:
        return len(session.exec(select(CommitteeDecision)).all())
