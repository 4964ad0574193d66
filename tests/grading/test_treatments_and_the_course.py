"""Steroids and anticytokine drugs as treatments: what they do to the end of a course, and what not."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from grading.charted import Charted, FeverMaskingDrug, Vasopressor
from grading.crs_course import GradedAssessment, grade_course
from grading.given_drugs import DrugGiven, last_given
from grading.settings import GradingSettings
from tests.grading.reading import read_charted
from tests.grading.test_against_second_opinion import ours, theirs
from tests.grading.test_limits import START, charted, cool
from tests.second_opinion.grader import Given
from tests.second_opinion.grader import grade_course as second_opinion
from tests.second_opinion.strategies import random_course, random_treatments
from tests.support.soak import few

PRESSOR = frozenset({Vasopressor.NOREPINEPHRINE})
DEXAMETHASONE = frozenset({FeverMaskingDrug.DEXAMETHASONE})
SIX_HOURS = timedelta(hours=6)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def dose(hours: float) -> DrugGiven:
    return DrugGiven(at(hours), at(hours))


def graded(
    *rows: Charted, drugs: list[DrugGiven], settings: GradingSettings | None = None
) -> list[GradedAssessment]:
    return grade_course(rows, drugs=drugs, settings=settings or GradingSettings())


# ---- When a drug was last given ----


@pytest.mark.parametrize(
    ("drug", "hours", "last"),
    [
        (dose(10), 9.99, None),
        (dose(10), 10, 10),
        (dose(10), 40, 10),
        (DrugGiven(at(10), None), 40, 40),
        (DrugGiven(at(10), at(20)), 15, 15),
        (DrugGiven(at(10), at(20)), 40, 20),
        (DrugGiven(at(10), None, SIX_HOURS), 15.99, 10),
        (DrugGiven(at(10), None, SIX_HOURS), 16, 16),
        (DrugGiven(at(10), None, SIX_HOURS), 100, 100),
        (DrugGiven(at(10), None, SIX_HOURS), 101, 100),
        (DrugGiven(at(10), at(22), SIX_HOURS), 100, 22),
        (DrugGiven(at(10), at(21.99), SIX_HOURS), 100, 16),
    ],
)
def test_the_last_dose_up_to_a_moment(drug: DrugGiven, hours: float, last: float | None) -> None:
    assert drug.last_until(at(hours)) == (None if last is None else at(last))


def test_of_several_drugs_the_latest_dose_counts() -> None:
    assert last_given([dose(3), dose(8), dose(5), dose(30)], at(12)) == at(8)
    assert last_given([dose(30)], at(12)) is None
    assert last_given([], at(12)) is None


# ---- The end of the course ----


@pytest.mark.parametrize(("hours", "is_open"), [(33.99, True), (34, False), (34.01, False)])
def test_a_course_closes_24_hours_after_a_steroid_that_is_a_treatment(hours: float, is_open: bool) -> None:
    assert graded(charted(), cool(hours), drugs=[dose(10)])[-1].crs_state.course_open is is_open


@pytest.mark.parametrize("hours", [10, 10.5, 24, 33.99, 34, 40])
def test_a_treatment_closes_a_course_where_the_same_drug_charted_would(hours: float) -> None:
    as_treatment = graded(charted(), cool(10), cool(hours + 0.25), drugs=[dose(10)])
    as_charted = graded(charted(), cool(10, fever_masking_drugs=DEXAMETHASONE), cool(hours + 0.25), drugs=[])
    assert [row.crs_state for row in as_treatment] == [row.crs_state for row in as_charted]


def test_the_later_of_treatment_and_charted_drug_counts() -> None:
    row = cool(12, fever_masking_drugs=DEXAMETHASONE)
    assert graded(charted(), row, cool(35.99), drugs=[dose(10)])[-1].crs_state.course_open
    assert not graded(charted(), row, cool(36), drugs=[dose(10)])[-1].crs_state.course_open
    assert graded(charted(), row, cool(36), drugs=[dose(14)])[-1].crs_state.course_open


@pytest.mark.parametrize("every", [None, SIX_HOURS])
def test_a_drug_that_goes_on_keeps_the_course_open(every: timedelta | None) -> None:
    drug = DrugGiven(at(2), None, every)
    days = graded(charted(), *(cool(24.0 * day) for day in range(1, 9)), drugs=[drug])
    assert all(row.crs_state.course_open for row in days)


def test_hypotension_after_a_steroid_is_graded_in_the_course_that_the_treatment_keeps_open() -> None:
    rows = (charted(), cool(30), cool(40, vasopressors=PRESSOR))
    with_steroid = graded(*rows, drugs=[dose(20)])
    assert [row.crs.grade for row in with_steroid] == [1, 0, 3]
    assert with_steroid[-1].crs_state.recurrence
    assert [row.crs.grade for row in graded(*rows, drugs=[])] == [1, 0, 0]


def test_a_treatment_opens_no_course_and_fills_no_box() -> None:
    shock = cool(5, vasopressors=PRESSOR)
    assert graded(shock, drugs=[dose(1), DrugGiven(at(0), None)])[0].crs == graded(shock, drugs=[])[0].crs


def test_a_dose_after_an_assessment_changes_nothing_before_it() -> None:
    rows = (charted(), cool(24), cool(30, vasopressors=PRESSOR))
    assert graded(*rows, drugs=[dose(24.01)]) == graded(*rows, drugs=[])
    assert graded(*rows, drugs=[dose(24)]) != graded(*rows, drugs=[])


def test_a_steroid_given_before_the_course_began_still_counts() -> None:
    longer = GradingSettings(drug_hours=48)
    rows = (charted(10), cool(34))
    assert graded(*rows, drugs=[dose(-13.99)], settings=longer)[-1].crs_state.course_open
    assert not graded(*rows, drugs=[dose(-14)], settings=longer)[-1].crs_state.course_open


def test_only_the_rows_asked_for_come_back_after_all_were_walked() -> None:
    rows = (charted(), cool(30), cool(40, vasopressors=PRESSOR))
    whole = graded(*rows, drugs=[dose(20)])
    assert grade_course(rows, drugs=[dose(20)], from_at=at(30)) == whole[1:]


# ---- Beside the second opinion ----


def _drug(treatment: Given) -> DrugGiven:
    first, last, hours = treatment
    return DrugGiven(first, last, None if hours is None else timedelta(hours=hours))


@pytest.mark.untraced
@pytest.mark.parametrize("seed", few(range(5)))
def test_both_agree_on_random_courses_with_treatments(seed: int) -> None:
    rng, mattered = Random(seed), 0
    for _ in range(300):
        course = random_course(rng, rng.randint(2, 14))
        treatments = random_treatments(rng, course)
        rows = [read_charted(row) for row in course]
        mine: list[dict[str, Any]] = [
            ours(each) for each in grade_course(rows, drugs=[_drug(one) for one in treatments])
        ]
        assert mine == [theirs(each) for each in second_opinion(course, treatments)], (course, treatments)
        mattered += mine != [ours(each) for each in grade_course(rows)]
    assert mattered >= 10
