"""Who is at risk on which day, and what is refused."""

import math

import pytest

from trial.at_risk import Cause, log_log_limits, number_at_risk, risk_days


def test_tied_days_stand_together_and_the_censored_are_still_at_risk_on_their_day() -> None:
    rows = risk_days([3, 1, 3, 3, 0], [Cause.EVENT, Cause.CENSORED, Cause.CENSORED, Cause.DEATH, Cause.EVENT])
    assert [(row.day, row.at_risk, row.failed) for row in rows] == [(0, 5, 1), (1, 4, 0), (3, 3, 2)]
    assert rows[2].ended == {Cause.EVENT: 1, Cause.DEATH: 1, Cause.CENSORED: 1}


def test_nobody_has_no_day() -> None:
    assert risk_days([], []) == ()


def test_the_number_at_risk_counts_who_reaches_the_day() -> None:
    assert number_at_risk([2, 5, 5, 9], at=[0, 2, 3, 5, 6, 10]) == (4, 4, 3, 3, 1, 0)
    assert number_at_risk([], at=[0, 7]) == (0, 0)


@pytest.mark.parametrize(
    ("days", "causes", "sentence"),
    [
        ([1], [], "Each patient needs one day and one cause, not 1 and 0."),
        ([-1], [1], "The last day of a patient must be 0 or later, not -1."),
        ([math.nan], [1], "The last day of a patient must be 0 or later, not nan."),
        ([math.inf], [0], "The last day of a patient must be 0 or later, not inf."),
        ([1], [-1], r"A cause must be 0 \(censored\) or above, not -1."),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    days: list[float], causes: list[int], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        risk_days(days, causes)


@pytest.mark.parametrize("probability", [0.0, 1.0, 1e-13, 1 - 1e-13])
def test_a_curve_at_either_end_has_no_limits(probability: float) -> None:
    assert log_log_limits(probability, 0.1) is None


def test_limits_never_leave_the_scale() -> None:
    assert log_log_limits(0.5, 1000.0) == (0.0, 1.0)
    low, high = log_log_limits(0.5, 0.1) or (1, 0)
    assert 0 < low < 0.5 < high < 1
