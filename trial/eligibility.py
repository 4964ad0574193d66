"""Is a patient eligible: each criterion of `trial/criteria.py` on its own line, with its facts beside it.

Readings where the public record leaves room (J), to be confirmed by the principal investigator:

1. Not yet known is never normal: a line without its facts is not settled, unless what is known decides it
   whatever the rest may be (a bilirubin of 1.5 x ULN, whether or not there is Gilbert syndrome).
2. The investigator judges only where the criterion says so. Nothing computed is overruled.
3. "Collection is acceptable" stands in for haemoglobin, neutrophils and platelets below their limits; not
   for one that nobody measured, and not for venous access.
4. "Within" n years or months includes the day itself, counted by the calendar: an infarction on 2 March is
   within six months on 2 September and no longer on 3 September.
5. Another malignancy counts from the last day it was known to be active; an exception needs both its kind
   and its treatment.
6. A positive pregnancy test is never negative, also in a woman who is exempt: it asks for a clinician.
7. Clearance uses actual body weight. Where the sex is not recorded, both are tried.
8. Days after prior axi-cel that no assessment settles keep the line on CRS and ICANS open, until an
   investigator judges, with a reason, that the grade stayed below the bar on them.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from trial.criteria import BY_ID, CRITERIA, Criterion, Kind, SettledBy
from trial.eligibility_rules import COMPUTED, Found
from trial.limits import EligibilityLimits
from trial.screening_checks import check
from trial.screening_facts import Judgement, Purpose, ScreeningFacts


class Status(StrEnum):
    """How one criterion stands. An exclusion criterion that is met excludes."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_YET_KNOWN = "not_yet_known"
    JUDGEMENT = "judgement"


class Verdict(StrEnum):
    """Whether the patient may be enrolled."""

    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not_eligible"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Line:
    """One criterion with the facts beside it.

    words      the criterion under the limits in force
    holds      whether what it says is so; None while not yet known
    facts      what is known, as phrases with the stored values
    missing    names of the facts that could settle it: fields of `ScreeningFacts`, or the criterion's id
    judgement  the investigator's, where it decided
    """

    criterion: Criterion
    words: str
    holds: bool | None
    facts: tuple[str, ...]
    missing: tuple[str, ...] = ()
    judgement: Judgement | None = None

    @property
    def status(self) -> Status:
        """The word for the screen."""
        if self.holds is None:
            return Status.NOT_YET_KNOWN
        if self.judgement is not None:
            return Status.JUDGEMENT
        return Status.MET if self.holds else Status.NOT_MET

    @property
    def allows(self) -> bool | None:
        """Whether the line speaks for taking part; None while not yet known."""
        if self.holds is None or self.criterion.kind is Kind.INCLUSION:
            return self.holds
        return not self.holds

    def sentence(self) -> str:
        """The rule, what was found and how it stands, for a list of reasons."""
        found = "; ".join(self.facts)
        if self.judgement is not None:
            found = f"{found}; judged: {self.judgement.reason}" if found else self.judgement.reason
        return f"{self.words}: {self.status.value.replace('_', ' ')} ({found})."


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Every line, in the order of the criteria."""

    lines: tuple[Line, ...]

    @property
    def verdict(self) -> Verdict:
        """One line against is enough; every line must be for."""
        found = {line.allows for line in self.lines}
        if False in found:
            return Verdict.NOT_ELIGIBLE
        return Verdict.UNDECIDED if None in found else Verdict.ELIGIBLE

    @property
    def against(self) -> tuple[Line, ...]:
        """The lines that speak against taking part."""
        return tuple(line for line in self.lines if line.allows is False)

    @property
    def open(self) -> tuple[Line, ...]:
        """The lines that are not yet known."""
        return tuple(line for line in self.lines if line.allows is None)

    @property
    def missing(self) -> tuple[str, ...]:
        """What would settle the open lines, each once, in the order of the criteria."""
        return tuple(dict.fromkeys(name for line in self.open for name in line.missing))


def judge_eligibility(facts: ScreeningFacts, limits: EligibilityLimits, on: date) -> Eligibility:
    """Ask every criterion on a day, the hospital's date.

    Raises:
        FactsError: something recorded cannot be; one sentence for each.
    """
    check(facts, on)
    return Eligibility(tuple(_line(criterion, facts, limits, on) for criterion in CRITERIA))


def judge_for(purpose: Purpose, facts: ScreeningFacts, limits: EligibilityLimits, on: date) -> Eligibility:
    """Every criterion for the enrolment, only those that exclude for the second infusion; raises alike."""
    if purpose is Purpose.ENROLMENT:
        return judge_eligibility(facts, limits, on)
    return Eligibility(exclusion_lines(facts, limits, on))


def exclusion_lines(facts: ScreeningFacts, limits: EligibilityLimits, on: date) -> tuple[Line, ...]:
    """The exclusion criteria alone, for asking them again; raises as `judge_eligibility`."""
    check(facts, on)
    asked = (criterion for criterion in CRITERIA if criterion.kind is Kind.EXCLUSION)
    return tuple(_line(criterion, facts, limits, on) for criterion in asked)


def ask(criterion_id: str, facts: ScreeningFacts, limits: EligibilityLimits, on: date) -> Line:
    """One criterion; raises as `judge_eligibility`."""
    check(facts, on)
    return _line(BY_ID[criterion_id], facts, limits, on)


def _line(criterion: Criterion, facts: ScreeningFacts, limits: EligibilityLimits, on: date) -> Line:
    if criterion.settled_by is SettledBy.ANSWERED:
        found = _answered(facts.answers.get(criterion.id), criterion)
    elif criterion.settled_by is SettledBy.JUDGED:
        found = _judged(facts.judgements.get(criterion.id), criterion)
    else:
        found = COMPUTED[criterion.id](facts, limits, on)
    return Line(
        criterion, criterion.in_words(limits), found.holds, found.facts, found.missing, found.judgement
    )


def _answered(answer: bool | None, criterion: Criterion) -> Found:
    if answer is None:
        return Found(None, ("not answered",), (criterion.id,))
    return Found(answer, ("yes" if answer else "no",))


def _judged(judgement: Judgement | None, criterion: Criterion) -> Found:
    if judgement is None:
        return Found(None, ("not judged",), (criterion.id,))
    return Found(judgement.holds, ("yes" if judgement.holds else "no",), judgement=judgement)
