"""Steroids and anticytokine drugs recorded as treatments: when each was given, for the end of a CRS course.

A treatment fills no box of an assessment and changes no finding. It counts as the row of an assessment that
lists the drug would: the course waits for it (reading 17 in `astct_crs.py`).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple


class DrugGiven(NamedTuple):
    """One treatment.

    first_at  the first dose, or when the drug began to run
    last_at   its end: no dose comes after it; None while it goes on; `first_at` for one dose
    every     between repeated doses; None for one dose or a drug that runs
    """

    first_at: datetime
    last_at: datetime | None
    every: timedelta | None = None

    def last_until(self, at: datetime) -> datetime | None:
        """The last instant up to `at` at which the drug was being given; None where it began later."""
        if self.first_at > at:
            return None
        end = at if self.last_at is None else min(self.last_at, at)
        if self.every is None:
            return end
        return self.first_at + self.every * ((end - self.first_at) // self.every)


def last_given(drugs: Iterable[DrugGiven], at: datetime) -> datetime | None:
    """The last instant up to `at` at which any of the drugs was being given, or None."""
    instants = (drug.last_until(at) for drug in drugs)
    return max((instant for instant in instants if instant is not None), default=None)
