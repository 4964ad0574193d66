"""The gate for the second infusion (inclusion 10 of NCT06902012), each fact beside its rule.

"Within 60 days of axi-cel: ctDNA persistently positive, or negative turning positive, under CR; or
PET/CT-confirmed PR." Grade >= 3 CRS or ICANS after the first infusion excludes, and the exclusion criteria
are asked again. Stable or progressive disease is not decided by these words and goes to the investigator.

Readings where the public record leaves room (J), to be confirmed by the principal investigator:

1. The response is that of the latest PET/CT after the day of the first infusion; a scan or sample of that
   day or earlier is the baseline. A finding is dated by the scan or sample that first showed it and has held
   since.
2. The protocol sets whether the finding, the second infusion or both must fall within the days; the last
   day counts.
3. ctDNA speaks for the infusion when the latest sample is positive and either a negative one stands before
   it ("turning positive") or it is at least the n-th sample, all positive ("persistently positive"; n is a
   setting). A baseline sample counts as one before. One positive sample alone does not decide; samples not
   done say nothing; an awaited one keeps the line open where its result could matter.
4. "Under CR" asks for a latest response of CR; whether sample or scan came first does not matter, both dates
   are shown. With PR, SD or PD ctDNA is shown and not asked.
5. SD or PD goes to the investigator, who opens or closes the line with a reason; it does not loosen the rest.
6. A bar stays until two different investigators have released it, each with a reason, and only for grades no
   higher than those they signed under. A judgement on unsettled days never lowers a proved grade.
7. Days on which a grade at the bar is not ruled out keep the line open until an investigator judges them.
8. A Deauville score that does not go with the response is noted; the response as read decides.
9. A death, a withdrawal or a loss to follow-up up to the day closes the gate, that day included.
10. What is against closes the gate, then what is not known leaves it undecided, then the investigator has it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from trial.eligibility import Line, exclusion_lines
from trial.follow_up_facts import KIND_WORDS
from trial.limits import EligibilityLimits, SecondInfusionLimits
from trial.screening_checks import FactsError
from trial.screening_facts import Judgement, WorstGrade
from trial.second_infusion_facts import (
    CtDna,
    CtDnaResult,
    GateFacts,
    Release,
    Response,
    Scan,
    gate_problems,
)

RELEASES_NEEDED: Final = 2
"""So many different investigators release a bar; nobody decides it alone."""


class Stand(StrEnum):
    """How one line stands; `not_asked` where another line makes it irrelevant."""

    FOR = "for"
    AGAINST = "against"
    NOT_YET_KNOWN = "not_yet_known"
    FOR_INVESTIGATOR = "for_investigator"
    NOT_ASKED = "not_asked"


class GateVerdict(StrEnum):
    """Whether the second infusion may be given."""

    OPEN = "open"
    CLOSED = "closed"
    UNDECIDED = "undecided"
    FOR_INVESTIGATOR = "for_investigator"


@dataclass(frozen=True, slots=True)
class GateLine:
    """One rule with the facts beside it; `missing` names fields of the facts, or criteria asked again."""

    id: str
    words: str
    stand: Stand
    facts: tuple[str, ...]
    missing: tuple[str, ...] = ()
    judgement: Judgement | None = None

    def sentence(self) -> str:
        """The rule and what was found, for a list of reasons."""
        judged = () if self.judgement is None else (f"judged: {self.judgement.reason}",)
        return f"{self.words}: {'; '.join((*self.facts, *judged))}."


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate as asked on one day.

    barred            CRS or ICANS reached the bar and no two investigators have released it
    last_finding_on   last day for the finding; None where the protocol sets none
    last_infusion_on  last day for the infusion; None where the protocol sets none
    """

    lines: tuple[GateLine, ...]
    barred: bool
    last_finding_on: date | None
    last_infusion_on: date | None
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> GateVerdict:
        """What speaks against it outranks what is not known, and that what is left to judge."""
        stands = {line.stand for line in self.lines}
        if Stand.AGAINST in stands:
            return GateVerdict.CLOSED
        if Stand.NOT_YET_KNOWN in stands:
            return GateVerdict.UNDECIDED
        return GateVerdict.FOR_INVESTIGATOR if Stand.FOR_INVESTIGATOR in stands else GateVerdict.OPEN

    @property
    def last_open_on(self) -> date | None:
        """The last day on which a closed gate could open; None where the protocol sets none."""
        return min((on for on in (self.last_finding_on, self.last_infusion_on) if on), default=None)

    @property
    def against(self) -> tuple[GateLine, ...]:
        """The lines that close the gate."""
        return tuple(line for line in self.lines if line.stand is Stand.AGAINST)

    @property
    def missing(self) -> tuple[str, ...]:
        """What would settle the lines not yet known, each once."""
        return tuple(dict.fromkeys(name for line in self.lines for name in line.missing))


def judge_gate(
    facts: GateFacts, eligibility: EligibilityLimits, limits: SecondInfusionLimits, on: date
) -> Gate:
    """Ask the gate on a day: today, or the day of a second infusion to be recorded.

    Raises:
        FactsError: something recorded cannot be; one sentence for each.
    """
    found = gate_problems(facts, on)
    if found:
        raise FactsError(found)
    last_on = facts.first_infused_on + timedelta(days=limits.within_days)
    finding_to = last_on if limits.finding_within else date.max
    scans = _after_first(facts, facts.scans)
    response = latest_response(facts)
    toxicities = (("crs", "CRS", facts.worst_crs), ("icans", "ICANS", facts.worst_icans))
    bar = eligibility.barring_grade
    return Gate(
        (
            *_ended_line(facts),
            _days_line(facts, limits, on),
            _response_line(facts, scans, finding_to, limits),
            _ctdna_line(facts, response, finding_to, limits),
            *(_toxicity_line(*each, facts, bar) for each in toxicities),
            *_exclusions(facts, eligibility, on),
        ),
        is_barred(facts, eligibility),
        last_on if limits.finding_within else None,
        last_on if limits.infusion_within else None,
        tuple(odd for scan in scans if (odd := scan.odd_reading())),
    )


def latest_response(facts: GateFacts) -> Response | None:
    """The response of the latest PET/CT after the day of the first infusion; None while not known."""
    scans = _after_first(facts, facts.scans)
    return scans[-1].response if scans else None


def is_barred(facts: GateFacts, eligibility: EligibilityLimits) -> bool:
    """Whether CRS or ICANS reached the bar and no two different investigators have released it."""
    known = [worst for worst in (facts.worst_crs, facts.worst_icans) if worst]
    return any(worst.reached(eligibility.barring_grade) for worst in known) and not _released(facts)


def _ended_line(facts: GateFacts) -> Iterator[GateLine]:
    """Whoever has died or left the trial gets no second infusion; of anybody else there is no such line."""
    if facts.ended is not None:
        shown = f"{KIND_WORDS[facts.ended.kind]} on {facts.ended.on}"
        yield GateLine("ended", "Alive, in the trial and in follow-up", Stand.AGAINST, (shown,))


def _days_line(facts: GateFacts, limits: SecondInfusionLimits, on: date) -> GateLine:
    days = (on - facts.first_infused_on).days
    late = limits.infusion_within and days > limits.within_days
    words = "After the first infusion, on any day"
    if limits.infusion_within:
        words = f"At most {limits.within_days} days after the first infusion"
    shown = f"{days} days after the first infusion, of {facts.first_infused_on}"
    return GateLine("days", words, Stand.AGAINST if late else Stand.FOR, (shown,))


def _after_first(facts: GateFacts, scans: Sequence[Scan] | None) -> list[Scan]:
    dated = [(scan.scanned_on, scan) for scan in scans or () if scan.scanned_on]
    return [scan for day, scan in sorted(dated, key=lambda pair: pair[0]) if day > facts.first_infused_on]


def _response_line(
    facts: GateFacts, scans: list[Scan], finding_to: date, limits: SecondInfusionLimits
) -> GateLine:
    words = f"Response by PET/CT{_within(limits)}: PR, or CR with ctDNA; SD or PD is the investigator's"
    shown = tuple(scan.words() for scan in scans) or ("no PET/CT after the first infusion recorded",)
    if not scans or scans[-1].response is None:
        return GateLine("response", words, Stand.NOT_YET_KNOWN, shown, ("scans",))
    response = scans[-1].response
    if response is Response.CR:
        return GateLine("response", words, Stand.FOR, shown)
    alike = {Response.PR} if response is Response.PR else {Response.SD, Response.PD}
    finding_on = scans[-1].scanned_on
    for scan in reversed(scans):
        if scan.response not in alike:
            break
        finding_on = scan.scanned_on
    if finding_on and finding_on > finding_to:
        unread = any(scan.response is None for scan in scans)
        if unread:
            return GateLine("response", words, Stand.NOT_YET_KNOWN, shown, ("scans",))
        return GateLine("response", words, Stand.AGAINST, (*shown, f"found only on {finding_on}"))
    if response is Response.PR:
        return GateLine("response", words, Stand.FOR, shown)
    if facts.judgement is None:
        return GateLine("response", words, Stand.FOR_INVESTIGATOR, shown)
    stand = Stand.FOR if facts.judgement.holds else Stand.AGAINST
    return GateLine("response", words, stand, shown, judgement=facts.judgement)


def _within(limits: SecondInfusionLimits) -> str:
    return f" within {limits.within_days} days of the first infusion" if limits.finding_within else ""


@dataclass(frozen=True, slots=True)
class _Series:
    """Samples in the order of their dates, those not done left out."""

    samples: tuple[CtDna, ...]
    first_infused_on: date
    positive_samples: int

    @property
    def held(self) -> bool | None:
        """Whether the latest sample shows what the gate asks for; None while that is open."""
        if not self.samples or self.day(-1) <= self.first_infused_on:
            return None
        results = [sample.result for sample in self.samples]
        if results[-1] is not CtDnaResult.POSITIVE:
            return None if results[-1] is None else False
        # Whatever stands before the n-th sample, it has turned positive or has always been.
        return len(results) >= self.positive_samples or CtDnaResult.NEGATIVE in results or None

    @property
    def awaited(self) -> bool:
        """Whether any result is still to come."""
        return any(sample.result is None for sample in self.samples)

    @property
    def found_on(self) -> date:
        """The sample that first showed it, of the positive samples in a row that end the series."""
        found = len(self.samples)
        for count in range(len(self.samples), 0, -1):
            earlier = _Series(self.samples[:count], self.first_infused_on, self.positive_samples)
            if not earlier.held:
                break
            found = count
        return self.day(found - 1)

    def day(self, index: int) -> date:
        """The date of one sample; a sample without one was refused before."""
        return self.samples[index].sampled_on or date.max


def _ctdna_line(
    facts: GateFacts, response: Response | None, finding_to: date, limits: SecondInfusionLimits
) -> GateLine:
    words = f"Under CR: ctDNA persistently positive, or negative turning positive{_within(limits)}"
    known = sorted(facts.ctdna or (), key=lambda sample: sample.sampled_on or date.max)
    shown = tuple(sample.words() for sample in known) or ("no ctDNA recorded",)
    if response not in (Response.CR, None):
        return GateLine("ctdna", words, Stand.NOT_ASKED, shown)
    done = tuple(sample for sample in known if sample.result is not CtDnaResult.NOT_DONE)
    series = _Series(done, facts.first_infused_on, limits.positive_samples)
    stand = {True: Stand.FOR, False: Stand.AGAINST, None: Stand.NOT_YET_KNOWN}[series.held]
    if stand is Stand.FOR and series.found_on > finding_to:
        shown = (*shown, f"found only on {series.found_on}")
        stand = Stand.NOT_YET_KNOWN if series.awaited else Stand.AGAINST
    if stand is Stand.AGAINST and response is None:
        stand = Stand.NOT_ASKED
    return GateLine("ctdna", words, stand, shown, ("ctdna",) if stand is Stand.NOT_YET_KNOWN else ())


def is_released(worst_crs: int, worst_icans: int, releases: Iterable[Release]) -> bool:
    """Whether two different people have released a bar at these proved grades."""
    return len(releasers(worst_crs, worst_icans, releases)) >= RELEASES_NEEDED


def releasers(worst_crs: int, worst_icans: int, releases: Iterable[Release]) -> set[str]:
    """The people who have released a bar at these proved grades."""
    return {one.by for one in releases if one.worst_crs >= worst_crs and one.worst_icans >= worst_icans}


def _released(facts: GateFacts) -> bool:
    """Whether two different people released the grades as they now are."""
    crs = facts.worst_crs.at_least if facts.worst_crs else 0
    icans = facts.worst_icans.at_least if facts.worst_icans else 0
    return is_released(crs, icans, facts.releases)


def _toxicity_line(name: str, label: str, worst: WorstGrade | None, facts: GateFacts, bar: int) -> GateLine:
    words = f"{label} below grade {bar} after the first infusion, or released by two investigators"
    if worst is None:
        return GateLine(name, words, Stand.NOT_YET_KNOWN, ("not recorded",), (f"worst_{name}",))
    shown: tuple[str, ...] = (worst.words(label),)
    reached = worst.reached(bar)
    if reached is None:
        return GateLine(name, words, Stand.NOT_YET_KNOWN, shown, (f"worst_{name}",))
    if not reached:
        return GateLine(name, words, Stand.FOR, shown, judgement=worst.judgement(bar))
    shown = (*shown, *(f"released by {one.by}: {one.reason}" for one in facts.releases))
    stand = Stand.FOR if _released(facts) else Stand.AGAINST
    return GateLine(name, words, stand, shown, judgement=worst.judgement(bar))


def _exclusions(facts: GateFacts, eligibility: EligibilityLimits, on: date) -> list[GateLine]:
    """The exclusion criteria asked again; prior CRS and ICANS have lines of their own."""
    lines = exclusion_lines(facts.asked_again, eligibility, on)
    return [_asked_again(line) for line in lines if line.criterion.id != "prior_toxicity"]


def _asked_again(line: Line) -> GateLine:
    stand = {True: Stand.FOR, False: Stand.AGAINST, None: Stand.NOT_YET_KNOWN}[line.allows]
    return GateLine(line.criterion.id, f"Not: {line.words}", stand, line.facts, line.missing, line.judgement)
