"""Efficacy for the closed part of the committee: remission, response, PFS and OS, with who is counted.

From the first infusion is the result of the trial. From the second is a set of its own, of those infused
twice, and is never pooled with it: to have waited for the second infusion is survival that was guaranteed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from trial.at_risk import number_at_risk
from trial.endpoints import (
    EndpointRow,
    FollowedPatient,
    ResponseCount,
    Survived,
    count_month_3_cr,
    count_objective_response,
    endpoint_rows,
    survival_of,
)
from trial.follow_up_plan import EndpointRules
from trial.survival import SurvivalCurve


class Survival(StrEnum):
    """Which of the two curves."""

    PFS = "pfs"
    OS = "os"

    @property
    def label(self) -> str:
        """The words on a screen."""
        return "Progression-free survival" if self is Survival.PFS else "Overall survival"

    def of(self, row: EndpointRow) -> Survived:
        """One patient's time."""
        return row.pfs if self is Survival.PFS else row.os


@dataclass(frozen=True, slots=True, kw_only=True)
class EfficacySet:
    """Everyone given one infusion by the cut-off, in the order of infusion, with what is counted of them."""

    number: int
    rows: tuple[EndpointRow, ...]
    month_3_cr: ResponseCount
    response: ResponseCount
    pfs: SurvivalCurve
    os: SurvivalCurve

    def curve(self, what: Survival) -> SurvivalCurve:
        """The curve of PFS or OS."""
        return self.pfs if what is Survival.PFS else self.os

    def at_risk(self, what: Survival, days: Iterable[int]) -> tuple[int, ...]:
        """How many are at risk at each of these days since the infusion."""
        return number_at_risk([what.of(row).day for row in self.rows], list(days))


def efficacy_set(
    patients: Iterable[FollowedPatient], rules: EndpointRules, on: date, number: int
) -> EfficacySet:
    """The set of one infusion at the data cut-off `on`."""
    rows = endpoint_rows(patients, rules, on, from_infusion=number)
    return EfficacySet(
        number=number,
        rows=rows,
        month_3_cr=count_month_3_cr(rows),
        response=count_objective_response(rows),
        pfs=survival_of([row.pfs for row in rows]),
        os=survival_of([row.os for row in rows]),
    )
