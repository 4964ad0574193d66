"""Stopping rules: after how many events the committee must look before the trial goes on. All of it exact.

A boundary lists its looks in their order as (n, stop_at): with stop_at or more events among the first n
evaluable patients the rule stops; None where even n events do not. Stopping means a pause for review by the
committee, never the end of the trial. `trial/stopping_reading.py` holds the trial against a boundary.

Sources:
    Pocock-type, one pointwise level for all looks: Ivanova A, Qaqish BF, Schell MJ. Continuous toxicity
    monitoring in phase II trials in oncology. Biometrics 2005; 61: 540-545.
    Bayesian: Thall PF, Simon R. Practical Bayesian guidelines for phase IIB clinical trials. Biometrics
    1994; 50: 337-349; with a conjugate beta prior.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trial.stopping_settings import checked_looks

Boundary = list[tuple[int, int | None]]
"""(n, stop_at) of each look, by rising n; stop_at is None where even n events do not stop."""

_TIE: Final = 1e-12
"""Probabilities that differ by less than this share are equal: with 30 patients, a tolerated rate of .25 and
alpha .05, the level is exactly 1/64 on both sides of the comparison."""

_Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OperatingCharacteristics:
    """How a rule behaves at one true rate of events, before any patient is treated.

    stop_probability          that the rule ever stops, at any of its looks
    expected_patients         mean number of evaluable patients when it stops, or at its last look
    expected_events           mean number of events among them
    stop_probability_by_look  that it stops at this look and at none before, one for each look of the boundary
    """

    stop_probability: float
    expected_patients: float
    expected_events: float
    stop_probability_by_look: tuple[float, ...]


def pocock_boundary(
    n_max: int, tolerated_rate: float, alpha: float, looks: Sequence[int] | None = None
) -> Boundary:
    """The boundary with one pointwise level for all looks: the largest that stops rarely enough.

    Args:
        n_max: planned number of evaluable patients.
        tolerated_rate: rate of events that is still tolerated, between 0 and 1.
        alpha: highest probability of ever stopping where the true rate is the tolerated one.
        looks: numbers of evaluable patients at which to look; None is after every patient.

    Raises:
        ValueError: a parameter is out of range or the looks are out of order; one sentence for a person.
    """
    at = checked_looks(n_max, looks)
    _check_between_0_and_1("The tolerated rate", tolerated_rate)
    _check_between_0_and_1("Alpha", alpha)
    tails = _tails(at, tolerated_rate)
    # The boundary changes at these levels only, so no other level needs to be tried.
    levels = np.unique(tails[tails <= alpha * (1 + _TIE)])
    few, many = 0, len(levels)
    best: Boundary = [(n, None) for n in at]
    while few < many:
        middle = (few + many) // 2
        boundary = _at_level(at, tails, levels[middle])
        if _stop_by_look(boundary, tolerated_rate).sum() <= alpha * (1 + _TIE):
            best, few = boundary, middle + 1
        else:
            many = middle
    return best


def bayesian_boundary(
    n_max: int,
    tolerated_rate: float,
    certainty: float,
    prior: tuple[float, float],
    looks: Sequence[int] | None = None,
) -> Boundary:
    """The boundary that stops once P(rate > tolerated rate | data) > certainty.

    How often it stops at the tolerated rate is not controlled: show `operating_characteristics` at that rate
    beside it. A flat prior, certainty .95 and 15 looks stop 30.7 % of the time at a true and tolerated 20 %.

    Args:
        n_max: planned number of evaluable patients.
        tolerated_rate: rate of events that is still tolerated, between 0 and 1.
        certainty: posterior probability that must be exceeded, between 0 and 1.
        prior: (a, b) of the beta prior; a + b patients' worth of belief, a of them with an event.
        looks: numbers of evaluable patients at which to look; None is after every patient.

    Returns:
        The boundary; stop_at is 0 where the prior alone is so sure that no event is needed.

    Raises:
        ValueError: a parameter is out of range or the looks are out of order; one sentence for a person.
    """
    # Here, because it is a tenth of the worker's start and only this kind of rule needs it.
    from scipy.special import betaincc

    at = checked_looks(n_max, looks)
    _check_between_0_and_1("The tolerated rate", tolerated_rate)
    _check_between_0_and_1("The certainty", certainty)
    a, b = prior
    if not (0 < a < np.inf and 0 < b < np.inf):
        raise ValueError(f"Both numbers of the prior must be above 0, not {a:g} and {b:g}.")
    boundary: Boundary = []
    for n in at:
        events = np.arange(n + 1)
        sure = betaincc(a + events, b + n - events, tolerated_rate)
        stops = np.flatnonzero(sure > certainty * (1 + _TIE))
        boundary.append((n, int(stops[0]) if len(stops) else None))
    return boundary


def operating_characteristics(
    boundary: Sequence[tuple[int, int | None]], true_rate: float
) -> OperatingCharacteristics:
    """How often and how early a boundary stops where the true rate of events is `true_rate`, 0 to 1.

    Raises:
        ValueError: the boundary's looks are out of order, a limit is below 0, or the rate is out of range.
    """
    if not boundary:
        raise ValueError("A stopping rule needs at least one look.")
    at = [n for n, _ in boundary]
    checked_looks(max(at), at)
    if any(stop_at is not None and stop_at < 0 for _, stop_at in boundary):
        raise ValueError("The number of events that stops must be 0 or more at every look.")
    if not 0 <= true_rate <= 1:
        raise ValueError(f"The true rate must be from 0 to 1, not {true_rate:g}.")
    by_look = _stop_by_look(boundary, true_rate)
    # Summing up may end a rounding error above 1.
    stops = min(float(by_look.sum()), 1.0)
    patients = float(by_look @ np.array(at, dtype=float)) + (1 - stops) * at[-1]
    # Wald's identity: when to stop never depends on patients still to come.
    return OperatingCharacteristics(stops, patients, patients * true_rate, tuple(by_look.tolist()))


def _check_between_0_and_1(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name} must be above 0 and below 1, not {value:g}.")


def _tails(looks: Sequence[int], rate: float) -> _Table:
    """P(X >= y) of n patients at `rate`: a row for each look, a column for each y from 1 to the largest n.

    Built up patient by patient: only positive terms are added, so each value is exact to about n roundings.
    """
    wide = np.zeros(looks[-1] + 1)
    wide[0] = 1
    rows: list[_Table] = []
    for n in range(1, looks[-1] + 1):
        wide[1:] = rate * wide[:-1] + (1 - rate) * wide[1:]
        if n == looks[len(rows)]:
            rows.append(wide[1:].copy())
    return np.array(rows)


def _at_level(looks: Sequence[int], tails: _Table, level: float) -> Boundary:
    """Stop where so many events or more have a probability of at most `level`."""
    too_few = (tails > level * (1 + _TIE)).sum(axis=1)
    return [(n, int(y) + 1 if y < n else None) for n, y in zip(looks, too_few, strict=True)]


def _stop_by_look(boundary: Sequence[tuple[int, int | None]], rate: float) -> _Table:
    """The probability of stopping at each look and at none before.

    `going[y]` is the probability of y events and of not having stopped yet.
    """
    going = np.zeros(boundary[-1][0] + 1)
    going[0] = 1
    stopped = np.zeros(len(boundary))
    infused = 0
    for look, (n, stop_at) in enumerate(boundary):
        for _ in range(n - infused):
            going[1:] = rate * going[:-1] + (1 - rate) * going[1:]
            going[0] *= 1 - rate
        infused = n
        if stop_at is not None:
            stopped[look] = going[stop_at:].sum()
            going[stop_at:] = 0
    return stopped
