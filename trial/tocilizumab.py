"""Tocilizumab against the protocol's limits: every sentence warns, none forbids.

mg/kg and maximum of one dose, hours between doses, number in 24 h and in all. A dose above a limit is
recorded once a person has confirmed it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal
from typing import Final, NamedTuple

from grading.units import write_decimal
from trial.limits import TreatmentLimits
from trial.treatment_facts import Drug
from trial.treatments import Treatment, as_typed, milligrams

_DAY: Final = timedelta(hours=24)


class TocilizumabSoFar(NamedTuple):
    """The doses up to a moment.

    last_at         the last one, or None
    in_24_h         within the 24 h before; one exactly 24 h ago is not among them
    in_all          of this patient
    since_infusion  since the newest infusion
    """

    last_at: datetime | None
    in_24_h: int
    in_all: int
    since_infusion: int


def tocilizumab_so_far(
    treatments: Iterable[Treatment], at: datetime, infused_at: datetime | None
) -> TocilizumabSoFar:
    """Count the doses up to a moment; `infused_at` is the newest infusion before it."""
    doses = _doses(treatments, at)
    return TocilizumabSoFar(
        last_at=max(doses, default=None),
        in_24_h=sum(at - dose_at < _DAY for dose_at in doses),
        in_all=len(doses),
        since_infusion=sum(infused_at is not None and dose_at >= infused_at for dose_at in doses),
    )


def mg_per_kg(treatment: Treatment, weight_kg: float | None) -> Decimal | None:
    """The dose for each kg of the weight it was worked out for, else of `weight_kg`; None while not known."""
    amount = milligrams(treatment.dose, treatment.dose_unit)
    weight = treatment.weight_kg or weight_kg
    if amount is None or not weight:
        return None
    return amount / as_typed(weight)


def tocilizumab_warnings(
    new: Treatment,
    others: Iterable[Treatment],
    limits: TreatmentLimits,
    *,
    until: datetime,
    weight_kg: float | None,
) -> list[str]:
    """What the protocol's limits say to a dose that is about to be recorded, one sentence each.

    Another drug has no such limits.

    others     the other treatments of the patient; all of them up to `until` are counted
    weight_kg  at the newest infusion, where the dose came without a weight
    """
    if new.drug is not Drug.TOCILIZUMAB:
        return []
    own = _doses([new], until)
    known = _doses(others, until)
    return [
        *_amount_warnings(new, limits, weight_kg),
        *_interval_warnings(new, own, known, limits),
        *_number_warnings(own, known, limits),
    ]


def _doses(treatments: Iterable[Treatment], until: datetime) -> list[datetime]:
    return sorted(
        dose_at for one in treatments if one.drug is Drug.TOCILIZUMAB for dose_at in one.doses_until(until)
    )


def _amount_warnings(new: Treatment, limits: TreatmentLimits, weight_kg: float | None) -> list[str]:
    amount = milligrams(new.dose, new.dose_unit)
    if amount is None:
        return []
    warnings = []
    if amount > as_typed(limits.tocilizumab_max_mg):
        given, most = write_decimal(amount), f"{limits.tocilizumab_max_mg:g}"
        warnings.append(f"Tocilizumab {given} mg is above the maximum of {most} mg for one dose.")
    weight = new.weight_kg or weight_kg
    if weight and amount > as_typed(limits.tocilizumab_mg_per_kg) * as_typed(weight):
        # Rounded up: the figure must not read as the limit itself.
        each = write_decimal((amount / as_typed(weight)).quantize(Decimal("0.01"), ROUND_UP))
        warnings.append(
            f"Tocilizumab {write_decimal(amount)} mg is {each} mg/kg at {weight:g} kg, above the "
            f"{limits.tocilizumab_mg_per_kg:g} mg/kg of the protocol."
        )
    return warnings


def _interval_warnings(
    new: Treatment, own: Sequence[datetime], known: Sequence[datetime], limits: TreatmentLimits
) -> list[str]:
    gaps = [abs(one - other) for one in own for other in known]
    if new.every_hours is not None:
        gaps.append(timedelta(hours=new.every_hours))
    apart = timedelta(hours=limits.tocilizumab_hours_apart)
    nearest = min(gaps, default=apart)
    if nearest >= apart:
        return []
    return [
        f"Another dose of tocilizumab lies {_hours(nearest)} from this one; the protocol keeps doses "
        f"{limits.tocilizumab_hours_apart:g} h apart at least."
    ]


def _number_warnings(
    own: Sequence[datetime], known: Sequence[datetime], limits: TreatmentLimits
) -> list[str]:
    doses = sorted([*own, *known])
    in_a_day = max(
        (sum(end - _DAY < one <= end for one in doses) for end in doses if _is_near(end, own)), default=0
    )
    warnings = []
    if in_a_day > limits.tocilizumab_in_24_h:
        warnings.append(
            f"With this one there are {in_a_day} doses of tocilizumab within 24 h; the protocol has at most "
            f"{limits.tocilizumab_in_24_h}."
        )
    if len(doses) > limits.tocilizumab_in_all:
        warnings.append(
            f"With this one there are {len(doses)} doses of tocilizumab in all; the protocol has at most "
            f"{limits.tocilizumab_in_all}."
        )
    return warnings


def _is_near(end: datetime, own: Sequence[datetime]) -> bool:
    """Whether the 24 h up to `end` hold one of the new doses."""
    return any(end - _DAY < one <= end for one in own)


def _hours(length: timedelta) -> str:
    hours, minutes = divmod(int(length.total_seconds() // 60), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
