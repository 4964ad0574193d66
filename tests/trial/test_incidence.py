"""Rates, exposure and cumulative incidence: the published answers, exact fractions and second opinions."""

import math
import warnings
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.duration.survfunc import CumIncidenceRight
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson

from trial.at_risk import Cause, log_log_limits
from trial.incidence import clopper_pearson, cumulative_incidence, exposure_adjusted_rate
from trial.survival import kaplan_meier

# Typed from the specification.
DAYS = [2, 3, 3, 4, 4, 5, 5, 6, 7, 9, 14, 14, 28, 28, 28]
CAUSES = [1, 1, 1, 1, 2, 1, 1, 1, 2, 1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("events", "low", "high"),
    [(0, 0, 0.2180), (3, 0.0433, 0.4809), (8, 0.2659, 0.7873), (12, 0.5191, 0.9567)],
)
def test_clopper_pearson_gives_the_published_limits_for_15_patients(
    events: int, low: float, high: float
) -> None:
    rate = clopper_pearson(events, 15)
    assert rate.rate == events / 15
    assert (rate.low, rate.high) == pytest.approx((low, high), abs=5e-5)


def test_clopper_pearson_agrees_with_scipy_and_statsmodels() -> None:
    for patients in range(1, 17):
        for events in range(patients + 1):
            found = clopper_pearson(events, patients)
            scipys = stats.binomtest(events, patients).proportion_ci(method="exact")
            models = proportion_confint(events, patients, method="beta")
            assert (found.low, found.high) == pytest.approx((scipys.low, scipys.high), abs=1e-9)
            assert (found.low, found.high) == pytest.approx(models, abs=1e-9)


@pytest.mark.parametrize(
    ("events", "patients", "words"),
    [
        (3, 15, "3 of 15 (20 %; 4 to 48 %)"),
        (0, 15, "0 of 15 (0 %; 0 to 22 %)"),
        (15, 15, "15 of 15 (100 %; 78 to 100 %)"),
        (0, 0, "0 of 0"),
    ],
)
def test_a_rate_is_told_count_first(events: int, patients: int, words: str) -> None:
    assert clopper_pearson(events, patients).in_words == words


def test_a_rate_of_nobody_is_unknown_and_not_0() -> None:
    nobody = clopper_pearson(0, 0)
    assert (nobody.rate, nobody.low, nobody.high) == (None, None, None)


@pytest.mark.parametrize(("events", "patients"), [(-1, 3), (4, 3), (1, 0), (0, -1)])
def test_counts_that_cannot_be_are_refused(events: int, patients: int) -> None:
    with pytest.raises(ValueError, match="Patients with an event must be from 0 to all"):
        clopper_pearson(events, patients)


def test_garwood_gives_the_published_limits() -> None:
    rate = exposure_adjusted_rate(3, 100)
    assert rate.rate == 3
    assert (rate.low, rate.high) == pytest.approx((0.6187, 8.7673), abs=5e-5)


@pytest.mark.parametrize("events", [0, 1, 2, 3, 10, 40])
def test_garwood_agrees_with_chi_square_and_statsmodels(events: int) -> None:
    found = exposure_adjusted_rate(events, 250.5, per_days=30)
    low = stats.chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    limits = np.array([low, stats.chi2.ppf(0.975, 2 * events + 2) / 2]) * 30 / 250.5
    models = np.nan_to_num(confint_poisson(events, 250.5 / 30, method="exact-c"))
    assert (found.low, found.high) == pytest.approx(tuple(limits), abs=1e-10)
    assert (found.low, found.high) == pytest.approx(tuple(models), abs=1e-10)
    assert found.rate == pytest.approx(events * 30 / 250.5)


@pytest.mark.parametrize("events", [0, 2])
def test_without_exposure_there_is_no_rate(events: int) -> None:
    rate = exposure_adjusted_rate(events, 0)
    assert (rate.events, rate.rate, rate.low, rate.high) == (events, None, None, None)


@pytest.mark.parametrize(
    ("events", "patient_days", "per_days"),
    [(-1, 10, 100), (1, -1, 100), (1, 10, 0), (1, math.nan, 100), (1, math.inf, 100), (1, 10, math.inf)],
)
def test_an_exposure_that_cannot_be_is_refused(events: int, patient_days: float, per_days: float) -> None:
    with pytest.raises(ValueError, match="Events and patient-days must be 0 or more and the unit above 0"):
        exposure_adjusted_rate(events, patient_days, per_days)


@pytest.mark.parametrize(
    ("day", "incidence", "low", "high"),
    [(3, 0.2000, 0.0489, 0.4239), (7, 0.4667, 0.2123, 0.6875), (14, 0.5333, 0.2632, 0.7438)],
)
def test_aalen_johansen_gives_the_published_curve(
    day: int, incidence: float, low: float, high: float
) -> None:
    step = cumulative_incidence(DAYS, CAUSES).at(day)
    assert step is not None
    found = (step.incidence, step.low, step.high)
    assert found == pytest.approx((incidence, low, high), abs=5e-5)


def test_the_competing_cause_has_a_curve_of_its_own() -> None:
    curve = cumulative_incidence(DAYS, CAUSES, cause=2)
    step = curve.at(7)
    assert step is not None
    assert step.incidence == pytest.approx(0.1333, abs=5e-5)
    assert [(one.day, one.at_risk, one.events) for one in curve.steps] == [(4, 12, 1), (7, 7, 1)]
    assert (curve.patients, curve.events) == (15, 2)


def test_a_curve_tells_its_censored_and_how_far_it_reaches() -> None:
    curve = cumulative_incidence(DAYS, CAUSES)
    assert (curve.patients, curve.events, curve.last_day, curve.nobody_left) == (15, 8, 28, False)
    assert list(curve.censored_on) == [14, 14, 28, 28, 28]
    assert [curve.at(day) is None for day in (-1, 0, 28, 28.5)] == [True, False, False, True]
    before = curve.at(1)
    assert before is not None
    assert (before.incidence, before.at_risk, before.low, before.high) == (0, 15, None, None)


def test_a_curve_ends_where_somebody_was_still_waiting_on_its_last_day() -> None:
    curve = cumulative_incidence([2, 6, 6], [1, 1, 0])
    assert curve.at(6) is not None
    assert curve.at(7) is None


def test_nobody_has_no_curve() -> None:
    curve = cumulative_incidence([], [])
    assert (curve.patients, curve.events, curve.steps, curve.censored_on) == (0, 0, (), ())
    assert curve.last_day is None
    assert curve.at(0) is None


@pytest.mark.parametrize("causes", [[0, 0, 0], [2, 0, 2], [2, 3, 4]])
def test_without_an_event_the_curve_stays_at_0_without_limits(causes: list[int]) -> None:
    curve = cumulative_incidence([4, 9, 9], causes)
    assert curve.steps == ()
    step = curve.at(9)
    assert step is not None
    assert (step.incidence, step.low, step.high) == (0, None, None)


def test_events_on_day_0_count_and_a_death_on_day_0_competes() -> None:
    curve = cumulative_incidence([0, 0, 5, 5], [Cause.EVENT, Cause.DEATH, Cause.CENSORED, Cause.CENSORED])
    assert [(step.day, step.at_risk, step.incidence) for step in curve.steps] == [(0, 4, 0.25)]


@pytest.mark.parametrize("patients", [1, 3, 15, 49])
def test_once_everyone_had_the_event_the_curve_is_at_1_for_good_and_without_limits(patients: int) -> None:
    curve = cumulative_incidence(list(range(patients)), [1] * patients)
    step = curve.at(10_000)
    assert step is not None
    assert (step.incidence, step.low, step.high) == (1, None, None)


def test_censoring_is_no_cause_to_ask_for() -> None:
    with pytest.raises(ValueError, match=r"needs a cause above 0 \(censored is none\), not 0"):
        cumulative_incidence([1], [1], cause=0)


cohorts = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=1, max_size=20)


def incidence_of(hazards: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    """Of the first of two causes, from the hazards of both on each day."""
    going, incidence = Fraction(1), Fraction(0)
    for wanted, other in hazards:
        incidence += going * wanted
        going *= 1 - wanted - other
    return incidence


def exact_incidence(cohort: Sequence[tuple[int, int]], day: int) -> tuple[Fraction, Fraction]:
    """Incidence of cause 1 by `day` and its variance by the delta method, all in fractions.

    Each day's hazards are multinomial shares of those at risk; the incidence is linear in the hazards of one
    day, so adding 1 to a hazard gives its exact slope.
    """
    hazards, sizes = [], []
    for t in sorted({t for t, cause in cohort if t <= day and cause}):
        sizes.append(sum(last >= t for last, _ in cohort))
        wanted = sum(last == t and cause == 1 for last, cause in cohort)
        other = sum(last == t and cause > 1 for last, cause in cohort)
        hazards.append((Fraction(wanted, sizes[-1]), Fraction(other, sizes[-1])))
    incidence, variance = incidence_of(hazards), Fraction(0)
    for i, (n, (a, b)) in enumerate(zip(sizes, hazards, strict=True)):
        by_a = incidence_of([*hazards[:i], (a + 1, b), *hazards[i + 1 :]]) - incidence
        by_b = incidence_of([*hazards[:i], (a, b + 1), *hazards[i + 1 :]]) - incidence
        variance += (by_a**2 * a * (1 - a) + by_b**2 * b * (1 - b) - 2 * by_a * by_b * a * b) / n
    return incidence, variance


@settings(max_examples=120, deadline=None)
@given(cohort=cohorts)
@example(cohort=list(zip(DAYS, CAUSES, strict=True)))
def test_every_step_is_what_exact_fractions_give(cohort: list[tuple[int, int]]) -> None:
    curve = cumulative_incidence([day for day, _ in cohort], [cause for _, cause in cohort])
    assert [step.day for step in curve.steps] == sorted({day for day, cause in cohort if cause == 1})
    for step in curve.steps:
        incidence, variance = exact_incidence(cohort, int(step.day))
        assert step.incidence == pytest.approx(float(incidence), abs=1e-12)
        if incidence == 1:
            assert (step.low, step.high) == (None, None)
        else:
            limits = log_log_limits(float(incidence), math.sqrt(variance))
            assert (step.low, step.high) == pytest.approx(limits, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(cohort=cohorts.map(lambda cohort: [(day, min(cause, 2)) for day, cause in cohort]))
def test_statsmodels_agrees_on_the_curve(cohort: list[tuple[int, int]]) -> None:
    days, causes = (np.array(column) for column in zip(*cohort, strict=True))
    if not causes.any():
        return  # it has no curve without an event
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # its errors divide by nobody
        opinion = CumIncidenceRight(days, causes)
    for cause, incidences in enumerate(opinion.cinc, start=1):
        curve = cumulative_incidence(days.tolist(), causes.tolist(), cause)
        for day, incidence in zip(opinion.times, incidences, strict=True):
            step = curve.at(float(day))
            assert step is not None
            assert step.incidence == pytest.approx(incidence, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(cohort=cohorts)
def test_all_causes_and_those_still_waiting_make_up_everyone(cohort: list[tuple[int, int]]) -> None:
    days, causes = [day for day, _ in cohort], [cause for _, cause in cohort]
    still = kaplan_meier(days, [cause > 0 for cause in causes])
    for day in range(max(days) + 1):
        shares = [cumulative_incidence(days, causes, cause).at(day) for cause in (1, 2, 3)]
        waiting = still.at(day)
        assert waiting is not None
        assert sum(step.incidence for step in shares if step) + waiting.survival == pytest.approx(1)


@settings(max_examples=40, deadline=None)
@given(cohort=cohorts.map(lambda cohort: [(day, max(cause, 1)) for day, cause in cohort]))
def test_with_nothing_censored_it_is_the_plain_proportion(cohort: list[tuple[int, int]]) -> None:
    n = len(cohort)
    curve = cumulative_incidence([day for day, _ in cohort], [cause for _, cause in cohort])
    for step in curve.steps:
        share = sum(cause == 1 and day <= step.day for day, cause in cohort) / n
        assert step.incidence == pytest.approx(share)
        limits = log_log_limits(share, math.sqrt(share * (1 - share) / n)) or (None, None)
        assert (step.low, step.high) == (limits if share == 1 else pytest.approx(limits))
