"""A bar, a stopping rule and a serious event's report meet their stored alerts: only a person ends them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.model import Signal, SignalKind, SignalState
from alerts.states import AlertState, EndedReason, NoticeKind, StoredAlert
from tests.alerts.courses import START
from tests.alerts.test_difference_of_standing import NOW, alert, meet, only, signal

K, N, R, A = SignalKind, NoticeKind, EndedReason, AlertState


def rule(codes: str = "p1 p2", **more: object) -> Signal:
    return signal(K.BOUNDARY, "rule", urgency=1, members=tuple(codes.split()), **more)


def rule_alert(codes: str = "p1 p2", **more: object) -> StoredAlert:
    return alert(K.BOUNDARY, "rule", urgency=1, members=frozenset(codes.split()), **more)


def decided(hours: float, codes: str = "p1 p2") -> Signal:
    return rule(codes, state=SignalState.DECIDED, last_at=START + timedelta(hours=hours))


def test_a_rule_that_is_reached_opens_one_alert_and_standing_on_changes_nothing() -> None:
    assert only(meet([rule()], [])) == (A.OPEN, N.OPENING, None)
    for state in (A.OPEN, A.ACKNOWLEDGED):
        assert meet([rule()], [rule_alert(state=state, acknowledged_at=NOW)]) == []


def test_a_decision_closes_it_and_what_was_decided_opens_no_other() -> None:
    assert only(meet([decided(2)], [rule_alert()])) == (A.CLOSED, N.RECOVERY, R.DECIDED)
    assert only(meet([decided(0)], [rule_alert()])) == (A.CLOSED, N.RECOVERY, R.DECIDED)
    closed = rule_alert(state=A.CLOSED, ended_reason="decided")
    assert meet([decided(2)], [closed]) == []
    assert meet([decided(2)], []) == []


def test_a_crossing_anew_is_a_new_alert() -> None:
    (change,) = meet([rule("p1 p2 p3")], [rule_alert(state=A.CLOSED, ended_reason="decided")])
    assert (change.alert_id, change.notice) == (None, N.OPENING)


def test_a_further_event_while_the_committee_is_awaited_is_told_and_asks_anew() -> None:
    answered = rule_alert(state=A.ACKNOWLEDGED, acknowledged_at=NOW)
    (change,) = meet([rule("p1 p2 p3")], [answered])
    assert (change.state, change.notice, change.members) == (
        A.OPEN,
        N.WORSENED,
        frozenset({"p1", "p2", "p3"}),
    )


@pytest.mark.parametrize("state", [A.OPEN, A.ACKNOWLEDGED])
def test_a_corrected_event_is_told_and_the_alert_waits_for_the_committee(state: AlertState) -> None:
    stored = rule_alert("p1 p2 p3", state=state, acknowledged_at=NOW)
    (still,) = meet([rule()], [stored])
    assert (still.state, still.notice, still.members, still.lost) == (
        state,
        N.AMENDMENT,
        frozenset({"p1", "p2"}),
        frozenset({"p3"}),
    )
    (fallen,) = meet([], [stored])
    assert (fallen.state, fallen.notice, fallen.members) == (state, N.AMENDMENT, frozenset())
    assert fallen.ended_reason is None
    assert meet([], [replace(stored, members=frozenset())]) == [], "told once"
    assert meet([], [stored], monitored=False)[0].state is state


def test_a_decision_taken_before_it_opened_is_none_on_it() -> None:
    stored = rule_alert(opened_at=START + timedelta(hours=5))
    (fallen,) = meet([decided(4, "p9")], [stored])
    assert (fallen.state, fallen.notice) == (A.OPEN, N.AMENDMENT)
    assert only(meet([decided(6, "p9")], [stored])) == (A.CLOSED, N.RECOVERY, R.DECIDED)


def test_an_answer_to_a_rule_lapses_after_a_day() -> None:
    answered = rule_alert(state=A.ACKNOWLEDGED, acknowledged_at=START)
    assert meet([rule()], [answered], now=START + timedelta(hours=23.9)) == []
    assert only(meet([rule()], [answered], now=START + timedelta(hours=24))) == (A.OPEN, N.LAPSED, None)


def test_a_rule_reached_in_imported_history_is_stored_quietly_until_something_joins_it() -> None:
    (change,) = meet([rule()], [], historical=True)
    assert (change.state, change.notice, change.historical) == (A.CLOSED, None, True)
    stored = rule_alert(state=A.CLOSED, historical=True, ended_reason="historical")
    assert meet([rule()], [stored]) == []
    assert only(meet([rule("p1 p2 p3")], [stored])) == (A.OPEN, N.OPENING, None)


def report(**more: object) -> Signal:
    return signal(K.SAE_CLOCK, "event", **({"urgency": 2} | more))


def report_alert(**more: object) -> StoredAlert:
    return alert(K.SAE_CLOCK, "event", **({"urgency": 2, "first_observed_at": START} | more))


def test_a_serious_event_opens_one_alert_which_time_makes_urgent() -> None:
    assert only(meet([report()], [])) == (A.OPEN, N.OPENING, None)
    assert meet([report()], [report_alert()]) == []
    for state in (A.OPEN, A.ACKNOWLEDGED):
        (change,) = meet([report(urgency=1)], [report_alert(state=state)])
        assert (change.state, change.notice, change.urgency) == (A.OPEN, N.WORSENED, 1)


def test_a_report_closes_it() -> None:
    reported = report(state=SignalState.REPORTED)
    assert only(meet([reported], [report_alert()])) == (A.CLOSED, N.RECOVERY, R.REPORTED)
    assert meet([reported], [report_alert(state=A.CLOSED, ended_reason="reported")]) == []
    assert meet([reported], []) == []


def test_an_event_that_is_not_serious_any_more_takes_it_back() -> None:
    assert only(meet([], [report_alert()])) == (A.RETRACTED, N.RETRACTION, R.CORRECTED)
    assert meet([], [report_alert(state=A.RETRACTED, ended_reason="corrected")]) == []
    # What was reported stays reported.
    assert meet([], [report_alert(state=A.CLOSED, ended_reason="reported")]) == []
    assert only(meet([report()], [report_alert(state=A.RETRACTED)])) == (A.OPEN, N.OPENING, None)


def test_an_acknowledgement_of_it_never_lapses() -> None:
    answered = report_alert(state=A.ACKNOWLEDGED, acknowledged_at=START)
    assert meet([report()], [answered], now=START + timedelta(days=400)) == []


def test_a_corrected_awareness_moves_the_clock_and_is_told_where_the_report_is_not_late_any_more() -> None:
    later = START + timedelta(hours=3)
    (moved,) = meet([report(first_at=later)], [report_alert()])
    assert (moved.state, moved.notice, moved.signal and moved.signal.first_at) == (A.OPEN, None, later)
    (not_late,) = meet([report(first_at=later)], [report_alert(urgency=1)])
    assert (not_late.state, not_late.notice, not_late.urgency) == (A.OPEN, N.AMENDMENT, 2)


def test_an_imported_serious_event_is_never_told() -> None:
    assert meet([report(urgency=1)], [], historical=True)[0].historical
    assert meet([report(urgency=1)], [report_alert(state=A.CLOSED, historical=True)]) == []


def bar(members: str = "a1", **more: object) -> Signal:
    listed = tuple(members.split())
    return signal(K.BARRED, "", urgency=2, members=listed, levels=dict.fromkeys(listed, 0), **more)


def bar_alert(members: str = "a1", **more: object) -> StoredAlert:
    return alert(K.BARRED, "", members=frozenset(members.split()), **({"urgency": 2} | more))


def test_a_bar_opens_one_alert_and_a_further_grade_joins_it_quietly() -> None:
    assert only(meet([bar()], [])) == (A.OPEN, N.OPENING, None)
    (joined,) = meet([bar("a1 a2")], [bar_alert(state=A.ACKNOWLEDGED, acknowledged_at=NOW)])
    assert (joined.state, joined.notice, joined.members) == (A.ACKNOWLEDGED, None, frozenset({"a1", "a2"}))


def test_the_grade_is_told_before_the_bar() -> None:
    grave = signal(K.GRADE_3, "crs", level=3, urgency=2, members=("a1",), levels={"a1": 3})
    assert [change.kind for change in meet([bar(), grave], [])] == [K.GRADE_3, K.BARRED]


def test_a_release_closes_a_bar_and_a_worse_grade_opens_it_again() -> None:
    released = bar(state=SignalState.RELEASED)
    assert only(meet([released], [bar_alert()])) == (A.CLOSED, N.RECOVERY, R.RELEASED)
    closed = bar_alert(state=A.CLOSED, ended_reason="released")
    assert meet([released], [closed]) == []
    assert only(meet([bar("a1 a2")], [closed])) == (A.OPEN, N.AGAIN, None)
    assert meet([released], []) == []


@pytest.mark.parametrize(("state", "reason"), [(SignalState.DIED, R.DEATH), (SignalState.LEFT, R.LEFT)])
def test_death_and_withdrawal_close_a_bar_without_a_mail(state: SignalState, reason: EndedReason) -> None:
    assert only(meet([bar(state=state)], [bar_alert()])) == (A.CLOSED, None, reason)


@pytest.mark.parametrize("state", [A.OPEN, A.ACKNOWLEDGED, A.CLOSED])
def test_a_corrected_entry_takes_a_bar_back(state: AlertState) -> None:
    assert only(meet([], [bar_alert(state=state)])) == (A.RETRACTED, N.RETRACTION, R.CORRECTED)
    (amended,) = meet([bar()], [bar_alert("a1 a2")])
    assert (amended.state, amended.notice, amended.lost) == (A.OPEN, N.AMENDMENT, frozenset({"a2"}))


@pytest.mark.parametrize("state", [A.OPEN, A.ACKNOWLEDGED])
def test_an_attempt_at_a_barred_infusion_stays_urgent(state: AlertState) -> None:
    attempted = bar_alert(urgency=1, state=state, acknowledged_at=NOW)
    assert meet([bar()], [attempted]) == []
    assert meet([bar()], [attempted], now=NOW + timedelta(days=60)) == []


def test_a_bar_of_imported_history_is_quiet_until_a_further_grade_joins_it() -> None:
    assert meet([bar()], [], historical=True)[0].historical
    stored = bar_alert(state=A.CLOSED, historical=True, ended_reason="historical")
    assert meet([bar()], [stored]) == []
    assert only(meet([bar("a1 a2")], [stored])) == (A.OPEN, N.OPENING, None)
