"""Who is still at risk on which day: what Kaplan-Meier and Aalen-Johansen curves are made of.

A patient is given by the last day known and by what happened then. Days are counted from the curve's own
Day 0; any one unit of time will do, as long as all of one curve use the same.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from scipy.special import ndtri

CONFIDENCE: Final = 0.95
"""Of every interval and limit."""

ROUNDING: Final = 1e-12
"""Shares of patients that differ by less are equal."""


class Cause(IntEnum):
    """What ended a patient's time at risk, or that nothing has yet."""

    CENSORED = 0
    EVENT = 1
    DEATH = 2
    SECOND_INFUSION = 3
    NEW_THERAPY = 4


@dataclass(frozen=True, slots=True)
class RiskDay:
    """One day on which somebody's time at risk ended.

    at_risk  patients whose time had not ended before this day; censored on the day itself counts as at risk
    ended    cause -> number of patients; 0 is censored
    """

    day: float
    at_risk: int
    ended: Counter[int]

    @property
    def failed(self) -> int:
        """Everyone who was not censored, whatever the cause."""
        return self.ended.total() - self.ended[Cause.CENSORED]


def risk_days(days: Sequence[float], causes: Sequence[int]) -> tuple[RiskDay, ...]:
    """Every day on which a patient's time at risk ended, earliest first; tied days stand together.

    Args:
        days: last day known of each patient, 0 or more.
        causes: what happened then, one for each patient: 0 censored, above 0 a cause (`Cause`).

    Raises:
        ValueError: the two lists do not fit together, or a day or cause is impossible.
    """
    if len(days) != len(causes):
        raise ValueError(f"Each patient needs one day and one cause, not {len(days)} and {len(causes)}.")
    for day, cause in zip(days, causes, strict=True):
        if not 0 <= day < math.inf:
            raise ValueError(f"The last day of a patient must be 0 or later, not {day}.")
        if cause < 0:
            raise ValueError(f"A cause must be 0 (censored) or above, not {cause}.")
    ended: dict[float, Counter[int]] = {}
    for day, cause in sorted(zip(days, causes, strict=True)):
        ended.setdefault(day, Counter())[int(cause)] += 1
    found, left = [], len(days)
    for day, happened in ended.items():
        found.append(RiskDay(day, left, happened))
        left -= happened.total()
    return tuple(found)


def number_at_risk(days: Sequence[float], at: Sequence[float]) -> tuple[int, ...]:
    """How many patients are at risk at each of the days `at`: the row under a curve's axis."""
    return tuple(sum(day >= tick for day in days) for tick in at)


def log_log_limits(probability: float, standard_error: float) -> tuple[float, float] | None:
    """95 % limits of a curve at one day, symmetric on the scale log(-log(probability)).

    None where the scale has no place for them: nothing has happened yet, or nobody is left.
    Source: Kalbfleisch JD, Prentice RL. The statistical analysis of failure time data. Wiley 1980, p. 15.
    """
    if not ROUNDING < probability < 1 - ROUNDING:
        return None
    slope = -probability * math.log(probability)
    width = float(ndtri((1 + CONFIDENCE) / 2)) * standard_error / slope
    # An exponent beyond the range of a float: the limit is at the end of the scale.
    spread = math.exp(min(width, 700.0))
    return probability**spread, probability ** (1 / spread)
