"""Steroids as dexamethasone-equivalent mg, by day of the hospital and in all.

Equivalent amounts: SOLU-MEDROL (methylprednisolone sodium succinate for injection), US prescribing
information, Pfizer, section "Dosage and administration": "the equivalent milligram dosage of the various
glucocorticoids", for oral and intravenous use.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from trial.treatment_facts import Drug
from trial.treatments import Treatment, milligrams

SOURCE: Final = (
    "SOLU-MEDROL (methylprednisolone sodium succinate for injection), US prescribing information, Pfizer, "
    "section Dosage and administration."
)

EQUIVALENT_MG: Final[dict[Drug, Decimal]] = {
    Drug.HYDROCORTISONE: Decimal("20"),
    Drug.PREDNISONE: Decimal("5"),
    Drug.METHYLPREDNISOLONE: Decimal("4"),
    Drug.DEXAMETHASONE: Decimal("0.75"),
}
"""These amounts act alike."""

READINGS: Final[tuple[str, ...]] = (
    "A dose belongs to the hospital's day on which it was given. A steroid that runs counts whole on the day "
    "on which it began (J).",
    "Doses of a repeated treatment count as given until it is ended.",
    "A dose without an amount, or in a unit that is no amount of mass, is counted apart: the day then shows "
    "at least the rest.",
)
"""Numbered readings of this project."""


@dataclass(frozen=True, slots=True)
class SteroidDay:
    """The steroids of one day.

    mg          dexamethasone-equivalent, of the doses whose amount is recorded
    cumulative  the same of all days up to this one
    doses       how many were given, and `unknown`: how many of them without a usable amount
    """

    on: date
    mg: Decimal
    cumulative: Decimal
    doses: int
    unknown: int


def dexamethasone_mg(drug: Drug, mg: Decimal) -> Decimal:
    """An amount of a steroid as the amount of dexamethasone that acts alike. KeyError for another drug."""
    return mg * EQUIVALENT_MG[Drug.DEXAMETHASONE] / EQUIVALENT_MG[drug]


def steroid_days(treatments: Iterable[Treatment], until: datetime, zone: ZoneInfo) -> list[SteroidDay]:
    """The days on which steroids were given up to a moment, earliest first."""
    amounts: defaultdict[date, list[Decimal | None]] = defaultdict(list)
    for one in treatments:
        if one.drug not in EQUIVALENT_MG:
            continue
        mg = milligrams(one.dose, one.dose_unit)
        equivalent = None if mg is None else dexamethasone_mg(one.drug, mg)
        for dose_at in one.doses_until(until):
            amounts[dose_at.astimezone(zone).date()].append(equivalent)
    days: list[SteroidDay] = []
    cumulative = Decimal(0)
    for on, given in sorted(amounts.items()):
        mg = sum((amount for amount in given if amount is not None), Decimal(0))
        cumulative += mg
        days.append(SteroidDay(on, mg, cumulative, len(given), given.count(None)))
    return days
