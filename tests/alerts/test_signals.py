"""`grade3`: what opens an episode, what ends it, and what does neither."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.episodes import grade_3_episodes
from alerts.model import AssessmentFact, CourseFacts, Monitoring, Signal, SignalKind, SignalState
from alerts.signals import evaluate
from grading.scale import Toxicity
from tests.alerts.courses import ROWS, START, course_of
from trial.protocol import load_protocol

PROTOCOL = load_protocol()


def episodes(course: CourseFacts) -> list[Signal]:
    return sorted(grade_3_episodes(course, PROTOCOL), key=lambda signal: (signal.slot, signal.first_at))


def only(course: CourseFacts) -> Signal:
    (signal,) = episodes(course)
    return signal


@pytest.mark.parametrize("rows", ["", "0", "2", "?", "m", "u", "d", "02?mu2"])
def test_nothing_below_grade_3_raises_an_alert(rows: str) -> None:
    assert episodes(course_of(rows)) == []


@pytest.mark.parametrize("scale", ["crs", "icans"])
@pytest.mark.parametrize(("row", "level"), [("3", 3), ("M", 3), ("4", 4)])
def test_a_proved_grade_3_fires_settled_or_not(scale: str, row: str, level: int) -> None:
    signal = only(course_of("2" + row, scale=scale))
    assert (signal.kind, signal.slot, signal.level) == (SignalKind.GRADE_3, scale, level)
    assert signal.state is SignalState.FIRING
    assert not signal.state.over
    assert signal.members == ("a1",)
    assert signal.ended_id is None


def test_the_two_toxicities_fire_apart() -> None:
    course = course_of("3")
    both = replace(course, assessments=(replace(course.assessments[0], icans=ROWS["4"]),))
    assert [(signal.slot, signal.level) for signal in episodes(both)] == [("crs", 3), ("icans", 4)]


@pytest.mark.parametrize(
    ("rows", "hours", "state"),
    [
        ("3", [0], SignalState.FIRING),
        ("3?", [0, 100], SignalState.FIRING),
        ("3m", [0, 100], SignalState.FIRING),
        ("3u", [0, 100], SignalState.FIRING),
        ("3uu", [0, 50, 100], SignalState.FIRING),
        ("32", [0, 100], SignalState.RECOVERING),
        ("322", [0, 4, 11], SignalState.RECOVERING),
        ("322", [0, 4, 12], SignalState.RECOVERED),
        ("322", [0, 12, 13], SignalState.RECOVERED),
        ("3222", [0, 4, 8, 12], SignalState.RECOVERED),
        ("32?2", [0, 4, 8, 12], SignalState.RECOVERED),
        ("32m2", [0, 4, 8, 12], SignalState.RECOVERED),
        ("32u", [0, 4, 12], SignalState.RECOVERING),
        ("32?", [0, 4, 12], SignalState.RECOVERING),
        ("3232", [0, 4, 8, 24], SignalState.RECOVERING),
        ("32322", [0, 4, 8, 9, 19], SignalState.RECOVERING),
        ("32322", [0, 4, 8, 9, 20], SignalState.RECOVERED),
        ("323", [0, 20, 24], SignalState.FIRING),
        ("3d", [0, 4], SignalState.DIED),
        ("32d", [0, 4, 30], SignalState.DIED),
        ("35", [0, 4], SignalState.DIED),
        ("5", [0], SignalState.DIED),
    ],
)
def test_it_ends_with_two_settled_milder_grades_12_h_after_the_last_3(
    rows: str, hours: list[int], state: SignalState
) -> None:
    assert only(course_of(rows, hours=hours)).state is state


def test_silence_ends_nothing() -> None:
    for days in (0, 1, 30, 3000):
        (signal,) = evaluate(course_of("3"), START + timedelta(days=days), PROTOCOL)
        assert signal.state is SignalState.FIRING


def test_an_episode_knows_its_level_its_worst_and_what_ended_it() -> None:
    signal = only(course_of("34M322", hours=[0, 4, 8, 12, 16, 24]))
    assert signal.level == 4
    assert signal.members == ("a0", "a1", "a2", "a3")
    assert (signal.worst_id, signal.latest_id, signal.ended_id) == (101, 103, 105)
    assert (signal.first_at, signal.last_at) == (START, START + timedelta(hours=12))
    assert signal.state.over


def test_a_3_after_recovery_is_a_new_episode_and_a_3_before_it_is_not() -> None:
    first, second = episodes(course_of("32232", hours=[0, 4, 12, 16, 20]))
    assert (first.members, first.state) == (("a0",), SignalState.RECOVERED)
    assert (second.members, second.state) == (("a3",), SignalState.RECOVERING)
    assert only(course_of("3232", hours=[0, 4, 8, 16])).members == ("a0", "a2")


@pytest.mark.parametrize(
    ("rows", "hours", "state"),
    [
        ("3", [0], SignalState.DIED),
        ("32", [0, 4], SignalState.DIED),
        ("3?", [0, 4], SignalState.DIED),
        ("322", [0, 4, 12], SignalState.RECOVERED),
    ],
)
def test_a_death_that_another_course_records_ends_what_is_open(
    rows: str, hours: list[int], state: SignalState
) -> None:
    monitoring = Monitoring(START, ZoneInfo("UTC"), died_at=START + timedelta(hours=20))
    signal = only(replace(course_of(rows, hours=hours), monitoring=monitoring))
    assert (signal.state, signal.ended_id) == (state, 102 if rows == "322" else None)


def test_the_order_of_the_rows_does_not_matter() -> None:
    course = course_of("3232243")
    backwards = CourseFacts(1, course.assessments[::-1])
    assert episodes(backwards) == episodes(course)


def by_definition(facts: Sequence[AssessmentFact]) -> list[tuple[tuple[str, ...], SignalState]]:
    """The rule read the other way round: cut the course wherever a pair of rows ends an episode."""
    high = [n for n, fact in enumerate(facts) if fact.crs.at_least >= 3]
    groups: list[tuple[list[int], SignalState]] = []
    current: list[int] = []
    for position, n in enumerate(high):
        current.append(n)
        until = high[position + 1] if position + 1 < len(high) else len(facts)
        after = facts[n + 1 : until]
        settled = [fact for fact in after if fact.crs.grade is not None and fact.crs.closes]
        ended = None
        if any(fact.assessed_at - facts[n].assessed_at >= timedelta(hours=12) for fact in settled[1:]):
            ended = SignalState.RECOVERED
        death = next((fact for fact in facts[n:until] if fact.died), None)
        if death is not None:
            before = [fact.assessed_at for fact in settled if fact.assessed_at < death.assessed_at]
            late = [at for at in before[1:] if at - facts[n].assessed_at >= timedelta(hours=12)]
            ended = SignalState.RECOVERED if late else SignalState.DIED
        if ended is not None or position + 1 == len(high):
            last = SignalState.RECOVERING if settled else SignalState.FIRING
            groups.append((current, ended or last))
            current = []
    return [(tuple(facts[n].stable_id for n in group), state) for group, state in groups]


def test_every_course_of_up_to_five_rows_agrees_with_the_definition() -> None:
    compared = 0
    for length in range(1, 6):
        for rows in product("23?ud", repeat=length):
            course = course_of("".join(rows), hours=5)
            found = [(signal.members, signal.state) for signal in episodes(course)]
            assert found == by_definition(course.assessments), rows
            compared += 1
    assert compared == sum(5**length for length in range(1, 6))


COURSES = st.lists(st.tuples(st.sampled_from(sorted(ROWS)), st.integers(1, 14)), max_size=14)


@given(COURSES)
def test_random_courses_agree_with_the_definition(steps: list[tuple[str, int]]) -> None:
    hours = [sum(gap for _, gap in steps[: n + 1]) for n in range(len(steps))]
    course = course_of("".join(row for row, _ in steps), hours=hours)
    found = [(signal.members, signal.state) for signal in episodes(course)]
    assert found == by_definition(course.assessments)


@given(COURSES)
def test_every_row_at_3_belongs_to_exactly_one_episode(steps: list[tuple[str, int]]) -> None:
    hours = [sum(gap for _, gap in steps[: n + 1]) for n in range(len(steps))]
    course = course_of("".join(row for row, _ in steps), hours=hours, scale="icans")
    members = [member for signal in episodes(course) for member in signal.members]
    high = [fact.stable_id for fact in course.assessments if fact.of(Toxicity.ICANS).at_least >= 3]
    assert sorted(members) == sorted(high)
    assert all(signal.state.over for signal in episodes(course)[:-1])
