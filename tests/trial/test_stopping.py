"""Stopping rules: the published answers, and every small rule against enumerating all courses of a trial."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import accumulate, pairwise, product
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trial.stopping import Boundary, bayesian_boundary, operating_characteristics, pocock_boundary

Limits = dict[int, int | None]


def spelled_out(text: str, n_max: int) -> Boundary:
    """ "2:2, 3-4:3" as the limit of each n; None where none is named."""
    limits: Limits = dict.fromkeys(range(1, n_max + 1))
    for part in text.split(", "):
        ns, stop_at = part.split(":")
        first, _, last = ns.partition("-")
        limits |= dict.fromkeys(range(int(first), int(last or first) + 1), int(stop_at))
    return list(limits.items())


# Typed from the specification: N = 15, a look after every patient.
POCOCK = [
    (0.20, 0.10, "2:2, 3-4:3, 5-7:4, 8-10:5, 11-14:6, 15:7", 0.0980, 0.40, 0.591),
    (0.10, 0.10, "2-4:2, 5-9:3, 10-14:4, 15:5", 0.0969, 0.30, 0.713),
    (0.05, 0.05, "2-5:2, 6-14:3, 15:4", 0.0436, 0.25, 0.739),
]


@pytest.mark.parametrize(("tolerated", "alpha", "limits", "false_stop", "true_rate", "power"), POCOCK)
def test_pocock_gives_the_published_limits_for_15_patients(
    tolerated: float, alpha: float, limits: str, false_stop: float, true_rate: float, power: float
) -> None:
    boundary = pocock_boundary(15, tolerated, alpha)
    assert boundary == spelled_out(limits, 15)
    stops = operating_characteristics(boundary, tolerated).stop_probability
    assert stops == pytest.approx(false_stop, abs=5e-5)
    assert operating_characteristics(boundary, true_rate).stop_probability == pytest.approx(power, abs=5e-4)


def test_pocock_with_three_planned_looks() -> None:
    boundary = pocock_boundary(15, 0.20, 0.10, looks=[5, 10, 15])
    assert boundary == [(5, 3), (10, 5), (15, 7)]
    assert operating_characteristics(boundary, 0.20).stop_probability == pytest.approx(0.078, abs=5e-4)


def test_pocock_for_50_patients() -> None:
    boundary = pocock_boundary(50, 0.20, 0.10)
    assert boundary[-1] == (50, 17)
    for true_rate, stops in [(0.20, 0.09977254), (0.30, 0.53974016), (0.40, 0.92684148)]:
        found = operating_characteristics(boundary, true_rate).stop_probability
        assert found == pytest.approx(stops, abs=5e-9)


def test_bayesian_gives_the_published_limits() -> None:
    boundary = bayesian_boundary(15, 0.20, 0.90, prior=(0.4, 1.6))
    assert boundary == spelled_out("2-3:2, 4-6:3, 7-9:4, 10-13:5, 14-15:6", 15)
    assert operating_characteristics(boundary, 0.20).stop_probability == pytest.approx(0.204, abs=5e-4)
    assert operating_characteristics(boundary, 0.40).stop_probability == pytest.approx(0.750, abs=5e-4)


def test_a_flat_prior_stops_far_more_often_than_its_certainty_sounds() -> None:
    boundary = bayesian_boundary(15, 0.20, 0.95, prior=(1, 1))
    assert operating_characteristics(boundary, 0.20).stop_probability == pytest.approx(0.307, abs=5e-4)


# What the rules mean, said again in whole fractions.


@cache
def tail(y: int, n: int, rate: Fraction) -> Fraction:
    terms = (comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(y, n + 1))
    return sum(terms, start=Fraction(0))


def at_level(looks: Sequence[int], rate: Fraction, level: Fraction) -> Boundary:
    return [(n, next((y for y in range(1, n + 1) if tail(y, n, rate) <= level), None)) for n in looks]


def stops_at(boundary: Boundary, events: Sequence[bool]) -> int | None:
    """The number of patients after which one course of the trial stops."""
    counts = list(accumulate(events, initial=0))
    return next((n for n, limit in boundary if limit is not None and counts[n] >= limit), None)


def enumerated(boundary: Boundary, rate: Fraction) -> tuple[dict[int, Fraction], Fraction, Fraction]:
    """Probability of stopping after n patients, mean patients, mean events; over all courses of the trial."""
    last = boundary[-1][0]
    by_look = dict.fromkeys((n for n, _ in boundary), Fraction(0))
    patients = mean_events = Fraction(0)
    for course in product((False, True), repeat=last):
        weight = rate ** sum(course) * (1 - rate) ** (last - sum(course))
        n = stops_at(boundary, course)
        if n is not None:
            by_look[n] += weight
        patients += weight * (n or last)
        mean_events += weight * sum(course[: n or last])
    return by_look, patients, mean_events


def enumerated_pocock(looks: Sequence[int], rate: Fraction, alpha: Fraction) -> Boundary:
    best: Boundary = [(n, None) for n in looks]
    for level in sorted({tail(y, n, rate) for n in looks for y in range(1, n + 1)}):
        boundary = at_level(looks, rate, level)
        if sum(enumerated(boundary, rate)[0].values()) > alpha:
            return best
        best = boundary
    return best


looks_of_a_small_trial = st.sets(st.integers(1, 6), min_size=1).map(sorted)
rates = st.integers(1, 19).map(lambda k: Fraction(k, 20))
alphas = st.integers(1, 60).map(lambda k: Fraction(k, 64))


@settings(max_examples=40, deadline=None)
@given(looks=looks_of_a_small_trial, rate=rates, alpha=alphas)
def test_pocock_is_what_enumerating_every_course_finds(
    looks: list[int], rate: Fraction, alpha: Fraction
) -> None:
    expected = enumerated_pocock(looks, rate, alpha)
    assert pocock_boundary(looks[-1], float(rate), float(alpha), looks) == expected


@settings(max_examples=40, deadline=None)
@given(
    looks=looks_of_a_small_trial, true_rate=st.integers(0, 20).map(lambda k: Fraction(k, 20)), data=st.data()
)
def test_operating_characteristics_are_those_of_every_course(
    looks: list[int], true_rate: Fraction, data: st.DataObject
) -> None:
    boundary: Boundary = [(n, data.draw(st.none() | st.integers(0, n + 1))) for n in looks]
    by_look, patients, events = enumerated(boundary, true_rate)
    found = operating_characteristics(boundary, float(true_rate))
    assert found.stop_probability_by_look == pytest.approx([float(p) for p in by_look.values()], abs=1e-12)
    assert found.stop_probability == pytest.approx(float(sum(by_look.values())), abs=1e-12)
    assert found.expected_patients == pytest.approx(float(patients), abs=1e-12)
    assert found.expected_events == pytest.approx(float(events), abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(
    n_max=st.integers(1, 20),
    rate=rates,
    certainty=st.integers(1, 63).map(lambda k: Fraction(k, 64)),
    prior=st.tuples(st.integers(1, 5), st.integers(1, 5)),
)
def test_bayesian_is_the_exact_posterior(
    n_max: int, rate: Fraction, certainty: Fraction, prior: tuple[int, int]
) -> None:
    a, b = prior
    for n, stop_at in bayesian_boundary(n_max, float(rate), float(certainty), prior):
        # For whole numbers the beta tail is a binomial sum.
        sure = [1 - tail(a + y, a + b + n - 1, rate) for y in range(n + 1)]
        assert stop_at == next((y for y in range(n + 1) if sure[y] > certainty), None)


def test_two_ways_to_reach_one_sixty_fourth_are_a_tie() -> None:
    rate = Fraction(1, 4)
    assert tail(3, 3, rate) == tail(4, 5, rate) == Fraction(1, 64)


@pytest.mark.parametrize(
    ("n_max", "rate", "alpha"),
    [
        (30, Fraction(1, 4), Fraction(1, 20)),
        (12, Fraction(2, 5), Fraction(9, 50)),  # a tie that sums of floats lose
        (15, Fraction(1, 5), Fraction(1, 10)),
    ],
)
def test_ties_are_decided_as_whole_numbers_decide_them(n_max: int, rate: Fraction, alpha: Fraction) -> None:
    looks, best = range(1, n_max + 1), Boundary()
    for level in sorted({tail(y, n, rate) for n in looks for y in range(1, n + 1)}):
        boundary = at_level(looks, rate, level)
        if counted_stops(boundary, rate) > alpha * rate.denominator**n_max:
            break
        best = boundary
    assert pocock_boundary(n_max, float(rate), float(alpha)) == best


def counted_stops(boundary: Boundary, rate: Fraction) -> int:
    """Of denominator**n_max equally likely courses, how many ever stop."""
    sick, well = rate.numerator, rate.denominator - rate.numerator
    going, stopped, last = {0: 1}, 0, boundary[-1][0]
    for n, stop_at in boundary:
        after: dict[int, int] = {}
        for y, ways in going.items():
            after[y] = after.get(y, 0) + well * ways
            after[y + 1] = after.get(y + 1, 0) + sick * ways
        out = {y for y in after if stop_at is not None and y >= stop_at}
        stopped += sum(after.pop(y) for y in out) * rate.denominator ** (last - n)
        going = after
    return stopped


def test_an_alpha_that_is_met_exactly_is_met() -> None:
    # .1 * .1 is a hair above .01 in floats.
    assert pocock_boundary(2, 0.1, 0.01, looks=[2]) == [(2, 2)]


def test_a_certainty_that_is_met_exactly_is_not_exceeded() -> None:
    # One event in one patient, flat prior: P(rate > .1) is 1 - .1 ** 2.
    assert bayesian_boundary(1, 0.1, 0.99, prior=(1, 1)) == [(1, None)]
    # Two events in three: the chance of 2 or fewer among four, .98801875, which floats put a hair above.
    assert bayesian_boundary(3, 0.15, 0.98801875, prior=(1, 1), looks=[3]) == [(3, 3)]


@settings(max_examples=40, deadline=None)
@given(
    n_max=st.integers(1, 60),
    tolerated=st.floats(0.01, 0.6),
    alpha=st.floats(0.005, 0.4),
)
def test_a_pocock_rule_keeps_its_promises(n_max: int, tolerated: float, alpha: float) -> None:
    boundary = pocock_boundary(n_max, tolerated, alpha)
    assert [n for n, _ in boundary] == list(range(1, n_max + 1))
    limits = [stop_at for _, stop_at in boundary if stop_at is not None]
    assert limits == sorted(limits)
    assert all(1 <= stop_at <= n for n, stop_at in boundary if stop_at is not None)
    assert operating_characteristics(boundary, tolerated).stop_probability <= alpha * (1 + 1e-9)
    rising = [operating_characteristics(boundary, rate / 10).stop_probability for rate in range(11)]
    assert all(later >= earlier - 1e-12 for earlier, later in pairwise(rising))
    assert rising[0] == 0
    assert rising[-1] == (1 if limits else 0)


def test_a_rule_too_strict_to_ever_stop_says_so_with_empty_limits() -> None:
    boundary = pocock_boundary(3, 0.5, 0.01)
    assert boundary == [(1, None), (2, None), (3, None)]
    never = operating_characteristics(boundary, 0.5)
    assert (never.stop_probability, never.expected_patients, never.expected_events) == (0, 3, 1.5)


def test_a_prior_that_is_sure_already_stops_without_an_event() -> None:
    boundary = bayesian_boundary(3, 0.2, 0.6, prior=(5, 1))
    assert boundary[0] == (1, 0)
    at_once = operating_characteristics(boundary, 0.0)
    assert (at_once.stop_probability, at_once.expected_patients, at_once.expected_events) == (1, 1, 0)


def test_summing_up_never_gives_a_probability_above_1() -> None:
    for tenths in range(1, 10):
        boundary: Boundary = [(n, 1 if n < 60 else 0) for n in range(1, 61)]
        assert operating_characteristics(boundary, tenths / 10).stop_probability <= 1


NAN = float("nan")


@pytest.mark.parametrize(
    ("n_max", "tolerated", "alpha", "looks", "sentence"),
    [
        (15, 0.2, 0.0, None, "Alpha must be above 0 and below 1, not 0."),
        (15, 0.2, 1.0, None, "Alpha must be above 0 and below 1, not 1."),
        (15, 0.2, NAN, None, "Alpha must be above 0 and below 1, not nan."),
        (15, 1.0, 0.1, None, "The tolerated rate must be above 0 and below 1, not 1."),
        (15, 0.0, 0.1, None, "The tolerated rate must be above 0 and below 1, not 0."),
        (15, -0.1, 0.1, None, "The tolerated rate must be above 0 and below 1, not -0.1."),
        (0, 0.2, 0.1, None, "The number of patients must be from 1 to 1000, not 0."),
        (1001, 0.2, 0.1, None, "The number of patients must be from 1 to 1000, not 1001."),
        (15, 0.2, 0.1, [10, 5], "the looks given are: 10, 5."),
        (
            15,
            0.2,
            0.1,
            [5, 5],
            "List the looks as numbers of patients from 1 to 15, smallest first and each once",
        ),
        (15, 0.2, 0.1, [0, 5], "the looks given are: 0, 5."),
        (15, 0.2, 0.1, [5, 16], "the looks given are: 5, 16."),
        (15, 0.2, 0.1, [], "the looks given are: none."),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_a_sentence(
    n_max: int, tolerated: float, alpha: float, looks: list[int] | None, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        pocock_boundary(n_max, tolerated, alpha, looks)
    if "Alpha" not in sentence:
        with pytest.raises(ValueError, match=sentence):
            bayesian_boundary(n_max, tolerated, 0.9, (1, 1), looks)


@pytest.mark.parametrize(
    ("certainty", "prior", "sentence"),
    [
        (1.0, (1, 1), "The certainty must be above 0 and below 1, not 1."),
        (0.0, (1, 1), "The certainty must be above 0 and below 1, not 0."),
        (0.9, (0, 1), "Both numbers of the prior must be above 0, not 0 and 1."),
        (0.9, (1, -1), "Both numbers of the prior must be above 0, not 1 and -1."),
        (0.9, (1, float("inf")), "Both numbers of the prior must be above 0, not 1 and inf."),
    ],
)
def test_a_bayesian_rule_that_makes_no_sense_is_refused(
    certainty: float, prior: tuple[float, float], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        bayesian_boundary(15, 0.2, certainty, prior)


@pytest.mark.parametrize(
    ("boundary", "true_rate", "sentence"),
    [
        ([], 0.2, "A stopping rule needs at least one look."),
        ([(5, 3), (2, 2)], 0.2, "the looks given are: 5, 2."),
        ([(2, -1)], 0.2, "The number of events that stops must be 0 or more at every look."),
        ([(2, 2)], 1.1, "The true rate must be from 0 to 1, not 1.1."),
        ([(2, 2)], NAN, "The true rate must be from 0 to 1, not nan."),
    ],
)
def test_operating_characteristics_refuse_what_is_no_rule(
    boundary: Boundary, true_rate: float, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        operating_characteristics(boundary, true_rate)
