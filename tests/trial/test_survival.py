"""Survival curves: the Freireich trial, small curves by hand, and three libraries as second opinions."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from trial.survival import Median, SurvivalCurve, kaplan_meier

# Freireich EJ et al. Blood 1963; 21: 699-716: weeks in remission; a plus means still in remission.
MERCAPTOPURINE = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def curve_of(text: str) -> SurvivalCurve:
    weeks = text.split()
    return kaplan_meier(
        [float(week.rstrip("+")) for week in weeks], [not week.endswith("+") for week in weeks]
    )


def test_the_freireich_trial_gives_the_published_curve() -> None:
    curve = curve_of(MERCAPTOPURINE)
    step = curve.at(6)
    assert step is not None
    assert (step.at_risk, step.events) == (21, 3)
    assert (step.survival, step.low, step.high) == pytest.approx((0.857143, 0.619718, 0.951552), abs=5e-7)
    assert curve.median == Median(23, 13, None)
    assert (curve.patients, curve.events, curve.last_day) == (21, 9, 35)
    assert curve.censored_on == (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)


def test_with_nobody_censored_the_median_is_the_plain_one() -> None:
    assert curve_of(PLACEBO).median == Median(8, 4, 11)
    assert curve_of("2 4 10 30").median.day == 7
    assert curve_of("2 4 10").median.day == 4


def test_before_the_first_event_there_are_no_limits() -> None:
    step = curve_of(MERCAPTOPURINE).at(5.9)
    assert step is not None
    assert (step.at_risk, step.survival, step.low, step.high) == (21, 1, None, None)


def test_the_curve_ends_with_the_last_one_followed() -> None:
    curve = curve_of(MERCAPTOPURINE)
    assert curve.at(-1) is None
    assert curve.at(35) is not None
    assert curve.at(36) is None


def test_once_everyone_has_had_the_event_the_curve_stays_at_0() -> None:
    step = curve_of("3 5 8").at(400)
    assert step is not None
    assert (step.survival, step.low, step.high) == (0, None, None)


def test_nobody_has_no_curve_and_no_median() -> None:
    curve = kaplan_meier([], [])
    assert (curve.patients, curve.events, curve.steps, curve.censored_on) == (0, 0, (), ())
    assert curve.last_day is None
    assert curve.at(0) is None
    assert curve.median == Median(None, None, None)


def test_with_everyone_censored_the_curve_stays_at_1() -> None:
    curve = curve_of("0+ 4+ 9+")
    assert curve.steps == ()
    step = curve.at(9)
    assert step is not None
    assert (step.survival, step.low, step.high) == (1, None, None)
    assert curve.median == Median(None, None, None)


def test_a_death_on_day_0_takes_the_curve_down_at_once() -> None:
    step = curve_of("0 5+ 5+ 5+").at(0)
    assert step is not None
    assert (step.day, step.at_risk, step.survival) == (0, 4, 0.75)


def test_a_curve_that_ends_at_one_half_has_not_reached_its_median() -> None:
    assert curve_of("5 100+").median.day is None
    # 9/10 * 8/9 * 5/8 is a hair below one half in floats.
    assert curve_of("1 4 5 5 5 9+ 9+ 9+ 9+ 9+").median.day is None


def test_who_is_censored_on_the_day_of_an_event_was_at_risk() -> None:
    assert [step.at_risk for step in curve_of("4 4+ 6").steps] == [3, 1]


def test_lists_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="Each patient needs one day and one cause, not 2 and 1"):
        kaplan_meier([1, 2], [True])


cohorts = st.lists(st.tuples(st.integers(0, 15), st.booleans()), min_size=1, max_size=20)


@settings(max_examples=80, deadline=None)
@given(cohort=cohorts)
def test_scipy_and_statsmodels_agree(cohort: list[tuple[int, bool]]) -> None:
    days, events = (list(column) for column in zip(*cohort, strict=True))
    curve = kaplan_meier(days, events)
    scipys, models = _scipys(cohort), SurvfuncRight(np.array(days), np.array(events, dtype=int))
    for step in curve.steps:
        survival, low, high = scipys[step.day]
        assert step.survival == pytest.approx(survival, abs=1e-12)
        if step.low is not None and step.high is not None:
            assert (step.low, step.high) == pytest.approx((low, high), abs=1e-9)
        at = list(models.surv_times).index(step.day)
        assert step.survival == pytest.approx(models.surv_prob[at], abs=1e-12)
        assert step.at_risk == models.n_risk[at]
        assert (step.low is None) == (step.survival == 0)


def _scipys(cohort: list[tuple[int, bool]]) -> dict[float, tuple[float, float, float]]:
    """Survival and its limits on each day; the limits are NaN where there are none."""
    uncensored = [day for day, event in cohort if event]
    right = [day for day, event in cohort if not event]
    estimate = stats.ecdf(stats.CensoredData(uncensored=uncensored, right=right)).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        limits: Any = estimate.confidence_interval(method="log-log")
    rows = zip(
        estimate.quantiles,
        estimate.probabilities,
        limits.low.probabilities,
        limits.high.probabilities,
        strict=True,
    )
    return {float(day): (float(p), float(low), float(high)) for day, p, low, high in rows}


@settings(max_examples=25, deadline=None)
@given(cohort=cohorts)
def test_lifelines_agrees(cohort: list[tuple[int, bool]]) -> None:
    days, events = (list(column) for column in zip(*cohort, strict=True))
    curve = kaplan_meier(days, events)
    fitter = KaplanMeierFitter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitter.fit(days, events)
        limits = fitter.confidence_interval_survival_function_
        medians = median_survival_times(limits)
    for step in curve.steps:
        assert step.survival == pytest.approx(fitter.survival_function_at_times(step.day).item(), abs=1e-12)
        if step.low is not None and step.high is not None:
            low, high = limits.loc[step.day]
            assert (step.low, step.high) == pytest.approx((low, high), abs=1e-9)
    median = fitter.median_survival_time_
    if all(abs(step.survival - 0.5) > 1e-9 for step in curve.steps):  # it takes the first day of a flat half
        assert curve.median.day == (None if math.isinf(median) else median)
    if all(step.survival > 0 for step in curve.steps):  # it makes limits up where nobody is left
        found = [math.inf if day is None else day for day in (curve.median.low, curve.median.high)]
        assert found == medians.iloc[0].tolist()


@settings(max_examples=60, deadline=None)
@given(cohort=cohorts)
def test_a_curve_only_falls_and_its_limits_hold_it(cohort: list[tuple[int, bool]]) -> None:
    curve = kaplan_meier([day for day, _ in cohort], [event for _, event in cohort])
    shares = [1.0, *(step.survival for step in curve.steps)]
    assert shares == sorted(shares, reverse=True)
    for step in curve.steps:
        if step.low is not None and step.high is not None:
            assert 0 <= step.low <= step.survival <= step.high <= 1
    assert curve.events + len(curve.censored_on) == curve.patients == len(cohort)
