"""Planned visits from the infusion dates, and how each stands on a day."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from grading.charted import DeathDueTo
from trial.follow_up_facts import (
    CAUSE_WORDS,
    KIND_WORDS,
    TEST_WORDS,
    DeathCause,
    FollowUpFact,
    FollowUpKind,
    VisitStatus,
    VisitTest,
    cause_agrees,
    end_of_follow_up,
)
from trial.follow_up_plan import CountedFrom, FollowUpPlan, PlannedDay
from trial.protocol import PROTOCOL_FILE, ProtocolError, load_protocol, parse_protocol
from trial.visits import (
    RecordedVisit,
    Visit,
    VisitState,
    next_visit,
    plan_visits,
    unplanned,
    visit_label,
    visits_on,
)

FIRST = date(2026, 1, 1)
SECOND = date(2026, 2, 10)  # day 40
BLOOD, CTDNA, PET = VisitTest
DAYS = (
    PlannedDay("day_28", 28, 7, 7, (BLOOD, PET)),
    PlannedDay("day_60", 60, 7, 7, (BLOOD, CTDNA)),
    PlannedDay("day_90", 90, 14, 14, tuple(VisitTest)),
)


def plan(counted_from: CountedFrom = CountedFrom.FIRST) -> FollowUpPlan:
    return FollowUpPlan(counted_from, DAYS)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def stands(on: int, *recorded: RecordedVisit, ended: FollowUpFact | None = None) -> dict[str, Visit]:
    visits = visits_on(plan_visits([FIRST], plan()), recorded, ended, day(on))
    return {visit.planned.name: visit for visit in visits}


def done(name: str, on: int, **tests: bool) -> RecordedVisit:
    said = {VisitTest(test): was for test, was in tests.items()}
    return RecordedVisit(1, name, VisitStatus.DONE, day(on), said)


def test_the_shipped_protocol_plans_six_visits_to_month_12_and_names_what_they_count_from() -> None:
    follow_up = load_protocol().follow_up
    assert [one.day for one in follow_up.visits] == [28, 60, 90, 180, 270, 365]
    assert follow_up.counted_from is CountedFrom.FIRST
    assert all(BLOOD in one.tests and CTDNA in one.tests for one in follow_up.visits)
    assert [one.day for one in follow_up.visits if PET not in one.tests] == [60]


def test_the_window_of_the_3_month_cr_is_that_of_the_visit_of_day_90() -> None:
    protocol = load_protocol()
    (visit,) = [one for one in protocol.follow_up.visits if one.day == protocol.endpoints.month_3_day]
    window = (protocol.endpoints.month_3_before, protocol.endpoints.month_3_after)
    assert (visit.before, visit.after) == window
    assert PET in visit.tests


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"first"', '"fist"', "follow_up.counted_from is 'fist': input should be 'first', 'last' or 'each'"),
        ("day = 60,", "day = 42,", "the days of day_60 must begin after day 35; list visits by day"),
        ("day = 28, before = 7", "day = 28, before = 28", "the days of day_28 must begin after day 0"),
        ('"day_60"', '"day_28"', "give each visit a name of its own"),
        ('"day_60"', '"Day 60"', "follow_up.visits.1.name is 'Day 60'"),
        ('"ctdna"]', '"ctdna", "ctdna"]', "follow_up.visits.1.tests is ['blood_tests', 'ctdna', 'ctdna']: "),
        ('"ctdna"]', '"biopsy"]', "follow_up.visits.1.tests.1 is 'biopsy'"),
        ("visits = [", "visits = []\nothers = [", "follow_up.visits is []"),
        ("month_3_day = 90", "month_3_day = 3", "endpoints.month_3_day is 3"),
        ('month_3_missing = "not_cr"', 'month_3_missing = "cr"', "input should be 'not_cr' or 'not_counted'"),
        ("[endpoints]", "[endpoint]", "the setting endpoints is missing"),
        ("[follow_up]", "[followup]", "the setting follow_up is missing"),
    ],
)
def test_a_wrong_setting_of_the_follow_up_is_named(old: str, new: str, sentence: str) -> None:
    text = Path(PROTOCOL_FILE).read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ProtocolError) as caught:
        parse_protocol(text.replace(old, new, 1))
    assert sentence in str(caught.value)


def test_nobody_infused_has_no_visits() -> None:
    assert plan_visits([], plan()) == ()
    assert next_visit([]) is None


def test_the_days_of_a_visit_are_counted_from_the_first_infusion() -> None:
    for infused in ([FIRST], [FIRST, SECOND]):
        visits = plan_visits(infused, plan())
        assert [(one.infusion_number, one.on) for one in visits] == [(1, day(28)), (1, day(60)), (1, day(90))]
        assert (visits[0].from_on, visits[0].to_on, visits[0].replaced_on) == (day(21), day(35), None)


def test_each_infusion_may_have_visits_of_its_own() -> None:
    visits = plan_visits([FIRST, SECOND], plan(CountedFrom.EACH))
    assert [(one.infusion_number, one.on) for one in visits] == [
        *((1, day(number)) for number in (28, 60, 90)),
        *((2, day(number)) for number in (68, 100, 130)),
    ]


def test_the_last_infusion_replaces_what_had_not_come_yet() -> None:
    planned = plan_visits([FIRST, SECOND], plan(CountedFrom.LAST))
    before = visits_on(planned, [], None, SECOND - timedelta(days=1))
    after = visits_on(planned, [], None, SECOND)
    assert [visit.state for visit in before[:3]] == [
        VisitState.OVERDUE,
        VisitState.NOT_YET,
        VisitState.NOT_YET,
    ]
    assert [visit.state for visit in after] == [
        VisitState.OVERDUE,
        VisitState.NO_LONGER,
        VisitState.NO_LONGER,
        *[VisitState.NOT_YET] * 3,
    ]
    assert after[1].planned.replaced_on == SECOND
    assert plan_visits([FIRST], plan(CountedFrom.LAST))[1].replaced_on is None


def test_a_visit_of_the_day_of_the_second_infusion_is_replaced() -> None:
    (visit, *_) = plan_visits([FIRST, day(28)], plan(CountedFrom.LAST))
    assert visit.replaced_on == day(28)


@pytest.mark.parametrize("infused", [[SECOND, FIRST], [FIRST, SECOND, day(90)]])
def test_infusions_out_of_order_are_refused(infused: list[date]) -> None:
    with pytest.raises(ValueError, match="the first one first"):
        plan_visits(infused, plan())


@pytest.mark.parametrize(
    ("on", "state"),
    [
        (20, VisitState.NOT_YET),
        (21, VisitState.OPEN),
        (27, VisitState.OPEN),
        (28, VisitState.DUE),
        (35, VisitState.DUE),
        (36, VisitState.OVERDUE),
    ],
)
def test_a_visit_opens_is_due_and_is_overdue_by_the_calendar(on: int, state: VisitState) -> None:
    assert stands(on)["day_28"].state is state


def test_a_recorded_visit_stays_as_recorded_whatever_ends_the_follow_up() -> None:
    missed = RecordedVisit(1, "day_60", VisitStatus.MISSED, note="abroad")
    death = FollowUpFact(FollowUpKind.DEATH, day(20))
    found = stands(100, done("day_28", 27), missed, ended=death)
    assert [one.state for one in found.values()] == [VisitState.DONE, VisitState.MISSED, VisitState.NO_LONGER]
    assert found["day_60"].recorded == missed
    assert found["day_90"].ended_by == death


@pytest.mark.parametrize(
    ("ended_on", "state"),
    [
        (20, VisitState.NO_LONGER),
        (30, VisitState.NO_LONGER),
        (35, VisitState.NO_LONGER),
        (36, VisitState.OVERDUE),
    ],
)
def test_what_ended_the_follow_up_ends_the_visits_whose_window_was_not_over(
    ended_on: int, state: VisitState
) -> None:
    ended = FollowUpFact(FollowUpKind.WITHDRAWAL, day(ended_on))
    assert stands(40, ended=ended)["day_28"].state is state


def test_what_was_not_done_and_what_nobody_has_said_are_told_apart() -> None:
    visit = stands(40, done("day_28", 29, blood_tests=True, pet_ct=False, ctdna=False))["day_28"]
    assert (visit.not_done, visit.not_recorded) == ((PET,), ())
    silent = stands(40, done("day_28", 29, blood_tests=True))["day_28"]
    assert (silent.not_done, silent.not_recorded) == ((), (PET,))
    missed = stands(40, RecordedVisit(1, "day_28", VisitStatus.MISSED))["day_28"]
    assert (missed.not_done, missed.not_recorded) == ((), ())
    assert (stands(40)["day_28"].not_done, stands(40)["day_28"].outside_window) == ((), False)


@pytest.mark.parametrize(("on", "outside"), [(20, True), (21, False), (35, False), (36, True)])
def test_a_visit_outside_its_window_is_marked(on: int, outside: bool) -> None:
    assert stands(60, done("day_28", on))["day_28"].outside_window is outside


def test_a_visit_of_an_earlier_plan_is_still_shown() -> None:
    planned = plan_visits([FIRST], plan())
    old = done("day_45", 45)
    assert list(unplanned(planned, [done("day_28", 28), old])) == [old]


@pytest.mark.parametrize(
    ("on", "recorded", "name"),
    [
        (10, (), "day_28"),
        (50, (), "day_28"),  # overdue before what is due
        (60, ("day_28",), "day_60"),
        (72, ("day_28", "day_60"), "day_90"),
        (100, ("day_28", "day_60", "day_90"), None),
    ],
)
def test_the_most_urgent_visit_comes_next(on: int, recorded: tuple[str, ...], name: str | None) -> None:
    found = next_visit(stands(on, *(done(one, 30) for one in recorded)).values())
    assert (found and found.planned.name) == name


def test_of_two_that_wait_the_more_urgent_comes_first() -> None:
    waits = stands(90)
    assert waits["day_60"].waits_until < waits["day_90"].waits_until
    assert waits["day_90"].state is VisitState.DUE


@pytest.mark.parametrize(
    ("story", "on", "kind"),
    [
        ("prog 10, died 20, left 15", 30, FollowUpKind.WITHDRAWAL),
        ("left 15, died 15", 30, FollowUpKind.DEATH),
        ("lost 15, left 15", 30, FollowUpKind.WITHDRAWAL),
        ("died 20", 19, None),
        ("prog 10, therapy 11", 30, None),
        ("", 30, None),
    ],
)
def test_the_first_of_death_withdrawal_and_loss_ends_the_follow_up(
    story: str, on: int, kind: FollowUpKind | None
) -> None:
    words = {
        "prog": FollowUpKind.PROGRESSION,
        "therapy": FollowUpKind.NEW_THERAPY,
        "died": FollowUpKind.DEATH,
        "left": FollowUpKind.WITHDRAWAL,
        "lost": FollowUpKind.LOST,
    }
    events = [
        FollowUpFact(words[word.split()[0]], day(int(word.split()[1]))) for word in story.split(", ") if word
    ]
    end = end_of_follow_up(events, day(on))
    assert (end and end.kind) == kind


AGREED = {
    DeathDueTo.CRS: {DeathCause.CRS},
    DeathDueTo.ICANS: {DeathCause.ICANS},
    DeathDueTo.OTHER: {DeathCause.LYMPHOMA, DeathCause.INFECTION, DeathCause.OTHER, DeathCause.UNKNOWN},
}


@pytest.mark.parametrize("due_to", DeathDueTo)
@pytest.mark.parametrize("cause", DeathCause)
def test_the_two_records_of_a_death_agree_on_its_cause_or_not(due_to: DeathDueTo, cause: DeathCause) -> None:
    assert cause_agrees(due_to, cause) is (cause in AGREED[due_to])


def test_every_word_of_the_follow_up_can_be_read() -> None:
    assert set(KIND_WORDS) == set(FollowUpKind)
    assert set(CAUSE_WORDS) == set(DeathCause)
    assert set(TEST_WORDS) == set(VisitTest)
    assert visit_label("day_28") == "Day 28"
