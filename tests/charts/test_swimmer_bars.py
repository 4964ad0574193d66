"""The bars of the swimmer: as long as their days, and from grade 3 on never narrower than their numeral."""

import pytest

from charts.swimmer import draw_swimmer
from grading.scale import Toxicity
from trial.swimmer import Lane, Stretch

NUMERAL_PX = 8
"""A bold figure of 12 px with a little room beside it."""
WIDTH_PX = 780


def bar(grade: int, first_day: int, last_day: int, axis_ends_at: int) -> tuple[float, float, str]:
    """From, to, and the numeral."""
    lane = Lane(code="A-1", last_day=90, goes_on=True, stretches=(_stretch(grade, first_day, last_day),))
    data = draw_swimmer([lane], [Toxicity.CRS], (1,), axis_ends_at, "light").to_dict()["data"]
    left, right, _ = next(trace["x"] for trace in data if trace.get("line", {}).get("width") == 13)
    return left, right, next(trace["text"][0] for trace in data if trace.get("customdata"))


def _stretch(grade: int, first_day: int, last_day: int) -> Stretch:
    return Stretch(Toxicity.CRS, 1, first_day, last_day, grade)


@pytest.mark.parametrize("axis_ends_at", [100, 400])
def test_one_day_of_grade_3_has_room_for_its_numeral_however_long_the_axis(axis_ends_at: int) -> None:
    left, right, numeral = bar(3, 4, 4, axis_ends_at)
    assert numeral == "<b>3</b>"
    assert (right - left) * WIDTH_PX / (1.25 * axis_ends_at) >= NUMERAL_PX
    assert (left + right) / 2 == pytest.approx(4)


def test_what_has_room_is_as_long_as_its_days() -> None:
    assert bar(4, 3, 6, 100) == (2.5, 6.5, "<b>4</b>")


def test_a_short_milder_grade_keeps_its_days_and_leaves_its_numeral_out() -> None:
    assert bar(2, 4, 4, 100) == (3.5, 4.5, "")
