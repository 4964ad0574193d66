"""When the second infusion is barred, when a stopping rule and a serious event's report are signalled."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.holding import TO_THE_END, holds_for
from alerts.latched_signals import (
    RuleFacts,
    SeriousEvent,
    barred_signals,
    boundary_signals,
    sae_signals,
)
from alerts.model import Bar, CourseFacts, Monitoring, SignalKind, SignalState
from tests.alerts.courses import START, course_of
from trial.protocol import load_protocol
from trial.second_infusion_facts import Release
from trial.stopping_reading import Count
from trial.stopping_rules import Crossing, ReadBy

PROTOCOL = load_protocol()
BAR_AT_2 = replace(PROTOCOL, eligibility=replace(PROTOCOL.eligibility, barring_grade=2))
TWO = (Release("Dr Li", "lasted an hour", 3, 0), Release("Dr Wu", "agreed", 3, 0))


def first(rows: str, *, bar: Bar | None = None, scale: str = "crs") -> CourseFacts:
    """The course after the first infusion, one letter a row."""
    return replace(course_of(rows, scale=scale), bar=bar or Bar())


@pytest.mark.parametrize("rows", ["", "0", "012", "m?", "u"])
def test_nothing_below_the_bar_s_grade_bars(rows: str) -> None:
    assert barred_signals(first(rows), PROTOCOL) == []


@pytest.mark.parametrize("scale", ["crs", "icans"])
def test_every_assessment_at_the_bar_is_a_member_and_recovery_ends_nothing(scale: str) -> None:
    (signal,) = barred_signals(first("0342M000000", scale=scale), PROTOCOL)
    assert (signal.kind, signal.slot, signal.state) == (SignalKind.BARRED, "", SignalState.FIRING)
    assert (signal.level, signal.urgency) == (0, 2)
    assert signal.members == ("a1", "a2", "a4")
    assert (signal.worst_id, signal.latest_id) == (102, 104)
    assert signal.first_at == START + timedelta(hours=4)
    assert signal.last_at == START + timedelta(hours=16)


def test_a_grade_proved_bars_while_something_is_not_recorded() -> None:
    (signal,) = barred_signals(first("M"), PROTOCOL)
    assert signal.state is SignalState.FIRING


def test_the_bar_s_grade_is_the_protocol_s() -> None:
    assert len(barred_signals(first("2"), BAR_AT_2)) == 1


def test_no_grade_after_the_second_infusion_bars() -> None:
    assert barred_signals(course_of("4"), PROTOCOL) == []


@pytest.mark.parametrize(
    ("rows", "releases", "state"),
    [
        ("3", (), SignalState.FIRING),
        ("3", TWO[:1], SignalState.FIRING),
        ("3", (TWO[0], TWO[0]), SignalState.FIRING),
        ("3", TWO, SignalState.RELEASED),
        ("34", TWO, SignalState.FIRING),
        ("34", (*TWO, replace(TWO[0], worst_crs=4)), SignalState.FIRING),
        ("34", tuple(replace(one, worst_crs=4) for one in TWO), SignalState.RELEASED),
    ],
)
def test_two_investigators_release_it_for_the_grades_they_signed_under(
    rows: str, releases: tuple[Release, ...], state: SignalState
) -> None:
    (signal,) = barred_signals(first(rows, bar=Bar(releases)), PROTOCOL)
    assert signal.state is state


def test_death_and_withdrawal_end_it() -> None:
    (died,) = barred_signals(first("35"), PROTOCOL)
    died_at = START + timedelta(days=40)
    elsewhere = Monitoring(START, ZoneInfo("Asia/Shanghai"), died_at=died_at, ended_at=died_at)
    (died_later,) = barred_signals(replace(first("3"), monitoring=elsewhere), PROTOCOL)
    (left,) = barred_signals(first("3", bar=Bar(withdrawn=True)), PROTOCOL)
    assert died.state is died_later.state is SignalState.DIED
    assert left.state is SignalState.LEFT


CROSSING = Crossing(Count(2, 2, 2, 2), ReadBy.IMMEDIATE, ("CART-003", "CART-007"))


def test_a_rule_that_is_reached_fires_with_the_patients_whose_events_count() -> None:
    (signal,) = boundary_signals([RuleFacts("grade3_second", CROSSING, START), RuleFacts("death_second")])
    assert (signal.kind, signal.slot) == (SignalKind.BOUNDARY, "grade3_second")
    assert (signal.state, signal.urgency, signal.level) == (SignalState.FIRING, 1, 0)
    assert signal.members == ("CART-003", "CART-007")
    assert signal.first_at == signal.last_at == START


def test_a_crossing_after_a_decision_fires_again() -> None:
    (signal,) = boundary_signals(
        [RuleFacts("r", CROSSING, START, decided_at=START + timedelta(days=1), decided_on=("CART-003",))]
    )
    assert signal.state is SignalState.FIRING


def test_a_rule_that_was_decided_on_is_over_since_the_decision() -> None:
    decided_at = START + timedelta(days=1)
    (signal,) = boundary_signals([RuleFacts("r", decided_at=decided_at, decided_on=("CART-003",))])
    assert (signal.state, signal.last_at) == (SignalState.DECIDED, decided_at)
    assert signal.members == ("CART-003",)


@pytest.mark.parametrize(
    ("hours", "urgency"), [(0, 2), (12, 2), (23.99, 2), (24, 1), (24.5, 1), (100, 1), (-1, 2)]
)
def test_the_report_of_a_serious_event_becomes_urgent_at_the_end_of_its_clock(
    hours: float, urgency: int
) -> None:
    event = SeriousEvent("e" * 32, START)
    (signal,) = sae_signals([event], START + timedelta(hours=hours), PROTOCOL.sae)
    assert (signal.kind, signal.slot, signal.state) == (SignalKind.SAE_CLOCK, "e" * 32, SignalState.FIRING)
    assert (signal.urgency, signal.first_at, signal.members) == (urgency, START, ())


def test_a_report_that_was_entered_ends_it() -> None:
    event = SeriousEvent("e" * 32, START, START + timedelta(hours=3))
    (signal,) = sae_signals([event], START + timedelta(hours=30), PROTOCOL.sae)
    assert (signal.state, signal.last_at) == (SignalState.REPORTED, START + timedelta(hours=3))


@pytest.mark.parametrize(
    ("kind", "level", "held"),
    [
        (SignalKind.GRADE_3, 3, timedelta(hours=12)),
        (SignalKind.GRADE_3, 4, timedelta(hours=4)),
        (SignalKind.MISSED, 0, timedelta(hours=12)),
        (SignalKind.BOUNDARY, 0, timedelta(hours=24)),
        (SignalKind.BARRED, 0, TO_THE_END),
        (SignalKind.SAE_CLOCK, 0, TO_THE_END),
    ],
)
def test_how_long_an_acknowledgement_holds(kind: SignalKind, level: int, held: timedelta) -> None:
    assert holds_for(kind, level, PROTOCOL) == held
