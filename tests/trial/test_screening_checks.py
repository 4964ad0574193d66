"""What cannot be among the facts of a screening gets a sentence, and nothing is judged from it."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.trial.screened import LIMITS, NO, ON, known
from trial.clearance import clearance_ml_per_min
from trial.eligibility import judge_eligibility
from trial.screening_checks import NUMBERS, FactsError, problems
from trial.screening_facts import (
    Judgement,
    MalignancyKind,
    OtherMalignancy,
    PastEvent,
    PregnancyTest,
    Sex,
    WorstGrade,
)

TOMORROW = ON + timedelta(days=1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("haemoglobin_g_per_l", 10.1),  # g/dL
        ("anc_10e9_per_l", 500),  # cells/uL
        ("platelets_10e9_per_l", 75_000),  # cells/uL
        ("creatinine_umol_per_l", 1.2),  # mg/dL
        ("creatinine_uln_umol_per_l", 1.2),
        ("bilirubin_uln_umol_per_l", 1.2),
        ("lvef_percent", 0.6),
        ("spo2_room_air_percent", 0.97),
    ],
)
def test_a_value_in_the_other_unit_is_refused_not_converted(field: str, value: float) -> None:
    with pytest.raises(FactsError, match=r"must be .* to .*, not .*\. Check the unit\.") as caught:
        judge_eligibility(known(**{field: value}), LIMITS, ON)
    assert [problem.field for problem in caught.value.problems] == [field]


@pytest.mark.parametrize("field", NUMBERS)
def test_a_number_stays_within_its_range(field: str) -> None:
    limits = NUMBERS[field]
    for value in (limits.low, limits.high):
        assert problems(known(**{field: value}), ON) == ()
    for value in (limits.low - 0.01, limits.high + 0.01, float("nan"), float("inf")):
        assert [one.field for one in problems(known(**{field: value}), ON)] == [field]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"haemoglobin_g_per_l": 8.5}, "Haemoglobin must be 25 to 250 g/L, not 8.5. Check the unit."),
        (
            {"sex": Sex.M, "pregnancy_test": PregnancyTest.NEGATIVE},
            "A pregnancy test is recorded for a man. Correct the sex or the test.",
        ),
        (
            {"last_menses_on": TOMORROW},
            "The last menses is dated 2026-09-03, after the day of this judgement (2026-09-02).",
        ),
        (
            {"infarction": PastEvent(True, TOMORROW)},
            "The infarction is dated 2026-09-03, after the day of this judgement (2026-09-02).",
        ),
        (
            {"stroke_or_tia": PastEvent(False, date(2026, 1, 1))},
            "The stroke or TIA has a date (2026-01-01) but is not recorded as having happened.",
        ),
        (
            {"other_malignancies": (OtherMalignancy(MalignancyKind.OTHER, None, TOMORROW),)},
            "The last day of another malignancy is dated 2026-09-03, after the day of this judgement "
            "(2026-09-02).",
        ),
        (
            {"worst_crs": WorstGrade(1)},
            "A grade after prior axi-cel is recorded, but no prior axi-cel was given.",
        ),
        ({"prior_axi_cel": True, "worst_icans": WorstGrade(6)}, "A grade must be 0 to 5, not 6."),
        ({"answers": {"age": True}}, "The criterion age is computed; it takes no answer."),
        ({"judgements": {"lvef": NO}}, "The criterion lvef is computed; it takes no judgement."),
        (
            {"judgements": {"anc": NO}},
            "The criterion anc is computed or judged; it takes no judgement.",
        ),
        ({"answers": {"shoe_size": True}}, "No criterion is named 'shoe_size'."),
    ],
)
def test_what_cannot_be_gets_one_sentence(changed: dict[str, Any], sentence: str) -> None:
    assert [one.sentence for one in problems(known(**changed), ON)] == [sentence]
    with pytest.raises(FactsError):
        judge_eligibility(known(**changed), LIMITS, ON)


def test_every_problem_is_told_at_once() -> None:
    found = problems(known(ecog=7, infarction=PastEvent(True, TOMORROW)), ON)
    assert [one.field for one in found] == ["ecog", "infarction"]


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_judgement_without_a_reason_is_refused(reason: str) -> None:
    with pytest.raises(ValueError, match="Give the reason for the investigator's judgement"):
        Judgement(True, reason)


def test_the_clearance_is_that_of_the_paper() -> None:
    # 1 mg/dL is 88.4 umol/L: (140 - 60) x 72 / 72
    assert clearance_ml_per_min(60, 72, 88.4, woman=False) == 80
    assert clearance_ml_per_min(60, 72, 88.4, woman=True) == 68
    for age, weight, creatinine in ((140, 70, 80), (-1, 70, 80), (50, 0, 80), (50, 70, 0)):
        with pytest.raises(ValueError, match="must be"):
            clearance_ml_per_min(age, weight, creatinine, woman=False)
