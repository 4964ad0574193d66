"""Alerts that only a person ends, on the database: the bar, attempts, stopping rules, serious events."""

from datetime import timedelta
from typing import Any

import pytest

from actions import context
from actions.errors import Refused
from alerts import swept
from alerts.jobs import take_next_step
from alerts.reconcile import reconcile_program
from db.models import Patient
from db.roles import SYSTEM
from db.session import writing
from tests.alerts.conftest import Ward, at
from tests.alerts.latching import (
    AWARE_AT,
    DAY,
    GRADE_3,
    GRADE_4,
    NOT_SERIOUS,
    add_recipient,
    alerts_of,
    another_investigator,
    answer,
    attempt,
    crossed,
    decide,
    groups_told,
    latching,
    look,
    notices_of,
    record_event,
    release,
    report_event,
    second_infusion,
    the_alert,
    told,
    withdraw_reports,
)
from tests.db import rows
from tests.support import made_up

pytestmark = pytest.mark.postgresql_in_soak


@pytest.fixture
def site(ward: Ward) -> Ward:
    return latching(ward)


@pytest.fixture
def sqlite_site(sqlite_ward: Ward) -> Ward:
    return latching(sqlite_ward)


# --- The bar ----------------------------------------------------------------------------------------------


def test_grade_3_after_the_first_infusion_bars_in_the_entry_s_own_transaction(site: Ward) -> None:
    entry = site.assess(4, **GRADE_3)
    alert = the_alert(site, "barred")
    assert (alert.state, alert.urgency, alert.level, alert.slot) == ("open", 2, 0, "")
    assert alert.first_observed_at == at(4)
    assert told(site, "barred") == ["opening"]
    (opening,) = notices_of(site, "barred")
    assert groups_told(site, opening) == ["li@hospital.org", "wu@hospital.org"]
    assert opening.assessment_id is not None
    assert entry  # the entry itself was saved with it


def test_one_alert_a_patient_and_one_opening_mail_a_recipient_however_often_it_is_swept(site: Ward) -> None:
    site.assess(4, **GRADE_3)
    site.assess(8, consciousness="unarousable", ice_score=None)
    for hours in (8.2, 8.3, 8.3, 9):
        look(site, at(hours))
    assert len(alerts_of(site, "barred")) == 1
    assert told(site, "barred") == ["opening"]
    to = [one.address for one in site.deliveries() if one.notice_id == notices_of(site, "barred")[0].id]
    assert len(to) == len(set(to)) == 2


def test_recovery_ends_the_grade_and_not_the_bar(sqlite_site: Ward) -> None:
    sqlite_site.assess(4, **GRADE_3)
    for hours in (8, 12, 17):
        sqlite_site.assess(hours)
    look(sqlite_site, at(24 * 40))
    assert the_alert(sqlite_site, "grade3").state == "closed"
    assert the_alert(sqlite_site, "barred").state == "open"


def test_grade_3_after_the_second_infusion_bars_nothing(sqlite_site: Ward) -> None:
    second = made_up.infuse(sqlite_site.patient_id, 2, at(24 * 30))
    made_up.assess(sqlite_site.patient_id, second, [(at(24 * 31), {**made_up.WELL, **GRADE_3})])
    assert alerts_of(sqlite_site, "barred") == []


def test_it_stands_until_two_different_investigators_have_released_it(site: Ward) -> None:
    site.assess(4, **GRADE_3)
    mine = int(site.investigator.user_id or 0)
    release(site, mine, at(30))
    assert the_alert(site, "barred").state == "open"
    release(site, another_investigator(), at(31))
    alert = the_alert(site, "barred")
    assert (alert.state, alert.ended_reason, alert.closed_at) == ("closed", "released", at(31))
    assert told(site, "barred") == ["opening", "recovery"]
    assert look(site, at(32)) == 0


def test_a_release_that_no_action_followed_up_is_found_by_the_sweep(sqlite_site: Ward) -> None:
    sqlite_site.assess(4, **GRADE_3)
    for by in (int(sqlite_site.investigator.user_id or 0), another_investigator()):
        release(sqlite_site, by, at(30), reconciled=False)
    look(sqlite_site, at(31))
    assert the_alert(sqlite_site, "barred").ended_reason == "released"


def test_a_worse_grade_than_the_released_one_bars_again_in_the_same_thread(sqlite_site: Ward) -> None:
    sqlite_site.assess(4, **GRADE_3)
    release(sqlite_site, int(sqlite_site.investigator.user_id or 0), at(5))
    release(sqlite_site, another_investigator(), at(5))
    sqlite_site.assess(8, **GRADE_4)
    assert the_alert(sqlite_site, "barred").state == "open"
    assert told(sqlite_site, "barred") == ["opening", "recovery", "again"]


def test_a_corrected_entry_takes_the_bar_back(site: Ward) -> None:
    entry = site.assess(4, **GRADE_3)
    site.mark_sent()
    made_up.correct(entry, at(6), "wrong line", vasopressors="none")
    alert = the_alert(site, "barred")
    assert (alert.state, alert.ended_reason) == ("retracted", "corrected")
    assert told(site, "barred") == ["opening", "retraction"]
    assert attempt(site, at(7)) == 0
    made_up.correct(entry, at(8), "it was right", vasopressors="norepinephrine")
    assert [one.state for one in alerts_of(site, "barred")] == ["retracted", "open"]


def test_a_bar_that_was_released_is_taken_back_too(sqlite_site: Ward) -> None:
    entry = sqlite_site.assess(4, **GRADE_3)
    release(sqlite_site, int(sqlite_site.investigator.user_id or 0), at(5))
    release(sqlite_site, another_investigator(), at(5))
    sqlite_site.mark_sent()
    made_up.correct(entry, at(6), "wrong patient", status="voided")
    assert the_alert(sqlite_site, "barred").state == "retracted"
    assert told(sqlite_site, "barred") == ["opening", "recovery", "retraction"]


def test_one_of_two_grades_corrected_leaves_the_bar_and_says_so(sqlite_site: Ward) -> None:
    entry = sqlite_site.assess(4, **GRADE_3)
    sqlite_site.assess(8, **GRADE_3)
    made_up.correct(entry, at(9), "wrong line", vasopressors="none")
    assert the_alert(sqlite_site, "barred").state == "open"
    assert told(sqlite_site, "barred") == ["opening", "amendment"]


def test_an_attempt_is_told_at_once_to_the_plan_of_p1_in_the_same_thread(site: Ward) -> None:
    site.assess(4, **GRADE_3)
    answer(site, the_alert(site, "barred"), at(5), "informed")
    assert attempt(site, at(24 * 20)) == 1
    alert = the_alert(site, "barred")
    assert (alert.state, alert.urgency) == ("open", 1)
    assert told(site, "barred") == ["opening", "attempt"]
    notice = notices_of(site, "barred")[-1]
    assert notice.urgency == 1
    assert groups_told(site, notice) == ["li@hospital.org", "ward@hospital.org", "wu@hospital.org"]
    mails = [one.message for one in site.deliveries() if one.notice_id == notice.id]
    in_thread = [b"In-Reply-To" in (message or b"") for message in mails]
    assert sorted(in_thread) == [False, True, True]  # the ward had no mail of the bar itself


def test_a_second_touch_is_no_second_attempt_but_a_later_one_is(sqlite_site: Ward) -> None:
    sqlite_site.assess(4, **GRADE_3)
    minute = timedelta(minutes=1)
    assert [attempt(sqlite_site, at(50) + minutes * minute) for minutes in (0, 1, 4)] == [1, 0, 0]
    answer(sqlite_site, the_alert(sqlite_site, "barred"), at(50) + 4.5 * minute, "informed")
    assert attempt(sqlite_site, at(50) + 4.8 * minute) == 1, "after an answer it is told again"
    assert attempt(sqlite_site, at(50) + 10 * minute) == 1
    assert told(sqlite_site, "barred") == ["opening", "attempt", "attempt", "attempt"]


def test_no_sweep_takes_the_urgency_of_an_attempt_back(sqlite_site: Ward) -> None:
    sqlite_site.assess(4, **GRADE_3)
    attempt(sqlite_site, at(50))
    assert look(sqlite_site, at(50.1)) == 0
    assert the_alert(sqlite_site, "barred").urgency == 1


def test_an_attempt_where_nothing_bars_is_told_to_nobody(sqlite_site: Ward) -> None:
    sqlite_site.assess(4)
    assert attempt(sqlite_site, at(50)) == 0
    assert sqlite_site.alerts() == []


def test_an_attempt_at_a_bar_of_imported_history_opens_it(sqlite_site: Ward) -> None:
    sqlite_site.assess(4, historical=True, **GRADE_3)
    assert (the_alert(sqlite_site, "barred").state, sqlite_site.kinds()) == ("closed", [])
    assert look(sqlite_site, at(50)) == 0
    attempt(sqlite_site, at(51))
    alert = the_alert(sqlite_site, "barred")
    assert (alert.state, alert.historical, alert.urgency) == ("open", False, 1)


def test_an_answer_at_the_bedside_is_none_to_a_bar_and_a_right_one_never_lapses(sqlite_site: Ward) -> None:
    sqlite_site.assess(4, **GRADE_3)
    alert = the_alert(sqlite_site, "barred")
    with pytest.raises(Refused, match=r'"seen at bedside" is no answer to this alert\. Choose "the team is'):
        answer(sqlite_site, alert, at(5), "seen_at_bedside")
    answer(sqlite_site, alert, at(5), "informed")
    look(sqlite_site, at(24 * 50))
    assert the_alert(sqlite_site, "barred").state == "acknowledged"
    with pytest.raises(Refused, match='"the team is informed" is no answer to this alert'):
        answer(sqlite_site, the_alert(sqlite_site, "grade3"), at(6), "informed")


def test_a_death_under_the_second_infusion_ends_what_the_first_left_open(site: Ward) -> None:
    site.assess(4, **GRADE_3)
    second = made_up.infuse(site.patient_id, 2, at(24 * 30))
    look(site, at(24 * 30 + 1))
    died_at = at(24 * 33)
    made_up.assess(site.patient_id, second, [(died_at, {**made_up.WELL, "death_due_to": "other"})])
    look(site, died_at + timedelta(hours=1))
    ended = {one.signal: (one.state, one.ended_reason) for one in site.alerts()}
    assert ended == {"grade3": ("closed", "death"), "barred": ("closed", "death")}
    assert told(site, "grade3")[-1] == "death"
    assert "died, 33 days after the first infusion" in notices_of(site, "grade3")[-1].content["headline"]


def test_withdrawal_ends_the_bar_without_a_mail(sqlite_site: Ward) -> None:
    sqlite_site.assess(4, **GRADE_3)
    with writing() as session:
        session.get_one(Patient, sqlite_site.patient_id).withdrawn_at = at(40)
    look(sqlite_site, at(41))
    assert (the_alert(sqlite_site, "barred").ended_reason, told(sqlite_site, "barred")) == (
        "left",
        ["opening"],
    )


# --- Stopping rules ---------------------------------------------------------------------------------------


def test_a_count_below_the_limit_raises_nothing(sqlite_site: Ward) -> None:
    first, second = second_infusion("CART-001", 40), second_infusion("CART-002", 41)
    first.assess(2, **GRADE_3)
    second.assess(2)
    look(sqlite_site, at(24 * 44))
    assert alerts_of(sqlite_site, "boundary") == []


def test_the_entry_that_reaches_a_rule_raises_it_in_its_own_transaction(site: Ward) -> None:
    add_recipient("Prof Sun", "sun@committee.org", "committee_chair")
    crossed()
    alert = the_alert(site, "boundary")
    assert (alert.state, alert.urgency, alert.slot) == ("open", 1, "grade3_second")
    assert (alert.patient_id, alert.infusion_id, alert.counted) == (None, None, "CART-001;CART-002")
    (opening,) = notices_of(site, "boundary")
    assert groups_told(site, opening) == ["li@hospital.org", "sun@committee.org", "wu@hospital.org"]
    look(site, at(24 * 44.2))
    look(site, at(24 * 44.2))
    assert told(site, "boundary") == ["opening"]


def test_a_committee_decision_closes_it_and_time_opens_no_other(site: Ward) -> None:
    crossed()
    decide(site, at(24 * 50))
    alert = the_alert(site, "boundary")
    assert (alert.state, alert.ended_reason) == ("closed", "decided")
    assert told(site, "boundary") == ["opening", "recovery"]
    for days in (50, 60, 80, 100):
        assert look(site, at(24 * days)) == 0


def test_a_further_event_that_stops_by_itself_is_a_new_alert(sqlite_site: Ward) -> None:
    crossed()
    decide(sqlite_site, at(24 * 50))
    third = second_infusion("CART-003", 51)
    third.assess(1)
    assert len(alerts_of(sqlite_site, "boundary")) == 1
    third.assess(2, **GRADE_3)  # 3 of 3
    decided, anew = alerts_of(sqlite_site, "boundary")
    assert (decided.state, anew.state, anew.counted) == ("closed", "open", "CART-001;CART-002;CART-003")


def test_a_further_event_before_the_decision_is_told_in_the_same_alert(sqlite_site: Ward) -> None:
    crossed()
    second_infusion("CART-003", 45).assess(2, **GRADE_3)
    assert told(sqlite_site, "boundary") == ["opening", "worsened"]


def test_a_corrected_event_is_told_once_and_the_alert_waits_for_the_committee(site: Ward) -> None:
    _, _, entry = crossed()
    site.mark_sent()
    made_up.correct(entry, at(24 * 45), "wrong line", vasopressors="none")
    look(site, at(24 * 45.1))
    look(site, at(24 * 45.2))
    alert = the_alert(site, "boundary")
    assert (alert.state, alert.counted) == ("open", "none")
    assert told(site, "boundary") == ["opening", "amendment"]
    assert notices_of(site, "boundary")[-1].urgency == 3
    decide(site, at(24 * 46))
    assert the_alert(site, "boundary").ended_reason == "decided"


def test_a_rule_that_imported_history_has_reached_is_stored_as_historical(sqlite_site: Ward) -> None:
    for code, days in (("CART-001", 40), ("CART-002", 41)):
        patient = second_infusion(code, days)
        entry = (patient.infused_at + DAY, {**made_up.WELL, **GRADE_3})
        made_up.assess(patient.patient_id, patient.infusion_id, [entry], historical=True)
    alert = the_alert(sqlite_site, "boundary")
    assert (alert.state, alert.historical) == ("closed", True)
    assert look(sqlite_site, at(24 * 50)) == 0
    assert sqlite_site.kinds() == []


def test_a_death_of_the_follow_up_is_found_by_the_sweep(sqlite_site: Ward) -> None:
    patients = [second_infusion(f"CART-00{number}", 40 + number) for number in (1, 2)]
    with writing() as session:
        for one in patients:
            rows.add(
                session.connection(),
                "follow_up_event",
                patient_id=one.patient_id,
                kind="death",
                cause="infection",
                occurred_on=(one.infused_at + 9 * DAY).date(),
            )
    look(sqlite_site, at(24 * 52))
    assert the_alert(sqlite_site, "boundary").slot == "death_second"


def test_an_answer_at_the_bedside_is_none_to_a_rule(sqlite_site: Ward) -> None:
    crossed()
    alert = the_alert(sqlite_site, "boundary")
    with pytest.raises(Refused, match='Choose "committee called" or "other"'):
        answer(sqlite_site, alert, at(24 * 45), "drug_given")
    answer(sqlite_site, alert, at(24 * 45), "committee_called")
    assert look(sqlite_site, at(24 * 45 + 23)) == 0
    look(sqlite_site, at(24 * 45 + 24))
    assert told(sqlite_site, "boundary") == ["opening", "lapsed"]


# --- Serious events ---------------------------------------------------------------------------------------


def told_at_hours(ward: Ward) -> list[tuple[str, float]]:
    return [
        (one.kind, round((one.created_at - AWARE_AT) / timedelta(hours=1), 2))
        for one in notices_of(ward, "sae_clock")
    ]


def test_awareness_opens_the_clock_and_the_worker_reminds_until_it_is_reported(site: Ward) -> None:
    event = record_event(site, AWARE_AT + timedelta(minutes=30))
    alert = the_alert(site, "sae_clock")
    assert (alert.state, alert.urgency, alert.slot, alert.infusion_id) == ("open", 2, event, None)
    assert (alert.patient_id, alert.first_observed_at) == (site.patient_id, AWARE_AT)
    answer(site, alert, AWARE_AT + timedelta(hours=1), "will_report")
    for moment in (12, 20, 23, 24, 28, 32):
        for hours in (moment - 0.1, moment, moment + 0.1):
            look(site, AWARE_AT + timedelta(hours=hours))
    assert told_at_hours(site) == [
        ("opening", 0.5),
        ("repeat", 12),
        ("repeat", 20),
        ("repeat", 23),
        ("worsened", 24),
        ("repeat", 28),
        ("repeat", 32),
    ]
    assert (the_alert(site, "sae_clock").state, the_alert(site, "sae_clock").urgency) == ("open", 1)
    report_event(site, event, AWARE_AT + timedelta(hours=33))
    alert = the_alert(site, "sae_clock")
    assert (alert.state, alert.ended_reason) == ("closed", "reported")
    for hours in (33, 36, 60):
        assert look(site, AWARE_AT + timedelta(hours=hours)) == 0
    assert told(site, "sae_clock")[-1] == "recovery"


def test_a_report_entered_by_mistake_opens_it_again_and_the_sweep_finds_it_too(sqlite_site: Ward) -> None:
    event = record_event(sqlite_site, AWARE_AT)
    report_event(sqlite_site, event, AWARE_AT + timedelta(hours=2))
    withdraw_reports(AWARE_AT + timedelta(hours=25))
    look(sqlite_site, AWARE_AT + timedelta(hours=25))
    first, second = alerts_of(sqlite_site, "sae_clock")
    assert (first.state, first.ended_reason) == ("closed", "reported")
    assert (second.state, second.urgency, second.first_observed_at) == ("open", 1, AWARE_AT)
    assert told(sqlite_site, "sae_clock") == ["opening", "recovery", "opening"]


def test_while_nobody_acknowledges_the_deputy_is_told_too(sqlite_site: Ward) -> None:
    latching(sqlite_site, steps=2)
    add_recipient("Dr Chen", "chen@hospital.org", "deputy")
    record_event(sqlite_site, AWARE_AT)
    for hours in (1, 4, 12):
        look(sqlite_site, AWARE_AT + timedelta(hours=hours))
    opening, step, reminder = notices_of(sqlite_site, "sae_clock")
    assert (step.kind, reminder.kind) == ("escalation", "repeat")
    assert groups_told(sqlite_site, opening) == ["li@hospital.org", "wu@hospital.org"]
    assert groups_told(sqlite_site, step) == ["chen@hospital.org"]
    assert groups_told(sqlite_site, reminder) == ["chen@hospital.org", "li@hospital.org", "wu@hospital.org"]


def test_awareness_entered_when_it_is_overdue_already_opens_as_p1(sqlite_site: Ward) -> None:
    record_event(sqlite_site, AWARE_AT + timedelta(hours=26))
    assert the_alert(sqlite_site, "sae_clock").urgency == 1
    assert look(sqlite_site, AWARE_AT + timedelta(hours=27.9)) == 0
    look(sqlite_site, AWARE_AT + timedelta(hours=28))
    assert told_at_hours(sqlite_site) == [("opening", 26), ("repeat", 28)]


@pytest.mark.parametrize("later", [NOT_SERIOUS, {"voided": True}])
def test_an_event_judged_not_serious_or_withdrawn_takes_it_back(site: Ward, later: dict[str, Any]) -> None:
    event = record_event(site, AWARE_AT)
    site.mark_sent()
    record_event(site, AWARE_AT + timedelta(hours=2), event, **later)
    alert = the_alert(site, "sae_clock")
    assert (alert.state, alert.ended_reason) == ("retracted", "corrected")
    assert told(site, "sae_clock") == ["opening", "retraction"]
    assert look(site, AWARE_AT + timedelta(hours=30)) == 0
    record_event(site, AWARE_AT + timedelta(hours=31), event)
    assert [one.state for one in alerts_of(site, "sae_clock")] == ["retracted", "open"]


def test_an_event_that_is_not_serious_has_no_clock(sqlite_site: Ward) -> None:
    record_event(sqlite_site, AWARE_AT, **NOT_SERIOUS)
    assert look(sqlite_site, AWARE_AT + timedelta(hours=30)) == 0
    assert sqlite_site.alerts() == []


def test_two_events_of_a_patient_have_their_own_clocks(sqlite_site: Ward) -> None:
    first, second = record_event(sqlite_site, AWARE_AT), record_event(sqlite_site, AWARE_AT)
    report_event(sqlite_site, second, AWARE_AT + timedelta(hours=1))
    states = {one.slot: one.state for one in alerts_of(sqlite_site, "sae_clock")}
    assert states == {first: "open", second: "closed"}


def test_a_corrected_awareness_moves_the_clock(sqlite_site: Ward) -> None:
    event = record_event(sqlite_site, AWARE_AT + timedelta(hours=25))
    later = AWARE_AT + timedelta(hours=10)
    record_event(sqlite_site, AWARE_AT + timedelta(hours=26), event, aware_at=later)
    alert = the_alert(sqlite_site, "sae_clock")
    assert (alert.urgency, alert.first_observed_at) == (2, later)
    assert told(sqlite_site, "sae_clock") == ["opening", "amendment"]
    look(sqlite_site, later + timedelta(hours=23))
    assert told_at_hours(sqlite_site)[-1] == ("repeat", 33)


def test_an_event_before_the_first_infusion_has_a_clock_too(sqlite_site: Ward) -> None:
    record_event(sqlite_site, AWARE_AT, infusion_number=None)
    assert told(sqlite_site, "sae_clock") == ["opening"]


def test_one_that_cannot_be_swept_does_not_silence_the_others(
    sqlite_site: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_site.assess(4, **GRADE_3)
    crossed()
    record_event(sqlite_site, AWARE_AT)
    answer(sqlite_site, the_alert(sqlite_site, "boundary"), at(24 * 45), "committee_called")

    def broken(*_: object) -> None:
        raise ValueError("a fault of its own")

    monkeypatch.setattr(swept, "pending_changes", broken)
    monkeypatch.setattr(swept, "pending_of_rules", broken)
    look(sqlite_site, at(24 * 46))
    assert told(sqlite_site, "sae_clock") == ["opening", "worsened"]
    monkeypatch.undo()
    monkeypatch.setattr(swept, "pending_of_serious_events", broken)
    look(sqlite_site, at(24 * 46))
    assert told(sqlite_site, "boundary") == ["opening", "lapsed"]


def test_a_mail_refused_for_good_lets_the_next_step_run_at_once(sqlite_site: Ward) -> None:
    latching(sqlite_site, steps=2)
    add_recipient("Dr Chen", "chen@hospital.org", "deputy")
    record_event(sqlite_site, AWARE_AT)
    (delivery, _) = sqlite_site.deliveries()
    with writing() as session:
        refused = session.merge(delivery)
        refused.state, refused.last_error, refused.attempts = "failed", "550 no such user", 1
    take_next_step(
        int(delivery.id or 0),
        sqlite_site.settings,
        context.protocol(),
        now=lambda: AWARE_AT + timedelta(minutes=1),
    )
    assert told(sqlite_site, "sae_clock") == ["opening", "escalation"]


def test_a_problem_of_the_program_leaves_them_alone(sqlite_site: Ward) -> None:
    crossed()
    record_event(sqlite_site, AWARE_AT)
    with writing() as session:
        done = reconcile_program(
            session,
            [],
            now=at(24 * 46),
            protocol=context.protocol(),
            by=SYSTEM,
            settings=sqlite_site.settings,
        )
    assert done.notices == ()
    assert the_alert(sqlite_site, "boundary").state == the_alert(sqlite_site, "sae_clock").state == "open"
