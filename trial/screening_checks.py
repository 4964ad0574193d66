"""What cannot be, among the facts of a screening: one sentence for each, in the words of the question.

A value in another unit is refused, never converted: the ranges are wide enough for every patient and too
narrow for the usual other unit (g/dL, cells/uL, mg/dL, a fraction instead of a percentage).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Final

from trial.criteria import BY_ID, SettledBy
from trial.screening_facts import PastEvent, ScreeningFacts, Sex, WorstGrade


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one fact."""

    field: str
    sentence: str


class FactsError(ValueError):
    """Facts that cannot be; nothing is judged from them. The message is every sentence in a row."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(" ".join(problem.sentence for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Range:
    """A number's label and unit, and the values between which it can be; `zero` is what 0 means in words."""

    label: str
    low: float
    high: float
    unit: str = ""
    zero: str = ""

    def write(self, value: float) -> str:
        """The value with its label and unit, unrounded: "haemoglobin 80.5 g/L"."""
        if value == 0 and self.zero:
            return self.zero
        return f"{self.label} {value!r}".removesuffix(".0") + self.unit


NUMBERS: Final[dict[str, Range]] = {
    "age_years": Range("age", 0, 120, " years"),
    "weight_kg": Range("weight", 20, 400, " kg"),
    "ecog": Range("ECOG", 0, 5),
    "haemoglobin_g_per_l": Range("haemoglobin", 25, 250, " g/L"),
    "anc_10e9_per_l": Range("neutrophils", 0, 99, " x 10^9/L"),
    "platelets_10e9_per_l": Range("platelets", 0, 3000, " x 10^9/L"),
    "measurable_lesions": Range("measurable lesions", 0, 1000),
    "creatinine_umol_per_l": Range("creatinine", 15, 3000, " umol/L"),
    "creatinine_uln_umol_per_l": Range("creatinine ULN", 30, 300, " umol/L"),
    "lvef_percent": Range("LVEF", 5, 95, " %"),
    "spo2_room_air_percent": Range("SpO2 on room air", 50, 100, " %"),
    "bilirubin_umol_per_l": Range("bilirubin", 0.5, 1500, " umol/L"),
    "bilirubin_uln_umol_per_l": Range("bilirubin ULN", 5, 100, " umol/L"),
    "alt_u_per_l": Range("ALT", 1, 30000, " U/L"),
    "alt_uln_u_per_l": Range("ALT ULN", 10, 300, " U/L"),
    "ast_u_per_l": Range("AST", 1, 30000, " U/L"),
    "ast_uln_u_per_l": Range("AST ULN", 10, 300, " U/L"),
    "nyha_class": Range("NYHA class", 0, 4, zero="no heart failure"),
}


def problems(facts: ScreeningFacts, on: date) -> tuple[Problem, ...]:
    """Everything that cannot be among the facts on this day, in the order of the facts."""
    return (
        *_out_of_range(facts),
        *_pregnancy(facts, on),
        *_dates(facts, on),
        *_prior_infusion(facts),
        *_answers(facts),
    )


def check(facts: ScreeningFacts, on: date) -> None:
    """Raise FactsError where something cannot be."""
    found = problems(facts, on)
    if found:
        raise FactsError(found)


def _out_of_range(facts: ScreeningFacts) -> Iterator[Problem]:
    for name, known in NUMBERS.items():
        value = getattr(facts, name)
        if value is not None and not (isfinite(value) and known.low <= value <= known.high):
            label = known.label[0].upper() + known.label[1:]
            limits = f"{known.low:g} to {known.high:g}{known.unit}"
            yield Problem(name, f"{label} must be {limits}, not {value:g}. Check the unit.")


def _pregnancy(facts: ScreeningFacts, on: date) -> Iterator[Problem]:
    if facts.sex is Sex.M and facts.pregnancy_test is not None:
        yield Problem(
            "pregnancy_test", "A pregnancy test is recorded for a man. Correct the sex or the test."
        )
    yield from _not_after(on, "last_menses_on", "The last menses", facts.last_menses_on)


def _dates(facts: ScreeningFacts, on: date) -> Iterator[Problem]:
    for malignancy in facts.other_malignancies or ():
        label = f"The last day of {malignancy.kind.label}"
        yield from _not_after(on, "other_malignancies", label, malignancy.last_active_on)
    yield from _past_event(on, "stroke_or_tia", "The stroke or TIA", facts.stroke_or_tia)
    yield from _past_event(on, "infarction", "The infarction", facts.infarction)


def _not_after(on: date, name: str, label: str, dated: date | None) -> Iterator[Problem]:
    if dated is not None and dated > on:
        yield Problem(name, f"{label} is dated {dated}, after the day of this judgement ({on}).")


def _past_event(on: date, name: str, label: str, event: PastEvent) -> Iterator[Problem]:
    yield from _not_after(on, name, label, event.last_on)
    if event.last_on is not None and not event.happened:
        yield Problem(name, f"{label} has a date ({event.last_on}) but is not recorded as having happened.")


def _prior_infusion(facts: ScreeningFacts) -> Iterator[Problem]:
    for name, worst in (("worst_crs", facts.worst_crs), ("worst_icans", facts.worst_icans)):
        if worst is not None:
            yield from _worst_grade(name, worst)
            if facts.prior_axi_cel is False:
                yield Problem(
                    name, "A grade after prior axi-cel is recorded, but no prior axi-cel was given."
                )


def _worst_grade(name: str, worst: WorstGrade) -> Iterator[Problem]:
    if not 0 <= worst.at_least <= 5:
        yield Problem(name, f"A grade must be 0 to 5, not {worst.at_least}.")


def _answers(facts: ScreeningFacts) -> Iterator[Problem]:
    yield from _misplaced("answers", "answer", facts.answers, SettledBy.ANSWERED)
    yield from _misplaced("judgements", "judgement", facts.judgements, SettledBy.JUDGED)


def _misplaced(field: str, word: str, given: Iterable[str], settled_by: SettledBy) -> Iterator[Problem]:
    """Nobody answers what is computed, and nobody judges what the protocol's words decide."""
    for name in given:
        known = BY_ID.get(name)
        if known is None:
            yield Problem(field, f"No criterion is named {name!r}.")
        elif known.settled_by is not settled_by:
            how = known.settled_by.value.replace("_", " ")
            yield Problem(field, f"The criterion {name} is {how}; it takes no {word}.")
