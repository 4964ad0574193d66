"""The plan of the follow-up and how the endpoints are read, as the protocol states them.

`trial.protocol` builds them from the protocol file. Days are counted from an infusion, which is day 0.
"""

from dataclasses import dataclass
from enum import StrEnum

from trial.follow_up_facts import VisitTest


class CountedFrom(StrEnum):
    """From which infusion the planned visits are counted.

    last  a second infusion replaces what was planned from the first and had not come yet
    each  both infusions have visits of their own
    """

    FIRST = "first"
    LAST = "last"
    EACH = "each"


class MissingScan(StrEnum):
    """What a patient without a PET/CT in the window counts as."""

    NOT_CR = "not_cr"
    NOT_COUNTED = "not_counted"


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """One visit of the plan; `before` and `after` are the days around `day` that still count."""

    name: str
    day: int
    before: int
    after: int
    tests: tuple[VisitTest, ...]


@dataclass(frozen=True, slots=True)
class FollowUpPlan:
    """The visits of one infusion, earliest first; no day belongs to two of them."""

    counted_from: CountedFrom
    visits: tuple[PlannedDay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRules:
    """How the 3-month CR is read: from the PET/CT nearest to a day, of those in a window around it."""

    month_3_day: int
    month_3_before: int
    month_3_after: int
    month_3_missing: MissingScan
