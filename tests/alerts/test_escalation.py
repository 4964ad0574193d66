"""Who is told next of an alert that nobody has acknowledged: steps, refusals, repeats, silence, clocks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.escalation import Due, Life, due_now, first_step, groups_until, plan_of, what_comes_next
from alerts.model import SignalKind
from alerts.states import NoticeKind
from trial.protocol import load_protocol

PROTOCOL = load_protocol()
OPENED = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ALL = frozenset({"ward", "treating", "pi", "deputy", "committee_chair", "sponsor_safety"})
GRADE_3 = (SignalKind.GRADE_3, 2)
GRADE_4 = (SignalKind.GRADE_3, 1)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def life(reached: int = 0, **more: Any) -> Life:
    told_at = OPENED if "told_at" not in more else more.pop("told_at")
    return Life(open_since=OPENED, reached=reached, refused=False, told_at=told_at, **more)


def due(
    told: Life, after_min: float, what: tuple[SignalKind, int] = GRADE_3, listed: frozenset[str] = ALL
) -> Due | None:
    return due_now(told, *what, OPENED + minutes(after_min), PROTOCOL, listed)


def next_of(told: Life, kind: SignalKind, urgency: int) -> datetime | None:
    coming = what_comes_next(told, kind, urgency, PROTOCOL)
    return coming.at if coming else None


def told_at_minutes(what: tuple[SignalKind, int], until_min: int) -> list[tuple[int, str, int]]:
    """What a sweep every minute tells of an alert that nobody answers: (minute, kind, step)."""
    current, found = life(), []
    for minute in range(until_min + 1):
        now = OPENED + minutes(minute)
        one = due_now(current, *what, now, PROTOCOL, ALL)
        if one is not None:
            found.append((minute, one.kind.value, one.step))
            repeats = current.repeats + (one.kind is NoticeKind.REPEAT)
            current = Life(OPENED, one.step, refused=False, told_at=now, repeats=repeats)
    return found


def test_grade_3_goes_through_its_steps_and_is_then_repeated_every_hour() -> None:
    assert told_at_minutes(GRADE_3, 200) == [
        (15, "escalation", 1),
        (30, "escalation", 2),
        (60, "escalation", 3),
        (120, "repeat", 3),
        (180, "repeat", 3),
    ]


def test_grade_4_is_faster() -> None:
    assert told_at_minutes(GRADE_4, 90) == [
        (5, "escalation", 1),
        (10, "escalation", 2),
        (20, "escalation", 3),
        (80, "repeat", 3),
    ]


def test_after_24_h_it_is_repeated_every_4_h() -> None:
    told = [minute for minute, *_ in told_at_minutes(GRADE_3, 60 * 37)]
    assert told[-4:] == [60 * 23, 60 * 27, 60 * 31, 60 * 35]


def test_a_missed_assessment_goes_to_the_investigators_after_6_h_and_is_not_repeated() -> None:
    assert told_at_minutes((SignalKind.MISSED, 3), 3000) == [(240, "escalation", 1)]
    step = due(life(), 240, (SignalKind.MISSED, 3))
    assert step is not None
    assert step.groups == ("treating", "pi")


@pytest.mark.parametrize("kind", [SignalKind.UNSETTLED, SignalKind.SUPPORT_UNGRADED, SignalKind.SYSTEM])
def test_less_urgent_alerts_are_told_once(kind: SignalKind) -> None:
    assert told_at_minutes((kind, 3), 3000) == []


def test_each_step_tells_its_own_groups_and_one_that_was_slept_through_tells_both() -> None:
    first = due(life(), 16)
    assert first == Due(NoticeKind.ESCALATION, 1, ("pi", "deputy"))
    slept = due(life(), 45)
    assert slept == Due(NoticeKind.ESCALATION, 2, ("pi", "deputy", "committee_chair", "sponsor_safety"))


def test_a_refused_mail_lets_the_next_step_run_now_and_the_last_step_has_no_next() -> None:
    refused = Life(OPENED, 0, refused=True, told_at=OPENED)
    assert due(refused, 0) == Due(NoticeKind.ESCALATION, 1, ("pi", "deputy"))
    assert due(Life(OPENED, 3, refused=True, told_at=OPENED), 0) is None


def test_a_step_that_reaches_nobody_moves_on_to_one_that_does() -> None:
    listed = frozenset({"ward", "sponsor_safety"})
    assert due(life(), 15, listed=listed) == Due(
        NoticeKind.ESCALATION, 2, ("pi", "deputy", "committee_chair", "sponsor_safety")
    )
    nobody = due(life(), 15, listed=frozenset())
    assert nobody is not None
    assert nobody.step == 3


def test_the_opening_goes_to_the_first_step_that_reaches_anybody() -> None:
    plan = plan_of(*GRADE_3, PROTOCOL)
    assert first_step(plan, ALL) == 0
    assert first_step(plan, {"deputy"}) == 1
    assert first_step(plan, {"committee_chair"}) == 2
    assert first_step(plan, set()) == 0
    assert groups_until(plan, 1) == ("ward", "treating", "pi", "deputy")


def test_silence_rests_steps_and_repeats_and_never_a_grade_4() -> None:
    silent = life(silent_until=OPENED + minutes(40))
    assert due(silent, 39) is None
    assert due(silent, 40) == due(life(), 40)
    assert due(silent, 39, GRADE_4) is not None


def test_a_clock_set_back_tells_nothing_twice_and_silences_nothing() -> None:
    assert due(life(2), -600) is None
    # It ran a day ahead, told one repeat, and was set back: the next is due when its own time has come.
    ahead = life(3, told_at=OPENED + timedelta(days=1), repeats=1)
    assert due(ahead, 30) is None
    assert due(ahead, 130) is None
    assert due(ahead, 180) == Due(NoticeKind.REPEAT, 3, groups_until(plan_of(*GRADE_3, PROTOCOL), 3))


def test_a_clock_that_jumps_ahead_tells_once_and_not_once_for_every_hour() -> None:
    day_later = due(life(3, told_at=OPENED + minutes(60)), 60 * 24)
    assert day_later is not None
    assert day_later.kind is NoticeKind.REPEAT
    again = life(3, told_at=OPENED + minutes(60 * 24), repeats=1)
    assert due(again, 60 * 24 + 1) is None


@given(st.lists(st.integers(0, 300), max_size=30), st.sampled_from([GRADE_3, GRADE_4]))
def test_however_the_sweeps_fall_steps_rise_and_repeats_keep_their_distance(
    gaps_min: list[int], what: tuple[SignalKind, int]
) -> None:
    current, now, told = life(), OPENED, [(OPENED, 0)]
    for gap in gaps_min:
        now += minutes(gap)
        one = due_now(current, *what, now, PROTOCOL, ALL)
        assert due_now(current, *what, now, PROTOCOL, ALL) == one
        if one is None:
            continue
        if one.kind is NoticeKind.ESCALATION:
            assert one.step > current.reached
        else:
            assert now - current.told_at >= minutes(PROTOCOL.repeat_minutes)
        current = Life(
            OPENED,
            one.step,
            refused=False,
            told_at=now,
            repeats=current.repeats + (one.kind is NoticeKind.REPEAT),
        )
        told.append((now, one.step))
        assert due_now(current, *what, now, PROTOCOL, ALL) is None
    plan = plan_of(*what, PROTOCOL)
    by_time = max(index for index, step in enumerate(plan) if step.after <= now - OPENED)
    assert current.reached == by_time


@pytest.mark.parametrize(
    ("told", "what", "after_min"),
    [
        (life(), GRADE_3, 15),
        (life(), GRADE_4, 5),
        (life(2), GRADE_3, 60),
        (life(3, told_at=OPENED + minutes(60)), GRADE_3, 120),
        (life(3, told_at=OPENED + minutes(23.5 * 60), repeats=22), GRADE_3, 27.5 * 60),
        (life(silent_until=OPENED + minutes(40)), GRADE_3, 40),
        (life(silent_until=OPENED + minutes(40)), GRADE_4, 5),
        (life(), (SignalKind.MISSED, 3), 240),
    ],
)
def test_the_page_can_say_when_the_next_one_comes(
    told: Life, what: tuple[SignalKind, int], after_min: float
) -> None:
    assert next_of(told, *what) == OPENED + minutes(after_min)
    assert due(told, after_min, what) is not None


def test_nothing_more_comes_of_what_is_told_once() -> None:
    assert next_of(life(), SignalKind.UNSETTLED, 3) is None
    assert next_of(life(1), SignalKind.MISSED, 3) is None


SAE = (SignalKind.SAE_CLOCK, 2)
OVERDUE = (SignalKind.SAE_CLOCK, 1)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def clocked(told_after_h: float = 0, **more: Any) -> Life:
    """A serious event that the site became aware of when its alert opened."""
    return life(told_at=OPENED + hours(told_after_h), since=OPENED, **more)


@pytest.mark.parametrize(
    ("what", "plan"),
    [
        ((SignalKind.BARRED, 2), "barred"),
        ((SignalKind.BARRED, 1), "p1"),
        ((SignalKind.BOUNDARY, 1), "boundary"),
        (SAE, "sae"),
        (OVERDUE, "sae_overdue"),
        ((SignalKind.MISSED, 3), "missed"),
        (GRADE_3, "p2"),
    ],
)
def test_each_signal_has_its_plan(what: tuple[SignalKind, int], plan: str) -> None:
    assert plan_of(*what, PROTOCOL) == PROTOCOL.plans[plan]


def test_a_stopping_rule_reaches_the_committee_and_the_sponsor_at_once() -> None:
    first = PROTOCOL.plans["boundary"][0]
    assert first.after == timedelta(0)
    assert {"committee_chair", "sponsor_safety"} <= set(first.groups)


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize(
    ("told_after_h", "after_h", "is_due"),
    [
        (0, 11.99, False),
        (0, 12, True),
        (12, 12.01, False),
        (12, 19.99, False),
        (12.5, 20, True),
        (0, 21, True),
        (20, 23, True),
        (23, 23.9, False),
        (13, 13.5, False),
    ],
)
def test_a_serious_event_is_reminded_of_at_its_hours_whether_or_not_it_was_acknowledged(
    answered: bool, told_after_h: float, after_h: float, is_due: bool
) -> None:
    told = clocked(told_after_h, reached=1, answered=answered)
    found = due(told, after_h * 60, SAE)
    assert (found is not None) is is_due
    if found is not None:
        assert (found.kind, found.groups) == (NoticeKind.REPEAT, ("treating", "pi", "deputy"))


@pytest.mark.parametrize(
    ("told_after_h", "after_h", "is_due"),
    [(24, 27.99, False), (24, 28, True), (28.02, 31.9, False), (28.02, 32, True), (24, 60, True)],
)
def test_an_overdue_report_is_told_every_four_hours(
    told_after_h: float, after_h: float, is_due: bool
) -> None:
    for answered in (False, True):
        told = clocked(told_after_h, reached=1, answered=answered)
        assert (due(told, after_h * 60, OVERDUE) is not None) is is_due


def test_an_acknowledgement_stops_the_steps_and_not_the_clock() -> None:
    assert due(clocked(), 240, SAE) == Due(NoticeKind.ESCALATION, 1, ("deputy",))
    assert due(clocked(answered=True), 240, SAE) is None


def test_a_silence_rests_the_reminders_and_never_an_overdue_report() -> None:
    silent = clocked(reached=1, silent_until=OPENED + hours(30))
    assert due(silent, 12 * 60, SAE) is None
    assert due(silent, 28 * 60, OVERDUE) is not None


def test_a_last_notice_written_by_a_clock_far_ahead_silences_no_reminder() -> None:
    assert due(clocked(100, reached=1), 60, SAE) is not None
    assert due(clocked(1.01, reached=1), 60, SAE) is None


def test_without_a_clock_nothing_is_reminded_of() -> None:
    assert due(life(reached=1), 60 * 30, SAE) is None
    assert what_comes_next(life(reached=1), *SAE, PROTOCOL) is None


@pytest.mark.parametrize(
    ("told", "what", "after_h", "again"),
    [
        (clocked(), SAE, 4, False),
        (clocked(reached=1), SAE, 12, True),
        (clocked(answered=True), SAE, 12, True),
        (clocked(12, reached=1), SAE, 20, True),
        (clocked(23, reached=1), SAE, 24, True),
        (clocked(24, reached=1), OVERDUE, 28, True),
        (clocked(24.02, reached=1), OVERDUE, 28, True),
        (clocked(reached=1, silent_until=OPENED + hours(15)), SAE, 15, True),
    ],
)
def test_what_comes_next_of_a_serious_event(
    told: Life, what: tuple[SignalKind, int], after_h: float, again: bool
) -> None:
    coming = what_comes_next(told, *what, PROTOCOL)
    assert coming is not None
    assert (coming.at, coming.again) == (OPENED + hours(after_h), again)
