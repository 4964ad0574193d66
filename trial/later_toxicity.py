"""What the committee counts beside CRS and ICANS: infections, blood counts, and the drugs that were given.

Each row is one patient after one infusion, as of a data cut-off; days count from that infusion. The window is
longer than that of CRS and ICANS: infections and low counts come later.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeVar

from grading.icaht import EARLY_DAYS, LATE_DAYS, Icaht
from grading.scale import Grade
from trial.drug_days import DrugGroup
from trial.incidence import ExposureRate, Rate, clopper_pearson, exposure_adjusted_rate
from trial.safety_worst import Codes, GradedRow, graded_row

WINDOW_DAYS: Final = EARLY_DAYS[1]
"""The window of infections and drugs: the month that early ICAHT is graded over."""

_ORDINALS: Final = {1: "first", 2: "second"}


@dataclass(frozen=True, slots=True, kw_only=True)
class InfectionCourse:
    """Infections of one patient after one infusion.

    days           days from the infusion to the cut-off
    observed_days  days at risk: to the cut-off, death, withdrawal or the next infusion, day 0 counted
    infections     (day of onset, grade) of each, earliest first
    """

    code: str
    number: int
    infused_at: datetime
    days: int
    observed_days: int
    infections: tuple[tuple[int, int], ...] = ()

    @property
    def worst(self) -> int:
        """The worst grade; 0 where no infection is recorded."""
        return max((grade for _, grade in self.infections), default=0)


def infection_row(courses: Iterable[InfectionCourse], number: int) -> GradedRow:
    """Patients by their worst infection after one infusion; grade 0 is "none recorded"."""
    chosen = _in_order(courses, number)
    label = f"Infections, {_ORDINALS[number]} infusion"
    return graded_row(label, ((one.code, one.worst, one.days > WINDOW_DAYS) for one in chosen))


def infection_rate(courses: Iterable[InfectionCourse], number: int) -> ExposureRate:
    """Infections per 100 patient-days after one infusion; one patient may have several."""
    chosen = _in_order(courses, number)
    events = sum(len(one.infections) for one in chosen)
    return exposure_adjusted_rate(events, sum(one.observed_days for one in chosen))


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsCourse:
    """Blood counts of one patient after one infusion.

    days        days from the infusion to the cut-off, or to what ended its counts: death or the next therapy
    ended       whether that end has come, so that no window of it is open
    cytopenia   visit's day -> worst CTCAE grade of neutrophils, platelets and haemoglobin on the day with a
                count nearest to it in its window; None without one. A visit that was not planned is missing
    closed      visit's days whose window is over
    """

    code: str
    number: int
    infused_at: datetime
    days: int
    ended: bool
    early: Grade[Icaht]
    late: Grade[Icaht]
    cytopenia: Mapping[int, int | None] = field(default_factory=dict, hash=False)
    closed: frozenset[int] = frozenset()

    def is_over(self, part: Icaht) -> bool:
        """Whether the window of early or late ICAHT has closed."""
        last = EARLY_DAYS[1] if part is Icaht.EARLY else LATE_DAYS[1]
        return self.ended or self.days > last


def icaht_row(courses: Iterable[CountsCourse], number: int, part: Icaht) -> GradedRow:
    """Patients by early or late ICAHT after one infusion; who has too few counts is not graded, never 0."""
    chosen = _in_order(courses, number)
    label = f"{part.label}, {_ORDINALS[number]} infusion"
    return graded_row(label, ((one.code, _proved(_part(one, part)), one.is_over(part)) for one in chosen))


def cytopenia_row(courses: Iterable[CountsCourse], number: int, day: int) -> GradedRow:
    """Patients by their worst cytopenia about a visit's day after one infusion."""
    chosen = [one for one in _in_order(courses, number) if day in one.cytopenia]
    label = f"Day {day}, {_ORDINALS[number]} infusion"
    return graded_row(label, ((one.code, one.cytopenia[day], day in one.closed) for one in chosen))


def _part(course: CountsCourse, part: Icaht) -> Grade[Icaht]:
    return course.early if part is Icaht.EARLY else course.late


def _proved(grade: Grade[Icaht]) -> int | None:
    """What is proved; nothing where a grade is open and only 0 is proved."""
    return grade.at_least if grade.settled or grade.at_least else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatedCourse:
    """The drugs of one patient within the window after one infusion.

    given        group -> the days since the infusion on which it was given
    doses        group -> number of doses; a group whose days are only charted is missing
    steroid_mg   dexamethasone-equivalent amount of the recorded doses
    """

    code: str
    number: int
    infused_at: datetime
    days: int
    given: Mapping[DrugGroup, tuple[int, ...]] = field(default_factory=dict, hash=False)
    doses: Mapping[DrugGroup, int] = field(default_factory=dict, hash=False)
    steroid_mg: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class TreatedRow:
    """How many were given a group of drugs after one infusion.

    complete, pending  codes by whether the window is over, and `treated` those of both who were given it
    """

    group: DrugGroup
    number: int
    complete: Codes
    pending: Codes
    treated: Codes

    @property
    def rate(self) -> Rate:
        """Of the complete patients."""
        return clopper_pearson(len(set(self.treated) & set(self.complete)), len(self.complete))

    @property
    def early(self) -> Codes:
        """The pending ones who were given it already."""
        return tuple(code for code in self.treated if code in self.pending)


def treated_row(courses: Iterable[TreatedCourse], number: int, group: DrugGroup) -> TreatedRow:
    """Count who was given a group of drugs within the window after one infusion."""
    chosen = _in_order(courses, number)
    return TreatedRow(
        group,
        number,
        tuple(one.code for one in chosen if one.days > WINDOW_DAYS),
        tuple(one.code for one in chosen if one.days <= WINDOW_DAYS),
        tuple(one.code for one in chosen if one.given.get(group)),
    )


_Row = TypeVar("_Row", InfectionCourse, CountsCourse, TreatedCourse)


def _in_order(courses: Iterable[_Row], number: int) -> list[_Row]:
    """Those after this infusion, in the order of infusion."""
    chosen = (one for one in courses if one.number == number)
    return sorted(chosen, key=lambda one: (one.infused_at, one.code))
