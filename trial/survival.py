"""Survival curves (PFS, OS) by Kaplan and Meier, with limits on the scale log(-log(survival)).

The clock runs from the first infusion. From the second infusion it is a set of its own, because to have
waited for it is survival that was guaranteed.

Source: Kaplan EL, Meier P. Nonparametric estimation from incomplete observations. J Am Stat Assoc 1958; 53:
457-481; variance by Greenwood; limits as in R's survival package, conf.type "log-log".
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trial.at_risk import ROUNDING, Cause, log_log_limits, risk_days


@dataclass(frozen=True, slots=True)
class SurvivalStep:
    """The curve from this day on.

    at_risk   patients at risk just before the events of the day
    survival  share without an event, 0 to 1
    low, high 95 % limits; None before the first event and once nobody is left
    """

    day: float
    at_risk: int
    events: int
    survival: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Median:
    """The day by which half have had the event, with 95 % limits; None is "not reached"."""

    day: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """A Kaplan-Meier curve; with nobody in it, it has no step and no median.

    steps        one for each day with an event, earliest first
    censored_on  day of each patient censored, for the ticks, earliest first
    last_day     last day anyone was followed; None where nobody was
    """

    patients: int
    steps: tuple[SurvivalStep, ...]
    censored_on: tuple[float, ...]
    last_day: float | None

    @property
    def events(self) -> int:
        """How many patients had the event."""
        return sum(step.events for step in self.steps)

    @property
    def median(self) -> Median:
        """The median: the middle of the flat stretch where survival is exactly one half, as R gives it.

        A curve that ends at one half has not passed it: its median is not reached.
        """
        return Median(
            _passes_half([(step.day, step.survival) for step in self.steps]),
            _passes_half([(step.day, step.low) for step in self.steps]),
            _passes_half([(step.day, step.high) for step in self.steps]),
        )

    def at(self, day: float) -> SurvivalStep | None:
        """The curve on a day; None where nobody was followed so long, unless all had the event before."""
        if self.last_day is None or day < 0:
            return None
        before = [step for step in self.steps if step.day <= day]
        step = before[-1] if before else SurvivalStep(0, self.patients, 0, 1.0, None, None)
        return step if day <= self.last_day or step.survival == 0 else None


def kaplan_meier(days: Sequence[float], had_event: Sequence[bool]) -> SurvivalCurve:
    """Estimate a survival curve.

    Args:
        days: last day known of each patient, 0 or more: of the event, or the last day without it.
        had_event: for each patient whether the event happened then; False is censored.

    Raises:
        ValueError: the two lists do not fit together, or a day is impossible.
    """
    table = risk_days(days, [int(event) for event in had_event])
    survival, greenwood = 1.0, 0.0
    steps = []
    for row in table:
        if row.failed:
            left = row.at_risk - row.failed
            survival *= left / row.at_risk
            # Where nobody is left the curve is at 0 and has no limits.
            greenwood += row.failed / (row.at_risk * left) if left else 0.0
            limits = log_log_limits(survival, survival * math.sqrt(greenwood)) or (None, None)
            steps.append(SurvivalStep(row.day, row.at_risk, row.failed, survival, *limits))
    censored = [row.day for row in table for _ in range(row.ended[Cause.CENSORED])]
    return SurvivalCurve(len(days), tuple(steps), tuple(censored), table[-1].day if table else None)


def _passes_half(curve: Iterable[tuple[float, float | None]]) -> float | None:
    """The day on which a falling curve passes one half; a value that is None is passed by nothing."""
    flat_from = None
    for day, value in curve:
        if value is None:
            continue
        if value < 0.5 - ROUNDING:
            return day if flat_from is None else (flat_from + day) / 2
        if value <= 0.5 + ROUNDING:
            flat_from = day
    return None
