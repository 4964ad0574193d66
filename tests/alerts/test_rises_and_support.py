"""Episodes of a rise by two and of support without a grade: what opens, holds and ends them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from alerts.episodes import rise_episodes, support_episodes
from alerts.model import (
    AssessmentFact,
    CourseFacts,
    FactGrade,
    Monitoring,
    Signal,
    SignalKind,
    SignalState,
    Support,
)
from tests.alerts.courses import START, course_of
from trial.calendar import StayKind, StayPeriod
from trial.protocol import load_protocol

PROTOCOL = load_protocol()
LATER = START + timedelta(days=2)
ZONE = ZoneInfo("Asia/Shanghai")
S = SignalState


def rises(
    rows: str, hours: int | list[int] = 4, *, now: datetime = LATER, scale: str = "crs"
) -> list[Signal]:
    return rise_episodes(course_of(rows, hours=hours, scale=scale), now, PROTOCOL)


def states(found: Sequence[Signal]) -> list[SignalState]:
    return [signal.state for signal in found]


@pytest.mark.parametrize("scale", ["crs", "icans"])
def test_a_rise_by_two_is_one_episode(scale: str) -> None:
    (signal,) = rises("02", scale=scale)
    assert (signal.kind, signal.slot, signal.state, signal.level, signal.urgency) == (
        SignalKind.RISE_2,
        scale,
        S.FIRING,
        2,
        2,
    )
    assert signal.members == ("a1",)


@pytest.mark.parametrize("rows", ["0", "2", "22", "?2", "m2", "03", "0M", "0?", "00"])
def test_without_two_grades_more_than_a_settled_one_or_from_3_on_there_is_none(rows: str) -> None:
    assert rises(rows) == []


def test_what_is_proved_counts_as_a_rise_and_the_base_must_be_settled() -> None:
    assert states(rises("0m")) == [S.FIRING]
    assert rises("?m") == []


@pytest.mark.parametrize(("hours", "found"), [(23, 1), (24, 1), (25, 0)])
def test_the_lower_grade_is_at_most_24_h_older(hours: int, found: int) -> None:
    assert len(rises("02", [0, hours])) == found


@pytest.mark.parametrize(("died", "state"), [(20, S.DIED), (75, S.DIED), (76, S.EXPIRED), (80, S.EXPIRED)])
def test_a_death_that_another_course_records_ends_a_rise_unless_it_had_expired(
    died: int, state: SignalState
) -> None:
    monitoring = Monitoring(START, ZONE, died_at=START + timedelta(hours=died))
    course = replace(course_of("02"), monitoring=monitoring)
    assert states(rise_episodes(course, START + timedelta(hours=90), PROTOCOL)) == [state]


def test_hours_are_elapsed_ones_whatever_clocks_did_meanwhile() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for night in (datetime(2026, 3, 28, 20, tzinfo=berlin), datetime(2026, 10, 24, 20, tzinfo=berlin)):
        course = course_of("02", hours=[0, 24])
        facts = [
            replace(fact, assessed_at=night.astimezone(ZoneInfo("UTC")) + timedelta(hours=hours))
            for fact, hours in zip(course.assessments, (0, 24), strict=True)
        ]
        assert rise_episodes(replace(course, assessments=tuple(facts)), night, PROTOCOL)


@pytest.mark.parametrize(
    ("rows", "hours", "state"),
    [
        ("0200", [0, 4, 10, 16], S.RECOVERED),
        ("0200", [0, 4, 10, 15], S.RECOVERING),
        ("02?00", [0, 4, 8, 12, 16], S.RECOVERED),
        ("020", [0, 4, 16], S.RECOVERING),
        ("0203", [0, 4, 8, 12], S.SUPERSEDED),
        ("02M", [0, 4, 8], S.SUPERSEDED),
        ("02u0", [0, 4, 12, 17], S.RECOVERING),
        ("02d", [0, 4, 8], S.DIED),
        ("02", [0, 4], S.FIRING),
    ],
)
def test_it_ends_as_the_protocol_says(rows: str, hours: list[int], state: SignalState) -> None:
    assert states(rises(rows, hours)) == [state]


def test_it_expires_72_h_after_its_last_member_by_the_clock_or_by_a_later_entry() -> None:
    risen_at = START + timedelta(hours=4)
    assert states(rises("02", now=risen_at + timedelta(hours=71.9))) == [S.FIRING]
    assert states(rises("02", now=risen_at + timedelta(hours=72))) == [S.EXPIRED]
    expired, again = rises("0202", [0, 4, 80, 84], now=START + timedelta(hours=90))
    assert (expired.state, again.state) == (S.EXPIRED, S.FIRING)


def test_a_settled_2_of_its_own_interrupts_the_recovery() -> None:
    """The 0 is older than a day by then, so the second 2 is no member, and no mild row either."""
    hours = [0, 4, 20, 26, 32]
    (signal,) = rises("02121", hours)
    assert (signal.state, signal.members) == (S.RECOVERING, ("a1",))
    assert states(rises("02111", hours)) == [S.RECOVERED]


def test_after_superseded_a_new_rise_is_a_new_episode() -> None:
    first, second = rises("02302", [0, 4, 8, 24, 28])
    assert (first.state, second.state) == (S.SUPERSEDED, S.FIRING)


def supported(
    rows: str, *, now: datetime | None = None, monitoring: Monitoring | None = None
) -> list[Signal]:
    """One letter a row, 4 h apart.

    n nothing, l light and s strong support, L and S the same judged by an investigator, ? nothing and not
    settled, g CRS grade 1 with strong support, d death
    """
    course = CourseFacts(
        1,
        tuple(_row(n, letter) for n, letter in enumerate(rows)),
        monitoring or Monitoring(START, ZONE),
    )
    at = now or START + timedelta(hours=4 * len(rows))
    return support_episodes(course, at, PROTOCOL)


def _row(number: int, letter: str) -> AssessmentFact:
    at = START + timedelta(hours=4 * number)
    grade = {"?": FactGrade(None, 0), "g": FactGrade(1, 1)}.get(letter, FactGrade(0, 0))
    support = {"l": Support.LIGHT, "s": Support.STRONG, "g": Support.STRONG}.get(letter.lower(), Support.NONE)
    return AssessmentFact(
        f"a{number}",
        number + 1,
        1,
        at,
        at,
        grade,
        FactGrade(0, 0),
        died=letter == "d",
        support=support,
        judged=letter in "LS",
    )


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("l", [("firing", 3, 1)]),
        ("s", [("firing", 2, 1)]),
        ("ls", [("firing", 2, 2)]),
        ("sl", [("firing", 2, 2)]),
        ("sn", [("recovering", 2, 1)]),
        ("snn", [("gone", 2, 1)]),
        ("sn?n", [("recovering", 2, 1)]),
        ("sn?nn", [("gone", 2, 1)]),
        ("sS", [("judged", 2, 1)]),
        ("sSs", [("judged", 2, 1)]),
        ("lLs", [("judged", 3, 1), ("firing", 2, 1)]),
        ("sSnns", [("judged", 2, 1), ("firing", 2, 1)]),
        ("sSns", [("judged", 2, 1)]),
        ("sg", [("graded", 2, 1)]),
        ("sgs", [("graded", 2, 1), ("firing", 2, 1)]),
        ("sd", [("died", 2, 1)]),
        ("Ss", []),
        ("S", []),
        ("g", []),
        ("n?", []),
    ],
)
def test_support_opens_holds_and_ends(rows: str, found: list[tuple[str, int, int]]) -> None:
    signals = supported(rows)
    assert [(one.state.value, one.urgency, len(one.members)) for one in signals] == found
    assert {(one.kind, one.slot, one.level) for one in signals} <= {(SignalKind.SUPPORT_UNGRADED, "", 0)}


def test_support_outside_the_window_is_none_and_leaving_ends_it() -> None:
    home = StayPeriod(StayKind.HOME, START + timedelta(hours=2))
    assert supported("s", monitoring=Monitoring(START, ZONE, stays=(home,)))[0].state is S.LEFT
    assert supported("ns", monitoring=Monitoring(START, ZONE, stays=(home,))) == []
    over = Monitoring(START, ZONE, ended_at=START + timedelta(hours=6))
    assert supported("s", monitoring=over, now=START + timedelta(hours=7))[0].state is S.LEFT


def test_without_a_window_nothing_can_be_said() -> None:
    assert support_episodes(course_of("0"), LATER, PROTOCOL) == []


def test_every_row_with_support_nobody_judged_belongs_to_at_most_one_episode() -> None:
    for length in range(1, 6):
        for rows in product("nlsS?g", repeat=length):
            found = supported("".join(rows))
            members = [member for one in found for member in one.members]
            assert len(members) == len(set(members))
            assert all(rows[int(member[1:])] in "ls" for member in members)
            assert sum(not one.state.over for one in found) <= 1
            if rows[0] in "ls":
                assert "a0" in members
