"""What the two pictures of a stopping rule are drawn from, on the page and in the report."""

from dataclasses import dataclass

from trial.stopping import operating_characteristics
from trial.stopping_reading import FanPoint, RuleReading
from trial.stopping_rules import boundary_of
from trial.stopping_settings import StoppingRule

RATES_SHOWN = 20
"""The curve is drawn at this many steps of true rate, up to the highest shown."""


@dataclass(frozen=True, slots=True)
class StaircaseRows:
    """One rule against what was observed.

    boundary     (n, stop_at) of each look; None where no number of events stops
    path         events among the first 1, 2, ... complete patients
    complete     their study codes
    fan          what the pending patients can still add
    next_events  (n, events) if the next patient has an event; None where that is not asked
    """

    boundary: tuple[tuple[int, int | None], ...]
    path: tuple[int, ...]
    complete: tuple[str, ...]
    fan: tuple[FanPoint, ...]
    next_events: tuple[int, int] | None = None

    @property
    def n_max(self) -> int:
        """The most patients the rule looks at, or that are infused."""
        return max([self.boundary[-1][0], len(self.path), *(point.n for point in self.fan)])


@dataclass(frozen=True, slots=True)
class CharacteristicRow:
    """How a rule behaves at one true rate."""

    true_rate: float
    stop_probability: float
    expected_patients: float
    expected_events: float


def staircase_rows(rule: StoppingRule, reading: RuleReading, *, what_if: bool = False) -> StaircaseRows:
    """The staircase of a rule; `what_if` adds an event in the next patient, on the formal reading."""
    after = (reading.if_next_formal.n, reading.if_next_formal.events) if what_if else None
    return StaircaseRows(boundary_of(rule), reading.path, reading.complete, reading.fan, after)


def characteristic_rows(rule: StoppingRule) -> tuple[CharacteristicRow, ...]:
    """The rule over true rates from 0 to three times the tolerated one, that one always among them."""
    highest = min(0.95, max(3 * rule.tolerated_rate, 0.3))
    rates = {highest * step / RATES_SHOWN for step in range(1, RATES_SHOWN + 1)} | {rule.tolerated_rate}
    return tuple(_row(rule, rate) for rate in sorted(rates))


def false_stop(rule: StoppingRule) -> float:
    """The exact probability that the rule ever stops while the true rate is the tolerated one."""
    return operating_characteristics(boundary_of(rule), rule.tolerated_rate).stop_probability


def _row(rule: StoppingRule, rate: float) -> CharacteristicRow:
    found = operating_characteristics(boundary_of(rule), rate)
    return CharacteristicRow(rate, found.stop_probability, found.expected_patients, found.expected_events)
