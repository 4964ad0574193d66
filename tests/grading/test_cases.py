"""The worked cases of the clinical rules: every row of both files."""

import csv
from itertools import groupby
from pathlib import Path

import pytest

from grading.crs_course import GradedAssessment, grade_course
from grading.scale import Grade
from tests.grading.reading import read_charted

CASES = Path(__file__).parents[1] / "cases"


def read_file(name: str) -> list[dict[str, str]]:
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def course_of(row: dict[str, str]) -> tuple[str, str]:
    return row["patient_id"], row["infusion_number"]


def graded_cases() -> dict[tuple[str, str, str], GradedAssessment]:
    graded = {}
    for course, rows in groupby(read_file("cases.csv"), course_of):
        listed = list(rows)
        for row, result in zip(listed, grade_course([read_charted(row) for row in listed]), strict=True):
            graded[*course, row["assessed_at"]] = result
    return graded


GRADED = graded_cases()


def shown(grade: Grade) -> tuple[str, str]:
    return ("" if grade.grade is None else str(grade.grade)), str(grade.at_least)


def test_no_row_of_the_cases_is_left_out() -> None:
    expected = {(*course_of(row), row["assessed_at"]) for row in read_file("expected.csv")}
    assert expected == set(GRADED)
    assert len(expected) == len(read_file("cases.csv"))


@pytest.mark.parametrize(
    "row", read_file("expected.csv"), ids=lambda row: f"{row['patient_id']}-{row['assessed_at']}"
)
def test_it_gives_the_expected_grades(row: dict[str, str]) -> None:
    graded = GRADED[*course_of(row), row["assessed_at"]]
    assert shown(graded.crs) == (row["crs_grade"], row["crs_at_least"])
    assert shown(graded.icans) == (row["icans_grade"], row["icans_at_least"])
