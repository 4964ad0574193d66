"""How often, how early, how long: rates with exact limits, cumulative incidence, onset, peak, duration.

Three counts belong beside every rate: events, complete (window closed), pending (window still open).

Sources:
    Clopper CJ, Pearson ES. The use of confidence or fiducial limits. Biometrika 1934; 26: 404-413.
    Garwood F. Fiducial limits for the Poisson distribution. Biometrika 1936; 28: 437-442.
    Aalen OO, Johansen S. An empirical transition matrix for non-homogeneous Markov chains. Scand J Stat
    1978; 5: 141-150; Greenwood-type variance: Marubini E, Valsecchi MG. Analysing survival data from clinical
    trials and observational studies. Wiley 1995, chapter 10.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaincinv

from trial.at_risk import CONFIDENCE, ROUNDING, Cause, log_log_limits, risk_days

_TAIL: Final = (1 - CONFIDENCE) / 2


@dataclass(frozen=True, slots=True)
class Rate:
    """Patients with an event among patients counted, with exact 95 % limits, all from 0 to 1.

    rate, low and high are None where nobody is counted: 0 of 0 is not 0 %.
    """

    events: int
    patients: int
    rate: float | None
    low: float | None
    high: float | None

    @property
    def in_words(self) -> str:
        """As "3 of 15 (20 %; 4 to 48 %)": the count first, because a share of few patients misleads."""
        count = f"{self.events} of {self.patients}"
        if self.rate is None or self.low is None or self.high is None:
            return count
        return f"{count} ({100 * self.rate:.0f} %; {100 * self.low:.0f} to {100 * self.high:.0f} %)"


def clopper_pearson(events: int, patients: int) -> Rate:
    """The rate with Clopper and Pearson's exact 95 % limits. Name the denominator in words beside it.

    Raises:
        ValueError: the counts are below 0, or there are more events than patients.
    """
    if not 0 <= events <= patients:
        raise ValueError(f"Patients with an event must be from 0 to all {patients} patients, not {events}.")
    if patients == 0:
        return Rate(0, 0, None, None, None)
    well = patients - events
    low = float(betaincinv(events, well + 1, _TAIL)) if events else 0.0
    high = float(betaincinv(events + 1, well, 1 - _TAIL)) if well else 1.0
    return Rate(events, patients, events / patients, low, high)


@dataclass(frozen=True, slots=True)
class ExposureRate:
    """Events per so many patient-days, with exact 95 % limits; None where nobody was exposed."""

    events: int
    patient_days: float
    per_days: float
    rate: float | None
    low: float | None
    high: float | None


def exposure_adjusted_rate(events: int, patient_days: float, per_days: float = 100) -> ExposureRate:
    """Events per `per_days` days of exposure with Garwood's exact 95 % limits.

    Args:
        events: number of events; one patient may have several.
        patient_days: days of exposure of all patients together.
        per_days: the unit of the rate, in patient-days.

    Raises:
        ValueError: a number is below 0, or the unit is not above 0.
    """
    if events < 0 or not 0 <= patient_days < math.inf or not 0 < per_days < math.inf:
        raise ValueError(
            f"Events and patient-days must be 0 or more and the unit above 0, "
            f"not {events} events in {patient_days:g} days per {per_days:g}."
        )
    if patient_days == 0:
        return ExposureRate(events, 0.0, per_days, None, None, None)
    unit = per_days / patient_days
    low = float(gammaincinv(events, _TAIL)) if events else 0.0
    high = float(gammaincinv(events + 1, 1 - _TAIL))
    return ExposureRate(events, patient_days, per_days, events * unit, low * unit, high * unit)


@dataclass(frozen=True, slots=True)
class IncidenceStep:
    """Cumulative incidence from this day on.

    at_risk    patients at risk just before the events of the day
    events     events of the cause asked for on this day
    incidence  share who have had it, 0 to 1
    low, high  95 % limits; None before the first event and where everyone has had it
    """

    day: float
    at_risk: int
    events: int
    incidence: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class IncidenceCurve:
    """Cumulative incidence of one cause; with nobody in it, it has no step and no value on any day.

    steps        one for each day with an event of the cause, earliest first
    censored_on  day of each patient censored, for the ticks, earliest first
    last_day     last day anyone was at risk; None where nobody was
    nobody_left  whether everyone's time ended with some cause, so that the curve holds for good
    """

    patients: int
    steps: tuple[IncidenceStep, ...]
    censored_on: tuple[float, ...]
    last_day: float | None
    nobody_left: bool

    @property
    def events(self) -> int:
        """How many patients had the event asked for."""
        return sum(step.events for step in self.steps)

    def at(self, day: float) -> IncidenceStep | None:
        """The curve on a day; None where nobody was followed so long, unless nobody was left before."""
        if self.last_day is None or day < 0 or (day > self.last_day and not self.nobody_left):
            return None
        before = [step for step in self.steps if step.day <= day]
        return before[-1] if before else IncidenceStep(0, self.patients, 0, 0.0, None, None)


def cumulative_incidence(
    days: Sequence[float], causes: Sequence[int], cause: int = Cause.EVENT
) -> IncidenceCurve:
    """Cumulative incidence of one cause by Aalen and Johansen; every other cause competes with it.

    Tied days are taken exactly as given: all who fail on a day fail among all at risk on that day.

    Args:
        days: last day at risk of each patient, 0 or more: of the event or of what competes with it, else the
            last day followed.
        causes: what happened then, one for each patient: 0 censored, above 0 a cause (`Cause`).
        cause: the one asked for.

    Raises:
        ValueError: the two lists do not fit together, a day is impossible, or `cause` is not above 0.
    """
    if cause <= 0:
        raise ValueError(f"Cumulative incidence needs a cause above 0 (censored is none), not {cause}.")
    table = risk_days(days, causes)
    at_risk = np.array([row.at_risk for row in table], dtype=float)
    failed = np.array([row.failed for row in table], dtype=float)
    events = np.array([row.ended[cause] for row in table], dtype=float)
    going = np.cumprod(np.append(1.0, 1 - failed / at_risk))[:-1]
    incidence = np.cumsum(going * events / at_risk)
    steps = []
    for i in np.flatnonzero(events):
        error = _standard_error(incidence[: i + 1], going, at_risk, failed, events)
        share = 1.0 if incidence[i] > 1 - ROUNDING else float(incidence[i])
        limits = log_log_limits(share, error) or (None, None)
        steps.append(IncidenceStep(table[i].day, table[i].at_risk, table[i].ended[cause], share, *limits))
    censored = [row.day for row in table for _ in range(row.ended[Cause.CENSORED])]
    nobody_left = bool(table) and table[-1].failed == table[-1].at_risk
    return IncidenceCurve(
        len(days), tuple(steps), tuple(censored), table[-1].day if table else None, nobody_left
    )


_Days = NDArray[np.float64]


def _standard_error(incidence: _Days, going: _Days, at_risk: _Days, failed: _Days, events: _Days) -> float:
    """Greenwood-type standard error on the last day of `incidence`; the other columns may run on.

    `going` is the probability that nothing has happened before each day. With nothing censored the result is
    that of a plain proportion.
    """
    n = len(incidence)
    going, at_risk, failed, events = going[:n], at_risk[:n], failed[:n], events[:n]
    still_to_come = incidence[-1] - incidence
    left = at_risk - failed
    # Where nobody is left nothing is still to come: the share that would divide by 0 counts nothing.
    of_all = np.divide(failed, at_risk * left, out=np.zeros(n), where=left > 0)
    variance = (
        still_to_come**2 @ of_all
        + going**2 @ (events * (at_risk - events) / at_risk**3)
        - 2 * (still_to_come * going) @ (events / at_risk**2)
    )
    return math.sqrt(max(float(variance), 0.0))
