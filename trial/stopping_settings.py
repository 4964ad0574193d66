"""The stopping rules as the protocol states them; `trial.stopping_rules` computes what they stop at."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_PATIENTS: Final = 1000
"""Beyond it the sums of `trial.stopping` are no longer exact enough to tell equal probabilities apart."""


class RuleEvent(StrEnum):
    """What a rule counts; each patient counts once, on the first day."""

    GRADE_3 = "grade3"
    """CRS or ICANS of grade 3 or more is proved."""
    DEATH = "death_not_due_to_lymphoma"
    """Death of any cause but lymphoma; an unknown cause counts."""


class RuleKind(StrEnum):
    """How the boundary is found."""

    POCOCK = "pocock"
    BAYESIAN = "bayesian"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppingRule:
    """One rule of the protocol.

    key             lasts over versions: alerts and decisions name the rule by it
    words           the rule as a person reads it
    infusion        the infusion that is counted, 1 or 2
    window_days     last day of the window, the infusion being day 0
    tolerated_rate  rate of events that is still tolerated, between 0 and 1
    n_max           planned number of evaluable patients
    alpha           of a Pocock-type rule: highest probability of ever stopping at the tolerated rate
    certainty       of a Bayesian rule: the posterior probability that must be exceeded; `prior`, its (a, b)
    looks           numbers of patients at which to look; None is after every patient
    """

    key: str
    words: str
    event: RuleEvent
    infusion: int
    window_days: int
    kind: RuleKind
    tolerated_rate: float
    n_max: int
    alpha: float | None = None
    certainty: float | None = None
    prior: tuple[float, float] | None = None
    looks: tuple[int, ...] | None = None
    version: str
    approved_by: str


def checked_looks(n_max: int, looks: Sequence[int] | None) -> list[int]:
    """The looks in their order, every patient where none are given.

    Raises:
        ValueError: n_max is out of range or the looks are out of order; one sentence for a person.
    """
    if not 1 <= n_max <= MOST_PATIENTS:
        raise ValueError(f"The number of patients must be from 1 to {MOST_PATIENTS}, not {n_max}.")
    if looks is None:
        return list(range(1, n_max + 1))
    given = ", ".join(str(n) for n in looks) or "none"
    if not looks or list(looks) != sorted(set(looks)) or looks[0] < 1 or looks[-1] > n_max:
        raise ValueError(
            f"List the looks as numbers of patients from 1 to {n_max}, smallest first and each once; "
            f"the looks given are: {given}."
        )
    return list(looks)
