"""Treatments as facts: when doses were given, what runs at a moment, and when lymphodepletion began.

A treatment never fills a box of an assessment. Doses of a repeated treatment count as given until it is
ended.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from grading.given_drugs import DrugGiven
from trial.drugs import CLASS_OF, DrugClass, drug_words, keeps_course_open
from trial.treatment_facts import DoseUnit, Drug, Giving


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """One treatment as it stands.

    dose         of each single dose, or the rate of a drug that runs; None where it is not recorded
    every_hours  between repeated doses; None for one dose or a drug that runs
    ended_at     None for one dose, and while it goes on (`is_ongoing`)
    weight_kg    the weight that the dose was worked out for
    stable_id    of the record
    """

    drug: Drug
    started_at: datetime
    ended_at: datetime | None = None
    is_ongoing: bool = False
    every_hours: float | None = None
    dose: float | None = None
    dose_unit: DoseUnit | None = None
    weight_kg: float | None = None
    drug_name: str | None = None
    stable_id: str = ""

    @property
    def words(self) -> str:
        """The drug inside a sentence; another drug by its own name."""
        return self.drug_name or drug_words(self.drug)

    @property
    def is_one_dose(self) -> bool:
        """Given once, neither repeated nor running."""
        return not self.is_ongoing and self.ended_at is None

    @property
    def giving(self) -> Giving:
        """How it is given."""
        if self.is_one_dose:
            return Giving.ONCE
        return Giving.RUNNING if self.every_hours is None else Giving.REPEATED

    @property
    def given(self) -> DrugGiven:
        """When it was given, as the CRS course takes it."""
        last_at = self.started_at if self.is_one_dose else self.ended_at
        every = None if self.every_hours is None else timedelta(hours=self.every_hours)
        return DrugGiven(self.started_at, last_at, every)

    def goes_on_at(self, at: datetime) -> bool:
        """Whether it runs or is being repeated at this moment; its end belongs to the time after."""
        if self.is_one_dose:
            return self.started_at == at
        return self.started_at <= at and (self.ended_at is None or at < self.ended_at)

    def doses_until(self, at: datetime) -> Iterator[datetime]:
        """Each dose up to and including a moment; a drug that runs is one dose, at its beginning."""
        last = self.given.last_until(at)
        if last is None:
            return
        dose_at = self.started_at
        yield dose_at
        every = self.given.every
        while every is not None and dose_at + every <= last:
            dose_at += every
            yield dose_at


_MILLIGRAMS: Final = {DoseUnit.G: Decimal(1000), DoseUnit.MG: Decimal(1), DoseUnit.UG: Decimal("0.001")}


def as_typed(value: float) -> Decimal:
    """The decimal number as it was typed, so that a limit is met on the very value."""
    return Decimal(repr(float(value)))


def milligrams(dose: float | None, unit: DoseUnit | None) -> Decimal | None:
    """A dose in mg, exactly as stored; None where it is not recorded or its unit is no amount of mass."""
    if dose is None or unit is None or unit not in _MILLIGRAMS:
        return None
    return as_typed(dose) * _MILLIGRAMS[unit]


def drugs_given(treatments: Iterable[Treatment]) -> list[DrugGiven]:
    """The steroids and anticytokine drugs among the treatments, for the end of a CRS course."""
    return [one.given for one in treatments if keeps_course_open(one.drug)]


def course_changes_from(before: Treatment | None, after: Treatment | None) -> datetime | None:
    """From when on a CRS course may be graded otherwise, once a treatment reads `after` instead of `before`.

    None is no treatment; the answer is None where the course does not wait for the drug, or waits alike.
    """
    old, new = (
        None if one is None or not keeps_course_open(one.drug) else one.given for one in (before, after)
    )
    if old is None or new is None:
        known = old or new
        return None if known is None else known.first_at
    if (old.first_at, old.every) != (new.first_at, new.every):
        return min(old.first_at, new.first_at)
    if old.last_at == new.last_at:
        return None
    return min(at for at in (old.last_at, new.last_at) if at is not None)


def lymphodepletion_at(
    treatments: Iterable[Treatment], infused_at: datetime, within_days: int
) -> datetime | None:
    """The first fludarabine or cyclophosphamide of the days before an infusion, or None."""
    return min(
        _lymphodepleting(treatments, infused_at - timedelta(days=within_days), infused_at), default=None
    )


def next_therapy_at(
    treatments: Sequence[Treatment],
    infused_at: datetime,
    next_infused_at: datetime | None,
    within_days: int,
) -> datetime | None:
    """When the next therapy after an infusion began: the next lymphodepletion, else the next infusion.

    Before the next infusion is given, a fludarabine after this one announces it; cyclophosphamide alone does
    not, because it is also given for toxicity.
    """
    later = [one for one in treatments if one.started_at > infused_at]
    if next_infused_at is not None:
        return lymphodepletion_at(later, next_infused_at, within_days) or next_infused_at
    announced_at = min((one.started_at for one in later if one.drug is Drug.FLUDARABINE), default=None)
    if announced_at is None:
        return None
    return min(_lymphodepleting(later, announced_at - timedelta(days=within_days), None))


def _lymphodepleting(
    treatments: Iterable[Treatment], from_at: datetime, to_at: datetime | None
) -> list[datetime]:
    return [
        one.started_at
        for one in treatments
        if CLASS_OF[one.drug] is DrugClass.LYMPHODEPLETION
        and from_at <= one.started_at
        and (to_at is None or one.started_at < to_at)
    ]
