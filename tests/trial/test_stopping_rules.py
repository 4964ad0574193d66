"""When a rule of the protocol is reached, by which reading, and what a decision covers."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trial.protocol import load_protocol
from trial.stopping import bayesian_boundary, pocock_boundary
from trial.stopping_reading import Count, PatientUnderRule, RuleReading
from trial.stopping_rules import (
    Crossing,
    ReadBy,
    boundary_of,
    codes_with_event,
    crossing,
    decided_on,
    read,
    stored_reading,
)
from trial.stopping_settings import RuleKind, StoppingRule

# Stops at 2 events among 2, 3 among 3 or 4, 4 among 5 to 7.
RULE = load_protocol().stopping[0]
LAST = datetime(2026, 6, 1, tzinfo=UTC)


def patients(*given: tuple[int, int | None]) -> list[PatientUnderRule]:
    """(days since the infusion, day of the event) of p1, p2, ... in the order of infusion."""
    return [
        PatientUnderRule(
            code=f"p{number}",
            infused_at=LAST - timedelta(days=days) + timedelta(minutes=number),
            days=days,
            event_day=event_day,
        )
        for number, (days, event_day) in enumerate(given, start=1)
    ]


def reading(*given: tuple[int, int | None]) -> RuleReading:
    return read(RULE, patients(*given))


def test_the_shipped_rules_stop_where_statistics_md_says() -> None:
    toxicity, death = load_protocol().stopping
    assert boundary_of(toxicity) == tuple(pocock_boundary(15, 0.20, 0.10))
    assert boundary_of(toxicity)[:7] == ((1, None), (2, 2), (3, 3), (4, 3), (5, 4), (6, 4), (7, 4))
    assert boundary_of(death) == tuple(pocock_boundary(15, 0.05, 0.05))
    assert boundary_of(death)[14] == (15, 4)


def test_a_bayesian_rule_and_its_looks() -> None:
    rule = replace(
        RULE, kind=RuleKind.BAYESIAN, alpha=None, certainty=0.90, prior=(0.4, 1.6), looks=(5, 10, 15)
    )
    assert boundary_of(rule) == tuple(bayesian_boundary(15, 0.20, 0.90, (0.4, 1.6), (5, 10, 15)))


def test_a_boundary_is_computed_once() -> None:
    assert boundary_of(RULE) is boundary_of(replace(RULE))


@pytest.mark.parametrize(
    "rule",
    [
        replace(RULE, alpha=None),
        replace(RULE, kind=RuleKind.BAYESIAN, certainty=0.9),
        replace(RULE, kind=RuleKind.BAYESIAN, prior=(1, 1)),
    ],
)
def test_a_rule_without_what_its_kind_needs_says_which_rule(rule: StoppingRule) -> None:
    with pytest.raises(ValueError, match=r"The rule grade3_second needs (alpha|certainty and prior)\."):
        boundary_of(rule)


def test_nobody_infused_reaches_nothing() -> None:
    assert crossing(RULE, reading()) is None
    assert codes_with_event(reading()) == ()
    assert crossing(replace(RULE, tolerated_rate=0.01, n_max=1), reading()) is None


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ([(40, 3), (40, None), (40, 9)], ("p1", "p3")),
        ([(40, 3), (20, 5), (10, None)], ("p1", "p2")),
        ([(40, None), (20, None), (10, 2)], ("p3",)),
        ([(40, 31), (20, None)], ()),
    ],
)
def test_whose_event_counts(given: list[tuple[int, int | None]], codes: tuple[str, ...]) -> None:
    assert codes_with_event(reading(*given)) == codes


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # Every window up to the look has closed.
        ([(40, 3), (35, 4)], Crossing(Count(2, 2, 2, 2), ReadBy.FORMAL, ("p1", "p2"))),
        # Both windows are open: only the immediate reading can say so.
        ([(20, 3), (10, 4)], Crossing(Count(2, 2, 2, 2), ReadBy.IMMEDIATE, ("p1", "p2"))),
        # A third one was infused meanwhile: 2 of 3 does not stop, but the look at 2 will.
        ([(20, 3), (10, 4), (5, None)], Crossing(Count(2, 2, 2, 2), ReadBy.CERTAIN, ("p1", "p2"))),
        # One below the limit, and the limit itself.
        ([(40, 3), (35, None), (30, None), (29, 4), (9, 2)], None),
        (
            [(40, 3), (35, None), (30, None), (29, 4), (9, 2), (5, 1)],
            Crossing(Count(6, 4, 6, 4), ReadBy.IMMEDIATE, ("p1", "p4", "p5", "p6")),
        ),
        ([(40, 3)], None),
        # Two looks stop: the later one, with all the events.
        ([(40, 3), (35, 4), (20, 2)], Crossing(Count(3, 3, 3, 3), ReadBy.IMMEDIATE, ("p1", "p2", "p3"))),
    ],
)
def test_a_rule_is_reached_by_the_reading_that_says_so_first(
    given: list[tuple[int, int | None]], expected: Crossing | None
) -> None:
    assert crossing(RULE, reading(*given)) == expected


def test_with_planned_looks_the_limit_of_the_next_look_counts() -> None:
    rule = replace(RULE, looks=(5, 10, 15))  # 3 of 5
    two, three = [(9, 1), (8, 1)], [(9, 1), (8, 1), (7, 1)]
    assert crossing(rule, read(rule, patients(*two))) is None
    found = crossing(rule, read(rule, patients(*three)))
    assert found == Crossing(Count(3, 3, 5, 3), ReadBy.IMMEDIATE, ("p1", "p2", "p3"))


def test_a_decision_covers_the_events_it_was_taken_on_and_no_later_one() -> None:
    before = reading((40, 3), (35, 4), (9, None))
    decided = decided_on(stored_reading(RULE, before))
    assert decided == ("p1", "p2")
    assert crossing(RULE, before, decided) is None
    # Further patients without an event change nothing, although the look at 2 stays what it is.
    assert crossing(RULE, reading((50, 3), (45, 4), (19, None), (9, None)), decided) is None
    # An event below the limit of its own look is no crossing anew; one at it is.
    assert crossing(RULE, reading((50, 3), (45, 4), (19, None), (9, None), (8, 1)), decided) is None
    found = crossing(RULE, reading((50, 3), (45, 4), (19, 7)), decided)
    assert found == Crossing(Count(3, 3, 3, 3), ReadBy.IMMEDIATE, ("p1", "p2", "p3"))


def test_what_is_stored_with_a_decision_can_be_read_without_the_program() -> None:
    assert stored_reading(RULE, reading((40, 3), (20, 4))) == {
        "rule": "grade3_second",
        "version": "1",
        "boundary": [list(look) for look in boundary_of(RULE)],
        "infused": ["p1", "p2"],
        "complete": 1,
        "pending": 1,
        "with_event": ["p1", "p2"],
        "formal_stopped_at": None,
        "immediate": {"n": 2, "events": 2, "stop_at": 2, "stops": True},
    }
    assert stored_reading(RULE, reading((40, 3), (35, 4)))["formal_stopped_at"] == 2
    assert decided_on({}) == ()


_PATIENT = st.tuples(st.integers(0, 45), st.none() | st.integers(0, 35))


@given(st.lists(_PATIENT, max_size=8))
def test_a_crossing_is_what_the_formal_reading_finds_once_all_windows_have_closed(
    given: Iterable[tuple[int, int | None]],
) -> None:
    """Never more often than the formal rule, and never missed by it: events only, nothing new afterwards."""
    ordered = sorted(given, key=lambda one: -one[0])
    now = reading(*ordered)
    found = crossing(RULE, now)
    assert (found is None) == (now.certain is None)
    if found is not None:
        known = [(days, day if day is not None and day <= days else None) for days, day in ordered]
        later = read(RULE, patients(*((days + 100, day) for days, day in known)))
        assert later.stopped is not None or (found.count.look or 0) > len(ordered)
    if now.stopped is not None or now.immediate.stops:
        assert found is not None
