"""Time to a grade with its competing causes, onset, peak and duration; counted by hand."""

import pytest

from grading.scale import Toxicity
from tests.trial.safety_courses import course, spells
from trial.at_risk import Cause
from trial.day_episodes import DaySummary, Ending
from trial.safety_rows import Course, CourseEnds
from trial.safety_times import TimeTo, incidence_of, time_course, time_to_grade

WINDOW = 14


@pytest.mark.parametrize(
    ("one", "day", "cause"),
    [
        (course("A-1", "0012"), 3, Cause.EVENT),
        (course("A-1", "0010"), 3, Cause.CENSORED),
        (course("A-1", "5", died=0), 0, Cause.EVENT),
        (course("A-1", "0", died=0), 0, Cause.DEATH),
        (course("A-1", "", died=0), 0, Cause.DEATH),
        (course("A-1", "0002", died=2), 2, Cause.DEATH),
        (course("A-1", "0002", died=3), 3, Cause.EVENT),
        (course("A-1", "00", died=9), 9, Cause.DEATH),  # a gap within the window hides no death
        (course("A-1", "00", died=15), 1, Cause.CENSORED),  # after it nobody looked
        (course("A-1", "0" * 20, died=20), 20, Cause.DEATH),
        (course("A-1", "0" * 20, died=21), 19, Cause.CENSORED),
        (course("A-1", "0" * 10, second=10), 10, Cause.SECOND_INFUSION),
        (course("A-1", "0" * 15, second=40), 14, Cause.CENSORED),
        (course("A-1", "0" * 15, therapy=12), 12, Cause.NEW_THERAPY),
        (course("A-1", "0" * 15, therapy=12, died=12), 12, Cause.DEATH),
    ],
)
def test_what_ended_the_time_at_risk(one: Course, day: int, cause: Cause) -> None:
    assert time_to_grade([one], 2, WINDOW) == (TimeTo("A-1", day, cause),)


def test_who_was_never_assessed_has_no_time_at_risk() -> None:
    assert time_to_grade([course("A-1", ""), course("A-2", "", died=15)], 2, WINDOW) == ()


def test_of_several_ends_the_first_counts() -> None:
    assert CourseEnds().first_competing() is None
    assert CourseEnds(died=9, second_infusion=7).first_competing() == (7, Cause.SECOND_INFUSION)


def test_incidence_competes_and_counts_who_is_at_risk() -> None:
    courses = [
        course("A-1", "002"),
        course("A-2", "0000", died=3),
        course("A-3", "00002"),
        course("A-4", "0" * 15),
        course("A-5", "02", number=2),
    ]
    found = incidence_of(courses, Toxicity.CRS, 1, 2, WINDOW)
    # By hand: 1 of 4 on day 2; a death on day 3; then 1 of 2 of the remaining half.
    assert [step.day for step in found.curve.steps] == [2, 4]
    assert [step.incidence for step in found.curve.steps] == pytest.approx([0.25, 0.5])
    assert [step.day for step in found.competing.steps] == [3]
    assert found.competing.steps[0].incidence == pytest.approx(0.25)
    assert found.at_risk([0, 2, 3, 4, 14, 15]) == (4, 4, 3, 2, 1, 0)
    assert found.curve.censored_on == (14,)


def test_all_competing_causes_leave_the_curve_of_the_event_as_it_is() -> None:
    causes = [
        course("A-1", "002"),
        course("A-2", "00", died=1),
        course("A-3", "0000", second=3),
        course("A-4", "0" * 15, therapy=5),
    ]
    found = incidence_of(causes, Toxicity.CRS, 1, 2, WINDOW)
    assert found.curve.events == 1
    assert found.competing.events == 3
    assert [time.cause for time in found.times[1:]] == [
        Cause.DEATH,
        Cause.SECOND_INFUSION,
        Cause.NEW_THERAPY,
    ]


@pytest.mark.parametrize(
    "courses", [[], [course("A-1", "0" * 15), course("A-2", "00")], [course("A-1", "00", number=2)]]
)
def test_no_event_and_everyone_censored_are_curves_without_a_step(courses: list[Course]) -> None:
    found = incidence_of(courses, Toxicity.CRS, 1, 3, WINDOW)
    assert (found.curve.steps, found.competing.steps) == ((), ())
    assert len(found.curve.censored_on) == len(found.times)


def test_onset_peak_and_duration_among_the_affected() -> None:
    found = time_course(
        [
            spells("A-2", "00122100"),  # onset 2, peak 3, days 2 to 5
            spells("A-1", "0113"),  # onset 1, peak 3, ongoing
            spells("A-3", "0000"),
            spells("A-4", "0045", died=3),
            spells("A-1", "01", number=2),
        ],
        Toxicity.CRS,
        1,
    )
    assert [one.course.code for one in found.spells] == ["A-1", "A-2", "A-3", "A-4"]
    assert [one.course.code for one in found.affected] == ["A-1", "A-2", "A-4"]
    assert found.onset == DaySummary(3, 2, 1, 2)
    assert found.peak == DaySummary(3, 3, 3, 3)
    assert (found.duration.ended, found.duration.ongoing, found.duration.died) == (1, 1, 1)
    assert [one.ending for one in found.spells] == [Ending.ONGOING, Ending.ENDED, None, Ending.DIED]


def test_nobody_affected_has_no_median() -> None:
    found = time_course([spells("A-1", "000")], Toxicity.CRS, 1)
    assert (found.affected, found.onset.median, found.duration.median.day) == ((), None, None)
