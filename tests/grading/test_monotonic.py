"""Within one row a worse sign never lowers a grade, and filling a gap never lowers what is proved.

Judgement and attribution columns are excepted: they exist to lower a grade. So is one reading:
a cannula without a flow is taken as at least low flow, and a flow of 0 then says room air.
"""

from collections.abc import Iterator
from itertools import pairwise
from random import Random

import pytest

from grading.crs_course import GradedAssessment, grade_course
from grading.ice import ICE_ITEMS
from tests.grading.reading import read_charted
from tests.second_opinion import tables
from tests.second_opinion.signs import Row
from tests.second_opinion.strategies import random_course
from tests.support.soak import few

pytestmark = pytest.mark.untraced

FROM_BEST_TO_WORST: dict[str, tuple[str, ...]] = {
    "temperature_c": ("36.0", "37.9", "38.0", "40.1"),
    "systolic_mmhg": ("140", "90", "89.9", "60"),
    "spo2_percent": ("99", "90", "89.9", "70"),
    "oxygen_device": ("room_air", "blow_by", "face_mask", "bipap"),
    "oxygen_l_per_min": ("0.5", "6", "6.1", "60"),
    "vasopressors": ("none", "vasopressin", "vasopressin;dopamine", "dopamine;epinephrine"),
    "iv_fluid_bolus": ("no", "yes"),
    "ice_score": tuple(str(score) for score in range(10, -1, -1)),
    "consciousness": tuple(tables.CONSCIOUSNESS),
    "seizure": ("none", "brief", "nonconvulsive_resolved", "repetitive", "prolonged"),
    "motor_weakness": ("none", "deep_focal"),
    "edema_or_raised_icp": ("none", "focal_edema", "focal_edema;papilledema"),
    **{item.column: tuple(str(points) for points in range(item.points, -1, -1)) for item in ICE_ITEMS},
}


def possible_values(row: Row, column: str) -> tuple[str, ...]:
    """The values that the file would accept beside the rest of the row, from best to worst."""
    values = FROM_BEST_TO_WORST[column]
    if column == "oxygen_device" and float(row["oxygen_l_per_min"] or 0) > 0:
        return values[1:]
    if column == "oxygen_l_per_min" and row["oxygen_device"] == "room_air":
        return ()
    if column.startswith("ice_") and (row["ice_not_done"] or row["consciousness"] == "unarousable"):
        return ()
    if column == "ice_score":
        return tuple(value for value in values if least_sum(row) <= int(value) <= most_sum(row))
    if column in tables.ICE_MAXIMUM and row["ice_score"]:
        return ()
    if column == "consciousness" and row["ice_not_done"] == "unarousable":
        return ("unarousable",)
    return values


def least_sum(row: Row) -> int:
    return sum(int(row[column] or 0) for column in tables.ICE_MAXIMUM)


def most_sum(row: Row) -> int:
    return sum(int(row[column] or most) for column, most in tables.ICE_MAXIMUM.items())


def last_of(course: list[Row], **cells: str | None) -> GradedAssessment:
    rows = [*course[:-1], {**course[-1], **cells}]
    return grade_course([read_charted(row) for row in rows])[-1]


def bounds(graded: GradedAssessment) -> tuple[int, ...]:
    return graded.crs.at_least, graded.crs.at_most, graded.icans.at_least, graded.icans.at_most


def random_courses(seed: int, courses: int) -> Iterator[list[Row]]:
    rng = Random(seed)
    for _ in range(courses):
        yield random_course(rng, rng.randint(1, 5))


@pytest.mark.parametrize("courses", few([25, 250]))
@pytest.mark.parametrize("column", FROM_BEST_TO_WORST)
def test_a_worse_sign_never_lowers_a_grade(column: str, courses: int) -> None:
    raised = 0
    for course in random_courses(seed=21, courses=courses):
        values = possible_values(course[-1], column)
        graded = [bounds(last_of(course, **{column: value})) for value in values]
        for better, worse in pairwise(graded):
            assert all(low <= high for low, high in zip(better, worse, strict=True)), course
            raised += better != worse
    assert raised, f"no course in which {column} matters"


@pytest.mark.parametrize("courses", few([30, 300]))
@pytest.mark.parametrize("column", FROM_BEST_TO_WORST)
def test_filling_a_gap_never_lowers_what_is_proved(column: str, courses: int) -> None:
    raised = 0
    for course in random_courses(seed=22, courses=courses):
        blank = last_of(course, **{column: None})
        for value in possible_values({**course[-1], column: None}, column):
            filled = last_of(course, **{column: value})
            assert filled.crs.at_least >= blank.crs.at_least, course
            assert filled.icans.at_least >= blank.icans.at_least, course
            raised += filled.crs.at_least > blank.crs.at_least or filled.icans.at_least > blank.icans.at_least
    assert raised, f"no course in which filling {column} proves more"


@pytest.mark.parametrize("courses", few([20, 200]))
@pytest.mark.parametrize("column", FROM_BEST_TO_WORST)
def test_a_column_that_proves_more_when_filled_was_named_as_missing(column: str, courses: int) -> None:
    for course in random_courses(seed=23, courses=courses):
        blank = last_of(course, **{column: None})
        for value in possible_values({**course[-1], column: None}, column):
            filled = last_of(course, **{column: value})
            if filled.crs.at_least > blank.crs.at_least and not settled_by_rule(course[-1], column):
                assert column in blank.crs.missing, course
            if filled.icans.at_least > blank.icans.at_least:
                assert column in blank.icans.missing, course


def settled_by_rule(row: Row, column: str) -> bool:
    """The two places where a rule settles the row although the column is blank."""
    judged_no = row["hypotension"] == "no" and column in ("vasopressors", "iv_fluid_bolus")
    normal_systolic = float(row["systolic_mmhg"] or 0) >= 90 and column == "iv_fluid_bolus"
    return judged_no or normal_systolic
