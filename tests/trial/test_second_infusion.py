"""The gate for the second infusion: days, response, ctDNA, the bar and the exclusion criteria asked again."""

import re
from dataclasses import replace
from datetime import date
from itertools import combinations, product
from typing import Any, cast

import pytest

from tests.trial.screened import FIRST_ON, LIMITS, NO, OPEN, PROTOCOL, WELL, YES, day
from trial.follow_up_facts import KIND_WORDS, FollowUpFact, FollowUpKind
from trial.limits import SecondInfusionLimits
from trial.screening_checks import FactsError
from trial.screening_facts import ActiveInfection, Judgement, PastEvent, ScreeningFacts, WorstGrade
from trial.second_infusion import Gate, GateLine, GateVerdict, Stand, judge_gate
from trial.second_infusion_facts import (
    CtDna,
    CtDnaResult,
    GateFacts,
    Release,
    Response,
    Scan,
    gate_problems,
)

GATE = PROTOCOL.second_infusion
POSITIVE, NEGATIVE, NOT_DONE = CtDnaResult
CR, PR, SD, PD = Response
SHORT = {"+": POSITIVE, "-": NEGATIVE, "0": NOT_DONE, "?": None}


def gate(on: int = 35, limits: SecondInfusionLimits = GATE, **changed: Any) -> Gate:
    return judge_gate(replace(OPEN, **changed), LIMITS, limits, day(on))


def line(found: Gate, name: str) -> GateLine:
    return next(one for one in found.lines if one.id == name)


def series(*samples: tuple[int, str]) -> tuple[CtDna, ...]:
    return tuple(CtDna(day(number), SHORT[result]) for number, result in samples)


def release(by: str, crs: int = 3, icans: int = 0) -> Release:
    return Release(by, "recovered, benefit outweighs the risk", crs, icans)


@pytest.mark.parametrize("kind", [FollowUpKind.DEATH, FollowUpKind.WITHDRAWAL, FollowUpKind.LOST])
def test_whoever_has_died_or_left_gets_no_second_infusion(kind: FollowUpKind) -> None:
    found = gate(ended=FollowUpFact(kind, day(30)))
    assert (found.verdict, [one.id for one in found.against]) == (GateVerdict.CLOSED, ["ended"])
    assert line(found, "ended").facts == (f"{KIND_WORDS[kind]} on 2026-04-01",)


def test_pr_within_60_days_opens_it_with_each_fact_beside_its_rule() -> None:
    found = gate()
    assert (found.verdict, found.barred) == (GateVerdict.OPEN, False)
    assert (found.against, found.missing, found.notes) == ((), (), ())
    assert line(found, "days").sentence() == (
        "At most 60 days after the first infusion: 35 days after the first infusion, of 2026-03-02."
    )
    assert line(found, "response").facts == ("PR on 2026-03-30, Deauville 4",)
    assert line(found, "crs").facts == ("CRS grade 2",)
    assert line(found, "crs").words == (
        "CRS below grade 3 after the first infusion, or released by two investigators"
    )
    assert line(found, "ctdna").stand is Stand.NOT_ASKED
    assert line(found, "ctdna").words == (
        "Under CR: ctDNA persistently positive, or negative turning positive within 60 days of the first "
        "infusion"
    )
    assert (found.last_finding_on, found.last_infusion_on) == (date(2026, 5, 1), date(2026, 5, 1))
    assert found.last_open_on == date(2026, 5, 1)
    names = [one.id for one in found.lines]
    assert names[:5] == ["days", "response", "ctdna", "crs", "icans"]
    assert {"active_infection", "uncontrolled_infection", "other_risk"} <= set(names)
    assert "prior_toxicity" not in names
    assert len(names) == 5 + 12


@pytest.mark.parametrize(
    ("on", "verdict"),
    [(29, GateVerdict.OPEN), (60, GateVerdict.OPEN), (61, GateVerdict.CLOSED), (300, GateVerdict.CLOSED)],
)
def test_the_infusion_itself_falls_within_60_days(on: int, verdict: GateVerdict) -> None:
    found = gate(on)
    assert found.verdict is verdict
    free = gate(on, replace(GATE, infusion_within=False))
    assert free.verdict is GateVerdict.OPEN
    assert (free.last_finding_on, free.last_infusion_on) == (day(60), None)
    assert line(free, "days").words == "After the first infusion, on any day"
    if verdict is GateVerdict.CLOSED:
        assert [one.id for one in found.against] == ["days"]
        assert f"{on} days after the first infusion" in found.against[0].sentence()


@pytest.mark.parametrize(("scanned", "stand"), [(59, Stand.FOR), (60, Stand.FOR), (61, Stand.AGAINST)])
def test_the_finding_falls_within_60_days(scanned: int, stand: Stand) -> None:
    late = replace(GATE, infusion_within=False)
    scans = (Scan(day(scanned), PR, 4),)
    assert line(gate(90, late, scans=scans), "response").stand is stand
    free = replace(GATE, infusion_within=False, finding_within=False)
    found = gate(90, free, scans=scans)
    assert (found.verdict, found.last_open_on) == (GateVerdict.OPEN, None)
    assert line(found, "response").words.startswith("Response by PET/CT: PR")
    # under CR, the sample that first showed it
    cr = (Scan(day(28), CR, 2),)
    samples = series((0, "+"), (scanned, "+"))
    assert line(gate(90, late, scans=cr, ctdna=samples), "ctdna").stand is stand


def test_a_finding_is_dated_by_what_first_showed_it_and_still_holds() -> None:
    late = replace(GATE, infusion_within=False)
    held = (Scan(day(30), PR, 4), Scan(day(80), PR, 5))
    assert line(gate(90, late, scans=held), "response").stand is Stand.FOR
    broken = (Scan(day(30), PR, 4), Scan(day(50), CR, 2), Scan(day(80), PR, 4))
    found = line(gate(90, late, scans=broken), "response")
    assert found.stand is Stand.AGAINST
    assert found.facts[-1] == f"found only on {day(80)}"
    unread = (Scan(day(30), PR, 4), Scan(day(50)), Scan(day(80), PR, 4))
    assert line(gate(90, late, scans=unread), "response").stand is Stand.NOT_YET_KNOWN
    worse = (Scan(day(30), SD, 4), Scan(day(80), PD, 5))
    assert line(gate(90, late, scans=worse), "response").stand is Stand.FOR_INVESTIGATOR
    cr = (Scan(day(28), CR, 2),)
    for samples, stand in (
        (((0, "+"), (20, "+"), (70, "+")), Stand.FOR),
        (((0, "+"), (20, "-"), (70, "+")), Stand.AGAINST),
        (((0, "+"), (20, "+"), (50, "-"), (70, "+")), Stand.AGAINST),
        (((0, "+"), (20, "?"), (70, "+")), Stand.NOT_YET_KNOWN),
    ):
        assert line(gate(90, late, scans=cr, ctdna=series(*samples)), "ctdna").stand is stand, samples


@pytest.mark.parametrize(
    ("samples", "stand"),
    [
        ((), None),
        (((-7, "+"),), None),
        (((0, "+"),), None),
        (((-7, "+"), (0, "+")), None),
        (((-7, "-"), (0, "+")), None),
        (((-7, "+"), (1, "+")), True),
        (((14, "+"),), None),
        (((14, "-"),), False),
        (((14, "?"),), None),
        (((14, "0"),), None),
        (((-7, "+"), (14, "+")), True),
        (((14, "+"), (28, "+")), True),
        (((14, "-"), (28, "+")), True),
        (((-7, "-"), (28, "+")), True),
        (((14, "+"), (28, "-")), False),
        (((14, "+"), (21, "-"), (28, "+")), True),
        (((14, "+"), (28, "?")), None),
        (((14, "?"), (28, "+")), True),
        (((14, "0"), (28, "+")), None),
        (((14, "+"), (28, "+"), (30, "0")), True),
        (((28, "+"), (14, "-")), True),
        (((28, "-"), (14, "+")), False),
    ],
)
def test_under_cr_ctdna_decides(samples: tuple[tuple[int, str], ...], stand: bool | None) -> None:
    found = gate(scans=(Scan(day(28), CR, 2),), ctdna=series(*samples))
    verdicts = {True: GateVerdict.OPEN, False: GateVerdict.CLOSED, None: GateVerdict.UNDECIDED}
    assert found.verdict is verdicts[stand]
    assert found.missing == (("ctdna",) if stand is None else ())
    assert len(line(found, "ctdna").facts) == max(len(samples), 1)


def test_how_many_positive_samples_persist_is_a_setting() -> None:
    cr, samples = (Scan(day(28), CR, 2),), series((14, "+"), (28, "+"))
    for wanted, verdict in ((1, GateVerdict.OPEN), (2, GateVerdict.OPEN), (3, GateVerdict.UNDECIDED)):
        found = gate(limits=replace(GATE, positive_samples=wanted), scans=cr, ctdna=samples)
        assert found.verdict is verdict
    one = gate(limits=replace(GATE, positive_samples=1), scans=cr, ctdna=samples[:1])
    assert one.verdict is GateVerdict.OPEN
    turned = gate(
        limits=replace(GATE, positive_samples=3), scans=cr, ctdna=series((1, "-"), (20, "?"), (30, "+"))
    )
    assert turned.verdict is GateVerdict.OPEN


@pytest.mark.parametrize("response", [SD, PD])
def test_stable_or_progressive_disease_is_the_investigator_s(response: Response) -> None:
    scans = (Scan(day(28), response, 5),)
    assert gate(scans=scans).verdict is GateVerdict.FOR_INVESTIGATOR
    opened = gate(scans=scans, judgement=YES)
    assert opened.verdict is GateVerdict.OPEN
    assert line(opened, "response").judgement is YES
    assert "judged: seen with the senior physician" in line(opened, "response").sentence()
    assert gate(scans=scans, judgement=NO).verdict is GateVerdict.CLOSED
    # what is missing comes first, and the judgement loosens nothing else
    assert gate(scans=scans, worst_icans=None).verdict is GateVerdict.UNDECIDED
    assert gate(61, scans=scans, judgement=YES).verdict is GateVerdict.CLOSED
    assert gate(scans=scans, judgement=YES, worst_crs=WorstGrade(3)).verdict is GateVerdict.CLOSED


@pytest.mark.parametrize(
    ("scans", "stand"),
    [
        (None, Stand.NOT_YET_KNOWN),
        ((), Stand.NOT_YET_KNOWN),
        ((Scan(day(-20), PR, 5),), Stand.NOT_YET_KNOWN),
        ((Scan(day(0), PR, 5),), Stand.NOT_YET_KNOWN),
        ((Scan(day(1), PR, 5),), Stand.FOR),
        ((Scan(day(28)),), Stand.NOT_YET_KNOWN),
        ((Scan(day(28), PR, 4), Scan(day(33))), Stand.NOT_YET_KNOWN),
        ((Scan(day(33), PR, 4), Scan(day(28), PD, 5)), Stand.FOR),
        ((Scan(day(28), PR, 4), Scan(day(33), PD, 5)), Stand.FOR_INVESTIGATOR),
    ],
)
def test_the_latest_scan_after_the_infusion_is_the_response(
    scans: tuple[Scan, ...] | None, stand: Stand
) -> None:
    found = gate(scans=scans)
    assert line(found, "response").stand is stand
    assert ("scans" in found.missing) is (stand is Stand.NOT_YET_KNOWN)


def test_without_a_response_negative_ctdna_closes_nothing_yet() -> None:
    found = gate(scans=None, ctdna=series((14, "-")))
    assert (found.verdict, line(found, "ctdna").stand) == (GateVerdict.UNDECIDED, Stand.NOT_ASKED)
    assert gate(scans=None, ctdna=None).missing == ("scans", "ctdna")


@pytest.mark.parametrize("name", ["crs", "icans"])
@pytest.mark.parametrize("grade", range(6))
def test_grade_3_or_more_after_the_first_bars(name: str, grade: int) -> None:
    found = gate(**cast(dict[str, Any], {f"worst_{name}": WorstGrade(grade)}))
    assert found.barred is (grade >= 3)
    assert found.verdict is (GateVerdict.CLOSED if grade >= 3 else GateVerdict.OPEN)
    assert line(found, name).stand is (Stand.AGAINST if grade >= 3 else Stand.FOR)


def test_a_grade_not_recorded_or_not_settled_leaves_it_undecided() -> None:
    assert gate(worst_crs=None).missing == ("worst_crs",)
    unsettled = gate(worst_icans=WorstGrade(0, (3, 5)))
    assert (unsettled.verdict, unsettled.missing) == (GateVerdict.UNDECIDED, ("worst_icans",))
    assert line(unsettled, "icans").facts == ("ICANS not settled on day 3, 5",)
    assert WorstGrade(2, (4,)).words("CRS") == "CRS at least grade 2, not settled on day 4"
    judged = gate(worst_icans=WorstGrade(1, (3, 5), YES))
    assert (judged.verdict, line(judged, "icans").judgement) == (GateVerdict.OPEN, YES)
    reached = gate(worst_icans=WorstGrade(1, (3,), NO))
    assert (reached.verdict, reached.barred) == (GateVerdict.CLOSED, True)
    assert gate(worst_icans=WorstGrade(3, (3,), YES)).barred


def test_barred_stays_barred_until_two_different_investigators_released_it() -> None:
    barred: dict[str, Any] = {"worst_crs": WorstGrade(3)}
    assert gate(**barred, releases=(release("chen"),)).barred
    assert gate(**barred, releases=(release("chen"), release("chen"))).verdict is GateVerdict.CLOSED
    found = gate(**barred, releases=(release("chen"), release("sun")))
    assert (found.verdict, found.barred) == (GateVerdict.OPEN, False)
    assert line(found, "crs").facts[1:] == tuple(
        f"released by {by}: recovered, benefit outweighs the risk" for by in ("chen", "sun")
    )
    # nothing else is released with it
    assert gate(61, **barred, releases=(release("chen"), release("sun"))).verdict is GateVerdict.CLOSED
    assert (
        gate(**barred, releases=(release("chen"), release("sun")), scans=None).verdict
        is GateVerdict.UNDECIDED
    )


@pytest.mark.parametrize(
    ("crs", "icans", "signed", "barred"),
    [(3, 0, (3, 0), False), (4, 0, (3, 0), True), (3, 3, (3, 0), True), (3, 2, (4, 3), False)],
)
def test_a_release_covers_only_the_grades_it_was_signed_under(
    crs: int, icans: int, signed: tuple[int, int], barred: bool
) -> None:
    releases = (release("chen", *signed), release("sun", *signed))
    found = gate(worst_crs=WorstGrade(crs), worst_icans=WorstGrade(icans), releases=releases)
    assert found.barred is barred


def test_a_release_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="Give the reason for releasing the bar"):
        Release("chen", " ", 3, 0)


def test_the_exclusion_criteria_are_asked_again() -> None:
    ill = replace(WELL, infections=(ActiveInfection("lung", False, False),))
    found = gate(asked_again=ill)
    assert found.verdict is GateVerdict.CLOSED
    assert found.against[0].sentence() == (
        "Not: Active infection other than localised: lung: not localised, not both serious and uncontrolled."
    )
    blank = gate(asked_again=ScreeningFacts())
    assert blank.verdict is GateVerdict.UNDECIDED
    assert {"infections", "infarction", "consent", "arrhythmia"} <= set(blank.missing)
    assert gate(asked_again=replace(WELL, infarction=PastEvent(True, day(10)))).verdict is GateVerdict.CLOSED
    # an inclusion criterion of the screening is not asked again
    assert gate(asked_again=replace(WELL, haemoglobin_g_per_l=None, ecog=4)).verdict is GateVerdict.OPEN


@pytest.mark.parametrize(("response", "scores"), [(CR, (1, 2, 3)), (PR, (4, 5)), (SD, (4, 5)), (PD, (4, 5))])
def test_a_deauville_score_that_does_not_go_with_the_response_is_noted(
    response: Response, scores: tuple[int, ...]
) -> None:
    for score in (1, 2, 3, 4, 5):
        notes = gate(scans=(Scan(day(28), response, score),)).notes
        assert bool(notes) is (score not in scores)
    assert gate(scans=(Scan(day(28), response),)).notes == ()
    assert gate(scans=(Scan(day(28), CR, 4),)).notes == (
        "CR on 2026-03-30, Deauville 4: by Lugano a CR is scored 1 to 3 and PR, SD and PD 4 or 5. "
        "Check the reading.",
    )


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"scans": (Scan(None, PR),)},
            "The response PR has no scan date. Enter the date of the PET/CT.",
        ),
        ({"scans": (Scan(None),)}, "A scan has no scan date. Enter the date of the PET/CT."),
        ({"scans": (Scan(day(36), PR),)}, "The response PR is dated 2026-04-07, after 2026-04-06."),
        ({"scans": (Scan(day(28), PR, 6),)}, "The Deauville score must be 1 to 5, not 6."),
        (
            {"scans": (Scan(day(28), PR), Scan(day(28), CR))},
            "Two responses of 2026-03-30 contradict each other. Correct one of them.",
        ),
        (
            {"ctdna": (CtDna(day(28), POSITIVE, resulted_on=day(27)),)},
            "The ctDNA sample of 2026-03-30 has a result of 2026-03-29, before it was taken.",
        ),
        ({"ctdna": (CtDna(None, POSITIVE),)}, "A ctDNA sample has no date. Enter the date of sampling."),
        (
            {"ctdna": (CtDna(day(36), POSITIVE),)},
            "The ctDNA sample of 2026-04-07 is dated after 2026-04-06.",
        ),
        (
            {"ctdna": (CtDna(day(28), POSITIVE, 12.5),)},
            "The ctDNA sample of 2026-03-30 has a value without a unit. Enter the unit.",
        ),
        (
            {"ctdna": (CtDna(day(28), POSITIVE, -1, "hGE/mL"),)},
            "The ctDNA sample of 2026-03-30 has the value -1; it must be 0 or more.",
        ),
        (
            {"ctdna": (CtDna(day(28), None, 3, "hGE/mL"),)},
            "The ctDNA sample of 2026-03-30 has a value but no result. Enter positive or negative.",
        ),
        (
            {"ctdna": (CtDna(day(28), POSITIVE), CtDna(day(28), NEGATIVE))},
            "Two ctDNA results of 2026-03-30 contradict each other. Correct one of them.",
        ),
        ({"worst_crs": WorstGrade(6)}, "A grade must be 0 to 5, not 6."),
        ({"first_infused_on": day(36)}, "2026-04-06 is before the first infusion, of 2026-04-07."),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(changed: dict[str, Any], sentence: str) -> None:
    assert sentence in [one.sentence for one in gate_problems(replace(OPEN, **changed), day(35))]
    with pytest.raises(FactsError, match=re.escape(sentence)):
        gate(**changed)


def test_what_is_unusual_is_accepted() -> None:
    same = (Scan(day(28), PR, 4), Scan(day(28), PR, 5))
    measured = CtDna(day(28), POSITIVE, 12.5, "hGE/mL", day(28))
    with_gap = (measured, CtDna(day(28), NOT_DONE))
    assert gate_problems(replace(OPEN, scans=same, ctdna=with_gap), day(35)) == ()
    assert measured.words() == "positive on 2026-03-30 (12.5 hGE/mL)"
    today = (Scan(day(35), PR, 4),), (CtDna(day(35), NEGATIVE, 0, "hGE/mL"),)
    assert gate_problems(replace(OPEN, scans=today[0], ctdna=today[1]), day(35)) == ()
    assert gate(0, scans=None, ctdna=None).verdict is GateVerdict.UNDECIDED
    assert OPEN.first_infused_on == FIRST_ON


SCANS = tuple((Scan(day(at), response),) for at, response in product((28, 59), (CR, PR, SD, PD, None)))
SERIES = tuple(
    series(*zip((7, 21, 59), text, strict=False)) for text in ("", "+", "++", "-+", "+-", "?+", "-?")
)
WORST = (WorstGrade(2), WorstGrade(3), WorstGrade(1, (4,)), WorstGrade(1, (4,), Judgement(False, "seizure")))
DECIDED = {GateVerdict.OPEN, GateVerdict.CLOSED}


@pytest.mark.untraced
def test_a_gap_never_decides_and_filling_it_never_takes_back_what_was_decided() -> None:
    ill = replace(WELL, infections=(ActiveInfection("lung", False, True),))
    gaps: dict[str, Any] = {
        "scans": None,
        "ctdna": None,
        "worst_crs": None,
        "worst_icans": None,
        "asked_again": replace(WELL, infections=None),
    }
    limits = replace(GATE, infusion_within=False)
    for scans, ctdna, crs, again in product(SCANS, SERIES, WORST, (WELL, ill)):
        full = replace(OPEN, scans=scans, ctdna=ctdna, worst_crs=crs, asked_again=again)
        known = _verdict(full, limits)
        for size in (1, 2):
            for names in combinations(gaps, size):
                blank = _verdict(replace(full, **{name: gaps[name] for name in names}), limits)
                assert blank not in DECIDED or blank is known, (full, names)
                if known is GateVerdict.UNDECIDED:
                    assert blank is GateVerdict.UNDECIDED


def test_reading_an_awaited_result_never_takes_back_what_was_decided() -> None:
    for text in product("+-?0", repeat=3):
        if "?" not in text:
            continue
        for last_on, read in product((50, 70), "+-"):
            days = (7, 40, last_on)
            limits = replace(GATE, infusion_within=False)
            cr = (Scan(day(28), CR),)
            before = _verdict(replace(OPEN, scans=cr, ctdna=series(*zip(days, text, strict=True))), limits)
            filled = "".join(text).replace("?", read, 1)
            after = _verdict(replace(OPEN, scans=cr, ctdna=series(*zip(days, filled, strict=True))), limits)
            assert before not in DECIDED or before is after, (text, read)


def _verdict(facts: GateFacts, limits: SecondInfusionLimits) -> GateVerdict:
    return judge_gate(facts, LIMITS, limits, day(75)).verdict
