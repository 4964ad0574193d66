"""What no set of facts may do: a gap never decides, and filling one never takes back what was decided."""

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trial.screened import LIMITS, ON, WELL
from trial.criteria import CRITERIA, SettledBy
from trial.eligibility import Verdict, judge_eligibility
from trial.screening_checks import NUMBERS, problems
from trial.screening_facts import (
    ActiveInfection,
    Histology,
    Judgement,
    MalignancyKind,
    OtherMalignancy,
    PastEvent,
    PregnancyTest,
    RelapsedRefractory,
    ScreeningFacts,
    Sex,
    WorstGrade,
)

YES_NO = st.sampled_from([True, False, None])
DAYS: st.SearchStrategy[date | None] = st.none() | st.integers(0, 3000).map(
    lambda ago: ON - timedelta(days=ago)
)
JUDGEMENT = st.booleans().map(lambda held: Judgement(held, "seen and judged"))
WORST = st.builds(
    WorstGrade,
    st.integers(0, 4),
    st.lists(st.integers(0, 14), max_size=2).map(tuple),
    st.none() | JUDGEMENT,
)
NUMBER = {
    name: st.integers(int(one.low) + (one.low > int(one.low)), int(one.high)) for name, one in NUMBERS.items()
}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **NUMBER,
    "haemoglobin_g_per_l": st.sampled_from([79, 80, 81]),
    "creatinine_umol_per_l": st.sampled_from([70, 168, 169, 400]),
    "bilirubin_umol_per_l": st.sampled_from([20, 42, 43, 105, 106]),
    "alt_u_per_l": st.sampled_from([40, 120, 121, 200, 201]),
    "sex": st.sampled_from(Sex),
    "histology": st.sampled_from(Histology),
    "relapsed_refractory": st.frozensets(st.sampled_from(RelapsedRefractory), max_size=2),
    "collection_acceptable": JUDGEMENT,
    "gilbert_syndrome": st.booleans(),
    "hepatic_involvement": st.booleans(),
    "pregnancy_test": st.sampled_from(PregnancyTest),
    "last_menses_on": DAYS,
    "surgically_sterilised": st.booleans(),
    "other_malignancies": st.lists(
        st.builds(OtherMalignancy, st.sampled_from(MalignancyKind), YES_NO, DAYS), max_size=2
    ).map(tuple),
    "infections": st.lists(st.builds(ActiveInfection, st.just("lung"), YES_NO, YES_NO), max_size=2).map(
        tuple
    ),
    "stroke_or_tia": st.builds(PastEvent, st.just(True), DAYS) | st.just(PastEvent(False)),
    "infarction": st.builds(PastEvent, st.just(True), DAYS) | st.just(PastEvent(False)),
    "prior_axi_cel": st.booleans(),
    "worst_crs": WORST,
    "worst_icans": WORST,
}
ASKED = {by: [one.id for one in CRITERIA if one.settled_by is by] for by in SettledBy}
VALUES["answers"] = st.dictionaries(st.sampled_from(ASKED[SettledBy.ANSWERED]), st.booleans())
VALUES["judgements"] = st.dictionaries(st.sampled_from(ASKED[SettledBy.JUDGED]), JUDGEMENT)
EMPTY = ScreeningFacts()


def possible(facts: ScreeningFacts) -> bool:
    return not problems(facts, ON)


@st.composite
def changed(draw: st.DrawFn) -> ScreeningFacts:
    """A patient who meets everything, with some facts drawn anew."""
    names = draw(st.sets(st.sampled_from(sorted(VALUES)), max_size=8))
    return replace(WELL, **{name: draw(VALUES[name]) for name in sorted(names)})


@st.composite
def with_gaps(draw: st.DrawFn) -> tuple[ScreeningFacts, ScreeningFacts]:
    """Facts, and the same facts with some of them blank."""
    full = draw(changed().filter(possible))
    blank = draw(st.sets(st.sampled_from(sorted(VALUES)), max_size=6))
    return full, replace(full, **{name: getattr(EMPTY, name) for name in blank})


def test_every_fact_is_drawn() -> None:
    assert set(VALUES) == {one.name for one in fields(ScreeningFacts)}


@settings(max_examples=100)
@given(with_gaps())
def test_a_gap_never_decides_and_filling_it_never_takes_back_what_was_decided(
    pair: tuple[ScreeningFacts, ScreeningFacts],
) -> None:
    full, gaps = pair
    known, open_ = judge_eligibility(full, LIMITS, ON), judge_eligibility(gaps, LIMITS, ON)
    for line, before in zip(known.lines, open_.lines, strict=True):
        # Two lines know a fact that speaks against what was decided without it (readings 3 and 6).
        judged_since = full.collection_acceptable is not gaps.collection_acceptable
        if line.criterion.settled_by is SettledBy.COMPUTED_OR_JUDGED and judged_since:
            assert before.holds in (line.holds, None, False)
        elif line.criterion.id == "pregnancy" and full.pregnancy_test is not gaps.pregnancy_test:
            assert before.holds is not False
        else:
            assert before.holds in (line.holds, None), line.criterion.id
    if open_.verdict is Verdict.NOT_ELIGIBLE and full.collection_acceptable is gaps.collection_acceptable:
        assert known.verdict is Verdict.NOT_ELIGIBLE
    if open_.verdict is Verdict.ELIGIBLE and full.pregnancy_test is gaps.pregnancy_test:
        assert known.verdict is Verdict.ELIGIBLE


@settings(max_examples=80)
@given(with_gaps())
def test_an_open_line_names_what_is_missing_and_no_other_does(
    pair: tuple[ScreeningFacts, ScreeningFacts],
) -> None:
    found = judge_eligibility(pair[1], LIMITS, ON)
    for line in found.lines:
        assert bool(line.missing) is (line.holds is None), line
        assert line.facts
        assert (line.judgement is None) or line.holds is not None
    assert bool(found.missing) is bool(found.open)


def test_no_fact_alone_makes_a_blank_patient_eligible() -> None:
    for name in VALUES:
        one = replace(EMPTY, **{name: getattr(WELL, name)})
        assert judge_eligibility(one, LIMITS, ON).verdict is Verdict.UNDECIDED
        without = replace(WELL, **{name: getattr(EMPTY, name)})
        assert judge_eligibility(without, LIMITS, ON).verdict is not Verdict.NOT_ELIGIBLE
