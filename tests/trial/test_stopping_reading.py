"""Where the trial stands under a rule: formal and immediate reading, what is pending, what comes next."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trial.stopping import Boundary, operating_characteristics, pocock_boundary
from trial.stopping_reading import (
    Count,
    FanPoint,
    PatientUnderRule,
    RuleReading,
    against_limit,
    next_count_that_stops,
    read_rule,
)

FIRST_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
WINDOW_DAYS = 30
# 2 events among 2, 3 among 3 or 4, 4 among 5 to 7, and so on.
BOUNDARY = pocock_boundary(15, 0.20, 0.10)


def patient(number: int, days: int, event_day: int | None = None) -> PatientUnderRule:
    infused_at = FIRST_AT + timedelta(days=1000 - days, minutes=number)
    return PatientUnderRule(code=f"{number:03}", infused_at=infused_at, days=days, event_day=event_day)


def read(*patients: PatientUnderRule, boundary: Boundary = BOUNDARY) -> RuleReading:
    return read_rule(boundary, patients, WINDOW_DAYS)


def test_nobody_infused_is_a_reading_with_nothing_in_it() -> None:
    reading = read()
    assert (reading.infused, reading.complete, reading.pending, reading.early) == ((), (), (), ())
    assert (reading.path, reading.fan, reading.looks) == ((), (), ())
    assert reading.stopped is None
    assert reading.certain is None
    assert reading.immediate == Count(0, 0, 1, None)
    assert not reading.immediate.stops
    assert reading.next_formal == reading.next_immediate == Count(2, 2, 2, 2)
    assert reading.if_next_formal == reading.if_next_immediate == Count(1, 1, 1, None)


def test_before_the_first_patient_the_limit_is_known_and_nothing_stops() -> None:
    reading = read(boundary=[(5, 0), (10, 2)])
    assert reading.immediate == Count(0, 0, 5, 0)
    assert not reading.immediate.stops
    assert reading.certain is None
    assert read(patient(1, days=1), boundary=[(5, 0), (10, 2)]).immediate.stops


def test_a_cut_off_before_the_first_infusion_is_the_same_as_nobody() -> None:
    assert read(patient(1, days=-1), patient(2, days=-20, event_day=0)) == read()


def test_three_counts_stand_beside_each_other() -> None:
    reading = read(
        patient(4, days=3, event_day=2),
        patient(1, days=100, event_day=6),
        patient(3, days=30),
        patient(2, days=31),
    )
    assert reading.infused == ("001", "002", "003", "004")
    assert reading.complete == ("001", "002")
    assert reading.pending == ("003", "004")
    assert reading.early == ("004",)
    assert reading.path == (1, 1)
    assert reading.fan == (FanPoint(2, 1, 1), FanPoint(3, 1, 2), FanPoint(4, 2, 3))


def test_a_window_closes_on_the_day_after_its_last() -> None:
    assert read(patient(1, days=30)).pending == ("001",)
    assert read(patient(1, days=31)).complete == ("001",)


@pytest.mark.parametrize(
    ("days", "event_day", "events"),
    [(40, 0, 1), (40, 30, 1), (40, 31, 0), (40, -1, 0), (0, 0, 1), (5, 6, 0), (40, None, 0)],
)
def test_an_event_counts_from_day_0_to_the_last_day_and_once_it_is_known(
    days: int, event_day: int | None, events: int
) -> None:
    assert read(patient(1, days=days, event_day=event_day)).immediate.events == events


def test_a_death_on_day_0_is_an_early_event_of_an_open_window() -> None:
    reading = read(patient(1, days=0, event_day=0))
    assert (reading.pending, reading.early) == (("001",), ("001",))
    assert reading.path == ()
    assert reading.fan == (FanPoint(0, 0, 0), FanPoint(1, 1, 1))


def test_the_formal_reading_stops_at_the_first_look_that_is_reached_and_stays_so() -> None:
    reading = read(
        patient(1, 90, event_day=3),
        patient(2, 80, event_day=9),
        patient(3, 70),
        patient(4, 60),
        patient(5, 50),
    )
    assert reading.stopped == Count(2, 2, 2, 2)
    assert [look.stops for look in reading.looks] == [False, True, False, False, False]
    assert not reading.immediate.stops
    assert reading.certain == reading.stopped


def test_events_in_open_windows_stop_nothing_formally_but_can_be_certain_already() -> None:
    reading = read(patient(1, 12, event_day=3), patient(2, 11, event_day=4), patient(3, 1))
    assert reading.stopped is None
    assert reading.looks == ()
    # Immediately 2 of 3 are below the limit 3; formally the look at 2 patients will stop.
    assert reading.immediate == Count(3, 2, 3, 3)
    assert reading.certain == Count(2, 2, 2, 2)


def test_the_immediate_reading_takes_the_limit_of_the_next_planned_look() -> None:
    boundary: Boundary = [(5, 3), (10, 5), (15, 7)]
    three = [patient(number, 40 - number, event_day=1) for number in (1, 2, 3)]
    assert read(*three[:2], boundary=boundary).immediate == Count(2, 2, 5, 3)
    assert read(*three, boundary=boundary).immediate.stops
    assert read(*three, boundary=boundary).certain == Count(3, 3, 5, 3)


def test_a_window_still_open_holds_back_those_infused_later() -> None:
    """An order that equal windows never give: whoever was infused first is counted first."""
    late = PatientUnderRule(code="002", infused_at=FIRST_AT + timedelta(days=2), days=35, event_day=1)
    well = PatientUnderRule(code="003", infused_at=FIRST_AT + timedelta(days=3), days=35)
    reading = read(PatientUnderRule(code="001", infused_at=FIRST_AT, days=20), late, well)
    assert reading.complete == ()
    assert reading.fan == (FanPoint(0, 0, 0), FanPoint(1, 0, 1), FanPoint(2, 1, 2), FanPoint(3, 1, 2))


@pytest.mark.parametrize(
    ("n", "events", "expected"),
    [
        (0, 0, Count(2, 2, 2, 2)),
        (1, 0, Count(4, 3, 4, 3)),
        (4, 1, Count(7, 4, 7, 4)),
        (4, 2, Count(6, 4, 6, 4)),
        (14, 6, Count(15, 7, 15, 7)),
        (14, 5, None),
        (15, 6, None),
        (3, 9, Count(4, 3, 4, 3)),
    ],
)
def test_the_next_count_that_stops(n: int, events: int, expected: Count | None) -> None:
    assert next_count_that_stops(BOUNDARY, n, events) == expected


def test_what_if_the_next_patient_has_an_event() -> None:
    reading = read(patient(1, 60, event_day=2), patient(2, 20))
    assert reading.if_next_formal == Count(2, 2, 2, 2)
    assert reading.if_next_formal.stops
    assert reading.if_next_immediate == Count(3, 2, 3, 3)
    assert not reading.if_next_immediate.stops


def test_beyond_the_last_look_nothing_stops() -> None:
    assert against_limit(BOUNDARY, 16, 16) == Count(16, 16, None, None)
    many = [patient(number, 600 - number, event_day=None if number < 16 else 1) for number in range(1, 18)]
    reading = read(*many)
    assert reading.immediate == Count(17, 2, None, None)
    assert reading.stopped is reading.certain is reading.next_formal is None


def test_the_formal_reading_stops_as_often_as_the_rule_promises() -> None:
    boundary = pocock_boundary(8, 0.20, 0.10)
    stops = 0.0
    for course in product((False, True), repeat=8):
        reading = read(
            *(patient(i, 100 - i, event_day=5 if event else None) for i, event in enumerate(course)),
            boundary=boundary,
        )
        assert reading.stopped == reading.certain
        stops += (reading.stopped is not None) * 0.2 ** sum(course) * 0.8 ** (8 - sum(course))
    assert stops == pytest.approx(operating_characteristics(boundary, 0.20).stop_probability, abs=1e-12)


courses = st.lists(
    st.tuples(st.integers(0, 40), st.none() | st.integers(0, 45)), min_size=1, max_size=15
)  # days since the patient before, day of the event
rules = st.sampled_from([BOUNDARY, [(5, 3), (10, 5), (15, 7)], pocock_boundary(15, 0.05, 0.05)])


@settings(max_examples=80, deadline=None)
@given(course=courses, cut_off=st.integers(0, 300), boundary=rules)
def test_whatever_stops_immediately_stops_formally_in_the_end(
    course: list[tuple[int, int | None]], cut_off: int, boundary: Boundary
) -> None:
    course += [(10, None)] * (15 - len(course))  # a planned look is reached once enough are infused
    now, later = (_seen_at(course, day, boundary) for day in (cut_off, 10_000))
    if now.immediate.stops:
        assert now.certain is not None
    if now.certain is not None:
        assert later.stopped is not None
        assert later.stopped.n <= (now.certain.look or 0)
    if now.stopped is not None:
        assert later.stopped == now.stopped == now.certain
    assert len(now.complete) + len(now.pending) == len(now.infused)
    for point in now.fan:
        if point.n:
            assert point.fewest <= later.path[point.n - 1] <= point.most
    assert later.path[: len(now.path)] == now.path


def _seen_at(course: list[tuple[int, int | None]], cut_off: int, boundary: Boundary) -> RuleReading:
    infused_on, patients = 0, []
    for number, (gap, event_day) in enumerate(course):
        infused_on += gap
        infused_at = FIRST_AT + timedelta(days=infused_on, minutes=number)
        patients.append(
            PatientUnderRule(
                code=f"{number:03}", infused_at=infused_at, days=cut_off - infused_on, event_day=event_day
            )
        )
    return read_rule(boundary, patients, WINDOW_DAYS)
