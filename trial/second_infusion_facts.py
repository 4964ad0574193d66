"""What the gate for the second infusion asks about, and what of it cannot be.

None is not yet known. Dates are the hospital's.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from math import isfinite
from typing import Final

from trial.follow_up_facts import FollowUpFact
from trial.screening_checks import Problem
from trial.screening_facts import Judgement, ScreeningFacts, WorstGrade


class Response(StrEnum):
    """Response by PET/CT, Lugano 2014 (Cheson BD, et al. J Clin Oncol 2014; 32: 3059-3068)."""

    CR = "CR"
    PR = "PR"
    SD = "SD"
    PD = "PD"


class CtDnaResult(StrEnum):
    """Result of one planned sample."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NOT_DONE = "not_done"


class GateQuestion(StrEnum):
    """What the gate leaves to an investigator.

    The judgement holds where it speaks for the second infusion: it may be given in SD or PD; the grade stayed
    below the bar on the days that are not settled.
    """

    RESPONSE = "response"
    CRS_GAPS = "crs_gaps"
    ICANS_GAPS = "icans_gaps"


_CR_TO: Final = 3


@dataclass(frozen=True, slots=True)
class Scan:
    """One PET/CT; `deauville` is the score of 1 to 5, `response` None until it is read."""

    scanned_on: date | None
    response: Response | None = None
    deauville: int | None = None

    def words(self) -> str:
        """The scan as a phrase: "PR on 2026-04-01, Deauville 4"."""
        read = self.response.value if self.response else "response not recorded"
        return f"{read} on {self.scanned_on}, Deauville {self.deauville or 'not recorded'}"

    def odd_reading(self) -> str | None:
        """What to check where the score does not go with the response.

        Lugano 2014: a complete metabolic response is scored 1 to 3, every other 4 or 5.
        """
        if not (self.response and self.deauville):
            return None
        if (self.response is Response.CR) == (self.deauville <= _CR_TO):
            return None
        return f"{self.words()}: by Lugano a CR is scored 1 to 3 and PR, SD and PD 4 or 5. Check the reading."


@dataclass(frozen=True, slots=True)
class CtDna:
    """One sample; `result` None while awaited, `value` in `unit` where the laboratory gives one."""

    sampled_on: date | None
    result: CtDnaResult | None = None
    value: float | None = None
    unit: str | None = None
    resulted_on: date | None = None

    def words(self) -> str:
        """The sample as a phrase: "positive on 2026-04-01 (12.5 hGE/mL)"."""
        read = self.result.value.replace("_", " ") if self.result else "awaited"
        measured = "" if self.value is None else f" ({self.value:g} {self.unit})"
        return f"{read} on {self.sampled_on}{measured}"


@dataclass(frozen=True, slots=True)
class Release:
    """One investigator's signed release of a bar, and the proved grades it was signed under.

    Raises:
        ValueError: there is no reason.
    """

    by: str
    reason: str
    worst_crs: int
    worst_icans: int

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("Give the reason for releasing the bar.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFacts:
    """The facts of one patient.

    scans, ctdna            everything recorded, in any order; None where nobody looked
    worst_crs, worst_icans  after the first infusion
    asked_again             the facts behind the exclusion criteria, as they are now
    judgement               the investigator's on a second infusion in stable or progressive disease
    ended                   the death, withdrawal or loss up to the day on which the gate is asked
    """

    first_infused_on: date
    scans: tuple[Scan, ...] | None = None
    ctdna: tuple[CtDna, ...] | None = None
    worst_crs: WorstGrade | None = None
    worst_icans: WorstGrade | None = None
    asked_again: ScreeningFacts = field(default_factory=ScreeningFacts)
    judgement: Judgement | None = None
    releases: tuple[Release, ...] = ()
    ended: FollowUpFact | None = None


_DEAUVILLE: Final = range(1, 6)


def gate_problems(facts: GateFacts, on: date) -> tuple[Problem, ...]:
    """Everything that cannot be, for a gate asked (or a second infusion given) on this day."""
    return (*_days(facts, on), *_scans(facts, on), *_samples(facts, on), *_grades(facts))


def _days(facts: GateFacts, on: date) -> Iterator[Problem]:
    if on < facts.first_infused_on:
        yield Problem("on", f"{on} is before the first infusion, of {facts.first_infused_on}.")


def _scans(facts: GateFacts, on: date) -> Iterator[Problem]:
    for scan in facts.scans or ():
        read = f"The response {scan.response.value}" if scan.response else "A scan"
        if scan.scanned_on is None:
            yield Problem("scans", f"{read} has no scan date. Enter the date of the PET/CT.")
        elif scan.scanned_on > on:
            yield Problem("scans", f"{read} is dated {scan.scanned_on}, after {on}.")
        if scan.deauville is not None and scan.deauville not in _DEAUVILLE:
            yield Problem("scans", f"The Deauville score must be 1 to 5, not {scan.deauville}.")
    pairs = ((scan.scanned_on, scan.response) for scan in facts.scans or ())
    yield from _two_of_a_day("scans", "Two responses", pairs)


def _samples(facts: GateFacts, on: date) -> Iterator[Problem]:
    for sample in facts.ctdna or ():
        if sample.sampled_on is None:
            yield Problem("ctdna", "A ctDNA sample has no date. Enter the date of sampling.")
            continue
        dated = f"The ctDNA sample of {sample.sampled_on}"
        if sample.sampled_on > on:
            yield Problem("ctdna", f"{dated} is dated after {on}.")
        if sample.resulted_on is not None and sample.resulted_on < sample.sampled_on:
            yield Problem("ctdna", f"{dated} has a result of {sample.resulted_on}, before it was taken.")
        yield from _value(dated, sample)
    pairs = (
        (sample.sampled_on, sample.result)
        for sample in facts.ctdna or ()
        if sample.result is not CtDnaResult.NOT_DONE
    )
    yield from _two_of_a_day("ctdna", "Two ctDNA results", pairs)


def _value(dated: str, sample: CtDna) -> Iterator[Problem]:
    if sample.value is None:
        return
    if not (isfinite(sample.value) and sample.value >= 0):
        yield Problem("ctdna", f"{dated} has the value {sample.value:g}; it must be 0 or more.")
    if not (sample.unit or "").strip():
        yield Problem("ctdna", f"{dated} has a value without a unit. Enter the unit.")
    if sample.result in (None, CtDnaResult.NOT_DONE):
        yield Problem("ctdna", f"{dated} has a value but no result. Enter positive or negative.")


def _two_of_a_day(field: str, what: str, pairs: Iterable[tuple[date | None, object]]) -> Iterator[Problem]:
    seen: dict[date, object] = {}
    for day, read in pairs:
        if day is not None and seen.setdefault(day, read) != read:
            yield Problem(field, f"{what} of {day} contradict each other. Correct one of them.")


def _grades(facts: GateFacts) -> Iterator[Problem]:
    for name, worst in (("worst_crs", facts.worst_crs), ("worst_icans", facts.worst_icans)):
        if worst is not None and not 0 <= worst.at_least <= 5:
            yield Problem(name, f"A grade must be 0 to 5, not {worst.at_least}.")
