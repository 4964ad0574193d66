"""Which judgements of an investigator a change of the facts takes back."""

from dataclasses import replace

import pytest

from tests.trial.screened import LIMITS, NO, ON, WELL, YES
from trial.criteria import CRITERIA
from trial.eligibility import Verdict, ask, judge_eligibility
from trial.screening_facts import Judgement, ScreeningFacts, WorstGrade
from trial.screening_judgements import (
    COLLECTION,
    CRS_GAPS,
    ICANS_GAPS,
    JUDGEABLE,
    JUDGED_CRITERIA,
    carry_judgements,
    judgement_of,
    taken_back,
    with_judgements,
)

LOW = replace(WELL, platelets_10e9_per_l=60)
GAPS = replace(
    WELL,
    prior_axi_cel=True,
    worst_crs=WorstGrade(2, (3, 5)),
    worst_icans=WorstGrade(0, (4,)),
)
JUDGED = with_judgements(GAPS, {COLLECTION: YES, CRS_GAPS: YES, ICANS_GAPS: YES})


def test_what_may_be_judged_is_what_the_criteria_leave_to_the_investigator() -> None:
    assert JUDGED_CRITERIA == ("consent", "comorbidity", "other_risk")
    assert (*JUDGED_CRITERIA, COLLECTION, CRS_GAPS, ICANS_GAPS) == JUDGEABLE
    assert not set(JUDGEABLE[3:]) & {one.id for one in CRITERIA}


def test_a_judgement_settles_its_line() -> None:
    assert ask("platelets", LOW, LIMITS, ON).allows is False
    assert ask("platelets", with_judgements(LOW, {COLLECTION: YES}), LIMITS, ON).judgement == YES
    assert judge_eligibility(GAPS, LIMITS, ON).verdict is Verdict.UNDECIDED
    assert judge_eligibility(JUDGED, LIMITS, ON).verdict is Verdict.ELIGIBLE
    assert [judgement_of(JUDGED, name) for name in JUDGEABLE] == [NO, NO, NO, YES, YES, YES]
    assert judgement_of(GAPS, CRS_GAPS) is None


def test_a_later_judgement_takes_the_place_of_the_earlier() -> None:
    again = Judgement(True, "moves abroad next week")
    assert judgement_of(with_judgements(JUDGED, {"consent": again}), "consent") == again
    assert judgement_of(with_judgements(JUDGED, {"consent": again}), CRS_GAPS) == YES


@pytest.mark.parametrize(
    ("changed", "lost"),
    [
        ({}, ()),
        ({"ecog": 2, "infections": None}, ()),
        ({"platelets_10e9_per_l": 55}, (COLLECTION,)),
        ({"haemoglobin_g_per_l": 70}, (COLLECTION,)),
        ({"anc_10e9_per_l": None}, (COLLECTION,)),
        ({"worst_crs": WorstGrade(2, (3, 5, 6)), "worst_icans": WorstGrade(0, (4,))}, (CRS_GAPS,)),
        ({"worst_crs": WorstGrade(2, (3, 5)), "worst_icans": WorstGrade(1, (4,))}, (ICANS_GAPS,)),
        ({"worst_crs": None, "worst_icans": None}, (CRS_GAPS, ICANS_GAPS)),
    ],
)
def test_what_a_judgement_rested_on_takes_it_back_when_it_changes(
    changed: dict[str, object], lost: tuple[str, ...]
) -> None:
    typed = replace(GAPS, judgements={}, **changed)  # type: ignore[arg-type]
    after = carry_judgements(JUDGED, typed)
    assert taken_back(JUDGED, after) == lost
    kept = [name for name in JUDGEABLE if name not in lost]
    assert [judgement_of(after, name) for name in kept] == [judgement_of(JUDGED, name) for name in kept]


def test_nobody_judges_what_is_not_left_to_judgement() -> None:
    with pytest.raises(ValueError, match="Nobody judges 'age'"):
        with_judgements(WELL, {"age": YES})
    for name, toxicity in ((CRS_GAPS, "CRS"), (ICANS_GAPS, "ICANS")):
        with pytest.raises(ValueError, match=f"No day on which {toxicity} is not settled"):
            with_judgements(WELL, {name: NO})
    with pytest.raises(ValueError, match="nothing to judge"):
        with_judgements(replace(ScreeningFacts(), worst_crs=WorstGrade(1)), {CRS_GAPS: NO})
