"""On which days anticytokine drugs and steroids were given, from treatments and from what was charted.

A treatment says when a drug was given. The box of an assessment says that it was given since the last
assessment or still acts, so it is asked only where no treatment of the same group is recorded.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from grading.charted import FeverMaskingDrug
from trial.drugs import CHARTED_AS_FEVER_MASKING, DRUGS, DrugClass
from trial.treatment_facts import Drug
from trial.treatments import Treatment


class DrugGroup(StrEnum):
    """What the committee counts together."""

    TOCILIZUMAB = "tocilizumab"
    STEROID = "steroid"
    ANTICYTOKINE = "anticytokine"

    @property
    def label(self) -> str:
        """The words on a screen."""
        return _LABELS[self]


_LABELS: Final = {
    DrugGroup.TOCILIZUMAB: "Tocilizumab",
    DrugGroup.STEROID: "Steroids",
    DrugGroup.ANTICYTOKINE: "Siltuximab or anakinra",
}
GROUP_OF: Final[Mapping[Drug, DrugGroup]] = {
    **dict.fromkeys(DRUGS[DrugClass.ANTICYTOKINE], DrugGroup.ANTICYTOKINE),
    **dict.fromkeys(DRUGS[DrugClass.STEROID], DrugGroup.STEROID),
    Drug.TOCILIZUMAB: DrugGroup.TOCILIZUMAB,
}
"""The drugs that are counted; a vasopressor or an antipyretic is not."""

_CHARTED: Final[Mapping[FeverMaskingDrug, DrugGroup]] = {
    CHARTED_AS_FEVER_MASKING[drug]: group
    for drug, group in GROUP_OF.items()
    if CHARTED_AS_FEVER_MASKING[drug] is not FeverMaskingDrug.OTHER
}


@dataclass(frozen=True, slots=True)
class DrugDays:
    """The days on which a group was given, by the hospital's date, earliest first.

    doses  of the treatments, by day; None where the days are only charted at the bedside
    """

    group: DrugGroup
    days: tuple[date, ...]
    doses: Mapping[date, int] | None

    def between(self, first: date, last: date) -> "DrugDays":
        """The same from one day to another, both included."""
        days = tuple(on for on in self.days if first <= on <= last)
        doses = None if self.doses is None else {on: self.doses[on] for on in days}
        return DrugDays(self.group, days, doses)

    @property
    def number_of_doses(self) -> int | None:
        """How many doses were given; None where nobody has recorded them as treatments."""
        return None if self.doses is None else sum(self.doses.values())


def drug_days(
    treatments: Iterable[Treatment],
    charted: Iterable[tuple[date, FeverMaskingDrug]],
    until: datetime,
    zone: ZoneInfo,
) -> tuple[DrugDays, ...]:
    """The groups that a patient was given up to `until`; a group never given is not among them.

    Args:
        treatments: of one patient, as they stand.
        charted: the hospital's day and the drug of each entry in the box of an assessment.
        until: the data cut-off.
        zone: the hospital's.
    """
    given: dict[DrugGroup, defaultdict[date, int]] = {}
    for one in treatments:
        group = GROUP_OF.get(one.drug)
        if group is not None:
            for at in one.doses_until(until):
                given.setdefault(group, defaultdict(int))[at.astimezone(zone).date()] += 1
    seen: defaultdict[DrugGroup, set[date]] = defaultdict(set)
    last = until.astimezone(zone).date()
    for on, drug in charted:
        charted_group = _CHARTED.get(drug)
        if charted_group is not None and on <= last:
            seen[charted_group].add(on)
    return tuple(
        _days(group, given.get(group), seen[group]) for group in DrugGroup if group in given or seen[group]
    )


def _days(group: DrugGroup, doses: Mapping[date, int] | None, charted: Iterable[date]) -> DrugDays:
    if doses is None:
        return DrugDays(group, tuple(sorted(charted)), None)
    return DrugDays(group, tuple(sorted(doses)), dict(doses))
