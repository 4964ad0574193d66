"""Each criterion below, on and above its limit, and without its facts. Limits typed from the record."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.trial.screened import LIMITS, NEVER, NO, ON, WELL, YES, known
from trial.criteria import BY_ID, CRITERIA, Kind, SettledBy
from trial.eligibility import Status, Verdict, ask, exclusion_lines, judge_eligibility, judge_for
from trial.eligibility_rules import months_before
from trial.screening_facts import (
    ActiveInfection,
    Histology,
    MalignancyKind,
    OtherMalignancy,
    PastEvent,
    PregnancyTest,
    Purpose,
    RelapsedRefractory,
    ScreeningFacts,
    Sex,
    WorstGrade,
)

POSITIVE, NEGATIVE = PregnancyTest.POSITIVE, PregnancyTest.NEGATIVE


def holds(criterion: str, **facts: Any) -> bool | None:
    return ask(criterion, known(**facts), LIMITS, ON).holds


@pytest.mark.parametrize(
    ("criterion", "field", "met", "not_met"),
    [
        ("age", "age_years", (18, 19, 90), (0, 17)),
        ("ecog", "ecog", (0, 1, 2), (3, 4, 5)),
        ("haemoglobin", "haemoglobin_g_per_l", (80, 80.1, 150), (79.9, 30)),
        ("anc", "anc_10e9_per_l", (1.0, 1.01, 8), (0.99, 0)),
        ("platelets", "platelets_10e9_per_l", (75, 75.5, 400), (74.9, 0)),
        ("measurable_lesion", "measurable_lesions", (1, 2), (0,)),
        ("lvef", "lvef_percent", (50.1, 51, 70), (50, 49.9, 20)),
        ("spo2", "spo2_room_air_percent", (92.1, 93, 100), (92, 91.9, 80)),
        ("bilirubin", "bilirubin_umol_per_l", (21, 42, 41.9), (42.1, 105)),
        ("alt", "alt_u_per_l", (40, 120, 119.9), (120.1, 200)),
        ("ast", "ast_u_per_l", (35, 105, 104.9), (105.1, 175)),
        ("heart_failure", "nyha_class", (3, 4), (0, 1, 2)),
    ],
)
def test_a_number_is_held_against_its_limit(
    criterion: str, field: str, met: tuple[float, ...], not_met: tuple[float, ...]
) -> None:
    assert {value: holds(criterion, **{field: value}) for value in met} == dict.fromkeys(met, True)
    assert {value: holds(criterion, **{field: value}) for value in not_met} == dict.fromkeys(not_met, False)
    line = ask(criterion, known(**{field: None}), LIMITS, ON)
    assert (line.status, line.missing) == (Status.NOT_YET_KNOWN, (field,))
    assert any("not recorded" in fact for fact in line.facts)


@pytest.mark.parametrize(("nyha_class", "fact"), [(0, "no heart failure"), (2, "NYHA class 2")])
def test_no_heart_failure_is_no_class(nyha_class: int, fact: str) -> None:
    assert ask("heart_failure", known(nyha_class=nyha_class), LIMITS, ON).facts == (fact,)
    assert ask("ecog", known(ecog=0), LIMITS, ON).facts == ("ECOG 0",)


@pytest.mark.parametrize(
    ("criterion", "value", "uln", "exception", "wider"),
    [
        ("bilirubin", "bilirubin_umol_per_l", "bilirubin_uln_umol_per_l", "gilbert_syndrome", (2, 5)),
        ("alt", "alt_u_per_l", "alt_uln_u_per_l", "hepatic_involvement", (3, 5)),
        ("ast", "ast_u_per_l", "ast_uln_u_per_l", "hepatic_involvement", (3, 5)),
    ],
)
def test_the_exception_widens_the_limit_and_only_it_is_asked_between_the_two(
    criterion: str, value: str, uln: str, exception: str, wider: tuple[int, int]
) -> None:
    def at(times: float, excepted: bool | None) -> bool | None:
        return holds(criterion, **{value: 20 * times, uln: 20, exception: excepted})

    usual, most = wider
    for excepted in (True, False, None):
        assert at(usual, excepted) is True
        assert at(most + 0.01, excepted) is False
    for times in (usual + 0.01, most):
        assert [at(times, excepted) for excepted in (True, False, None)] == [True, False, None]
    asked = ask(criterion, known(**{value: 20.0 * most, uln: 20, exception: None}), LIMITS, ON)
    assert asked.missing == (exception,)
    blank = ask(criterion, known(**{uln: None}), LIMITS, ON)
    assert (blank.holds, blank.missing) == (None, (uln,))


def test_a_value_on_its_limit_meets_it_whatever_floats_make_of_the_product() -> None:
    assert 91.2 / 30.4 > 3  # in floats
    assert holds("ast", ast_u_per_l=91.2, ast_uln_u_per_l=30.4) is True


def test_creatinine_is_met_by_either_way() -> None:
    low = {"age_years": 90, "weight_kg": 40.0, "creatinine_uln_umol_per_l": 84}
    assert holds("creatinine", creatinine_umol_per_l=168, **low) is True  # exactly 2 x ULN, 12 mL/min
    assert holds("creatinine", creatinine_umol_per_l=168.1, **low) is False
    heavy = {"age_years": 20, "weight_kg": 200.0, "creatinine_uln_umol_per_l": 84}
    assert holds("creatinine", creatinine_umol_per_l=200, **heavy) is True  # over 2 x ULN, 125 mL/min


@pytest.mark.parametrize(
    ("age", "sex", "holds_at"),
    # (140 - age) x 72 / (72 x 2.5 mg/dL) = 40 at age 40; 221 umol/L is 2.5 mg/dL
    [(39, Sex.M, True), (40, Sex.M, True), (41, Sex.M, False), (40, Sex.F, False), (22, Sex.F, True)],
)
def test_the_clearance_counts_from_40(age: int, sex: Sex, holds_at: bool) -> None:
    facts = {"age_years": age, "weight_kg": 72, "sex": sex, "creatinine_umol_per_l": 221}
    assert holds("creatinine", **facts, creatinine_uln_umol_per_l=84, pregnancy_test=None) is holds_at


def test_the_inputs_of_the_clearance_are_shown_and_what_is_missing_is_named() -> None:
    line = ask("creatinine", WELL, LIMITS, ON)
    assert line.facts == (
        "creatinine 70 umol/L",
        "creatinine ULN 84 umol/L",
        "age 54 years",
        "weight 61.5 kg",
        "sex F",
        "0.84 x ULN",
        "clearance 78.8 mL/min (Cockcroft-Gault)",
    )
    blank = ScreeningFacts(creatinine_umol_per_l=300, creatinine_uln_umol_per_l=84)
    assert ask("creatinine", blank, LIMITS, ON).missing == ("age_years", "weight_kg", "sex")
    assert ask("creatinine", ScreeningFacts(), LIMITS, ON).missing[0] == "creatinine_umol_per_l"
    between = known(sex=None, pregnancy_test=None, creatinine_umol_per_l=221, weight_kg=72)
    line = ask("creatinine", replace(between, age_years=40), LIMITS, ON)
    assert (line.holds, line.missing) == (None, ("sex",))
    assert "clearance 34 or 40 mL/min (Cockcroft-Gault)" in line.facts
    assert ask("creatinine", replace(between, age_years=20), LIMITS, ON).holds is True


def test_a_rounded_number_never_flatters() -> None:
    # 39.997 mL/min would read 40.0, and 2.001 x ULN would read 2.
    facts = known(age_years=40, sex=Sex.M, pregnancy_test=None, weight_kg=71.995)
    line = ask("creatinine", replace(facts, creatinine_umol_per_l=221.0), LIMITS, ON)
    assert line.holds is False
    assert line.facts[-2:] == ("2.64 x ULN", "clearance 39.9 mL/min (Cockcroft-Gault)")
    assert "2.01 x ULN" in ask("bilirubin", known(bilirubin_umol_per_l=42.02), LIMITS, ON).facts


@pytest.mark.parametrize("criterion", ["haemoglobin", "anc", "platelets"])
def test_collection_acceptable_stands_in_for_a_low_count_only(criterion: str) -> None:
    field = {"anc": "anc_10e9_per_l", "platelets": "platelets_10e9_per_l"}.get(
        criterion, "haemoglobin_g_per_l"
    )
    low = known(**{field: 30.0 if criterion == "haemoglobin" else 0.5})
    assert judge_eligibility(low, LIMITS, ON).verdict is Verdict.NOT_ELIGIBLE
    line = ask(criterion, replace(low, collection_acceptable=YES), LIMITS, ON)
    assert (line.status, line.holds, line.judgement) == (Status.JUDGEMENT, True, YES)
    assert "judged: seen with the senior physician" in line.sentence()
    assert ask(criterion, replace(low, collection_acceptable=NO), LIMITS, ON).allows is False
    blank = known(**{field: None}, collection_acceptable=YES)
    assert ask(criterion, blank, LIMITS, ON).holds is None
    assert ask(criterion, known(collection_acceptable=NO), LIMITS, ON).status is Status.MET


def test_histology_and_course_are_chosen_from_lists() -> None:
    wanted = {Histology.DLBCL, Histology.PMBCL, Histology.TRANSFORMED_FL, Histology.HIGH_GRADE}
    assert {one for one in Histology if holds("histology", histology=one)} == wanted
    assert holds("histology", histology=None) is None
    assert all(
        holds("relapsed_refractory", relapsed_refractory=frozenset({one})) for one in RelapsedRefractory
    )
    assert len(RelapsedRefractory) == 6
    assert holds("relapsed_refractory", relapsed_refractory=frozenset()) is False
    assert holds("relapsed_refractory", relapsed_refractory=None) is None


@pytest.mark.parametrize(
    ("sex", "test", "menses_on", "sterilised", "expected"),
    [
        (Sex.M, None, None, None, True),
        (Sex.F, NEGATIVE, None, None, True),
        (Sex.F, POSITIVE, None, None, False),
        (Sex.F, POSITIVE, date(2020, 1, 1), True, False),
        (Sex.F, None, date(2024, 9, 2), None, True),
        (Sex.F, None, date(2024, 9, 3), None, None),
        (Sex.F, None, None, True, True),
        (Sex.F, None, date(2026, 8, 1), False, None),
        (Sex.F, None, None, None, None),
        (None, None, None, None, None),
        (None, NEGATIVE, None, None, True),
        (None, None, None, True, True),
    ],
)
def test_pregnancy_is_excluded_by_test_or_exemption(
    sex: Sex | None,
    test: PregnancyTest | None,
    menses_on: date | None,
    sterilised: bool | None,
    expected: bool | None,
) -> None:
    facts = replace(
        WELL, sex=sex, pregnancy_test=test, last_menses_on=menses_on, surgically_sterilised=sterilised
    )
    line = ask("pregnancy", facts, LIMITS, ON)
    assert line.holds is expected
    assert ("pregnancy_test" in line.missing) is (expected is None)


@pytest.mark.parametrize("criterion", ["stroke_or_tia", "infarction"])
def test_within_six_months_includes_the_day_itself(criterion: str) -> None:
    def event(last_on: date | None, happened: bool | None = True) -> bool | None:
        return holds(criterion, **{criterion: PastEvent(happened, last_on)})

    assert event(date(2026, 3, 2)) is True  # judged on 2 September
    assert event(date(2026, 3, 1)) is False
    assert event(ON) is True
    assert event(None) is None
    assert event(None, None) is None
    assert event(None, False) is False


def test_months_are_counted_by_the_calendar() -> None:
    assert months_before(date(2026, 8, 31), 6) == date(2026, 2, 28)
    assert months_before(date(2024, 2, 29), 60) == date(2019, 2, 28)
    assert months_before(date(2026, 1, 15), 1) == date(2025, 12, 15)
    assert months_before(date(2026, 12, 31), 12) == date(2025, 12, 31)


@pytest.mark.parametrize("kind", MalignancyKind)
def test_another_malignancy_counts_five_years_unless_excepted(kind: MalignancyKind) -> None:
    def one(treated: bool | None, last_active_on: date | None) -> bool | None:
        return holds("other_malignancy", other_malignancies=(OtherMalignancy(kind, treated, last_active_on),))

    recent, old = date(2021, 9, 2), date(2021, 9, 1)
    other = kind is MalignancyKind.OTHER
    assert [one(treated, recent) for treated in (True, False, None)] == (
        [True] * 3 if other else [False, True, None]
    )
    assert [one(treated, old) for treated in (True, False, None)] == [False] * 3
    assert [one(treated, None) for treated in (True, False, None)] == (
        [None] * 3 if other else [False, None, None]
    )


def test_one_excluding_malignancy_is_enough_and_nobody_asked_is_not_none() -> None:
    harmless = OtherMalignancy(MalignancyKind.SKIN, True, ON)
    unclear = OtherMalignancy(MalignancyKind.OTHER)
    bad = OtherMalignancy(MalignancyKind.OTHER, None, ON)
    assert holds("other_malignancy", other_malignancies=(harmless,)) is False
    assert holds("other_malignancy", other_malignancies=(harmless, unclear)) is None
    assert holds("other_malignancy", other_malignancies=(harmless, unclear, bad)) is True
    assert holds("other_malignancy", other_malignancies=None) is None


@pytest.mark.parametrize(
    ("localised", "serious", "active", "uncontrolled"),
    [
        (True, False, False, False),
        (True, True, False, True),
        (False, False, True, False),
        (False, True, True, True),
        (None, False, None, False),
        (True, None, False, None),
    ],
)
def test_an_infection_is_asked_two_questions(
    localised: bool | None, serious: bool | None, active: bool | None, uncontrolled: bool | None
) -> None:
    infections = (ActiveInfection("lung", localised, serious),)
    assert holds("active_infection", infections=infections) is active
    assert holds("uncontrolled_infection", infections=infections) is uncontrolled
    for criterion in ("active_infection", "uncontrolled_infection"):
        assert holds(criterion, infections=None) is None
        assert holds(criterion, infections=()) is False


@pytest.mark.parametrize("criterion", [one for one in CRITERIA if one.settled_by is SettledBy.ANSWERED])
def test_a_question_is_answered_yes_or_no_or_open(criterion: Any) -> None:
    others = {name: answer for name, answer in WELL.answers.items() if name != criterion.id}
    for answer in (True, False):
        line = ask(criterion.id, known(answers={**others, criterion.id: answer}), LIMITS, ON)
        assert line.allows is (answer is (criterion.kind is Kind.INCLUSION))
    line = ask(criterion.id, known(answers=others), LIMITS, ON)
    assert (line.allows, line.missing) == (None, (criterion.id,))


@pytest.mark.parametrize("criterion", ["consent", "comorbidity", "other_risk"])
def test_the_investigator_judges_with_a_reason(criterion: str) -> None:
    others = {name: one for name, one in WELL.judgements.items() if name != criterion}
    excluded = known(judgements={**others, criterion: YES})
    line = ask(criterion, excluded, LIMITS, ON)
    assert (line.status, line.allows, line.judgement) == (Status.JUDGEMENT, False, YES)
    assert judge_eligibility(excluded, LIMITS, ON).verdict is Verdict.NOT_ELIGIBLE
    open_line = ask(criterion, known(judgements=others), LIMITS, ON)
    assert (open_line.status, open_line.missing) == (Status.NOT_YET_KNOWN, (criterion,))


@pytest.mark.parametrize(
    ("prior", "crs", "icans", "expected"),
    [
        (False, None, None, False),
        (None, None, None, None),
        (True, None, None, None),
        (True, WorstGrade(2), WorstGrade(2), False),
        (True, WorstGrade(3), None, True),
        (True, WorstGrade(2), WorstGrade(3), True),
        (None, WorstGrade(3), WorstGrade(0), True),
        (None, WorstGrade(2), WorstGrade(0), None),
        (True, WorstGrade(2), None, None),
        (True, WorstGrade(2, (4,)), WorstGrade(0), None),
        (True, WorstGrade(2, (4,), YES), WorstGrade(0), False),
        (True, WorstGrade(2, (4,), NO), WorstGrade(0), True),
        (True, WorstGrade(3, (4,), YES), WorstGrade(0), True),
        (True, WorstGrade(3), WorstGrade(1, (4,), YES), True),
    ],
)
def test_grade_3_after_prior_axi_cel_excludes(
    prior: bool | None, crs: WorstGrade | None, icans: WorstGrade | None, expected: bool | None
) -> None:
    line = ask("prior_toxicity", known(prior_axi_cel=prior, worst_crs=crs, worst_icans=icans), LIMITS, ON)
    assert line.holds is expected
    judged = crs is not None and crs.at_least < 3 and crs.gaps_judged
    assert line.judgement is (judged or None)
    assert bool(line.missing) is (expected is None)


def test_a_judgement_on_gaps_counts_only_where_the_grade_rests_on_it() -> None:
    assert WorstGrade(2, (4,), YES).judgement(3) is YES
    assert WorstGrade(2, (), YES).judgement(3) is None
    assert WorstGrade(3, (4,), YES).judgement(3) is None


def test_a_patient_who_meets_everything_is_eligible() -> None:
    found = judge_eligibility(WELL, LIMITS, ON)
    assert found.verdict is Verdict.ELIGIBLE
    assert (found.against, found.open, found.missing) == ((), (), ())
    assert tuple(line.criterion for line in found.lines) == CRITERIA
    assert len(CRITERIA) == len(BY_ID) == 30


def test_nothing_known_is_undecided_and_everything_is_missing() -> None:
    found = judge_eligibility(ScreeningFacts(), LIMITS, ON)
    assert found.verdict is Verdict.UNDECIDED
    assert found.open == found.lines
    assert {"age_years", "venous_access", "infarction", "other_risk"} <= set(found.missing)
    assert len(found.missing) == len(set(found.missing))


def test_a_blank_fact_is_said_to_be_blank_and_a_found_one_is_named() -> None:
    for line in judge_eligibility(ScreeningFacts(), LIMITS, ON).lines:
        assert all("not recorded" in fact or fact in ("not answered", "not judged") for fact in line.facts)
    serious = known(infections=(ActiveInfection("lung", False, True),))
    assert ask("active_infection", serious, LIMITS, ON).facts == (
        "lung: not localised, serious and uncontrolled",
    )
    found = known(
        other_malignancies=(
            OtherMalignancy(MalignancyKind.THYROID),
            OtherMalignancy(MalignancyKind.SKIN, False, date(2025, 1, 1)),
            OtherMalignancy(MalignancyKind.OTHER, None, date(2019, 1, 1)),
        ),
        infections=(ActiveInfection("lung"), ActiveInfection("line", True, False)),
        infarction=PastEvent(True, date(2026, 8, 3)),
        pregnancy_test=None,
    )
    facts = {line.criterion.id: line.facts for line in judge_eligibility(found, LIMITS, ON).lines}
    assert facts["other_malignancy"] == (
        "thyroid cancer after radical treatment (treatment not recorded, last active on a day not recorded)",
        "basal or squamous cell skin cancer, adequately treated (not so treated, last active 2025-01-01)",
        "another malignancy (last active 2019-01-01)",
    )
    assert facts["active_infection"] == facts["uncontrolled_infection"]
    assert facts["active_infection"] == (
        "lung: extent not recorded, control not recorded",
        "line: localised, not both serious and uncontrolled",
    )
    assert (facts["histology"], facts["relapsed_refractory"]) == (
        ("diffuse large B-cell lymphoma",),
        ("at least one relapse",),
    )
    assert facts["infarction"] == ("last on 2026-08-03, 30 days before",)
    assert facts["pregnancy"] == (
        "a woman",
        "serum pregnancy test not recorded",
        "last menses 2026-02-20",
        "sterilised: no",
    )
    assert facts["bilirubin"] == (
        "bilirubin 12 umol/L",
        "bilirubin ULN 21 umol/L",
        "0.58 x ULN",
        "Gilbert syndrome: no",
    )


def test_every_choice_has_words_of_its_own() -> None:
    for choices in (Histology, RelapsedRefractory, MalignancyKind):
        assert len({one.label for one in choices}) == len(choices)


def test_one_line_against_outranks_what_is_missing() -> None:
    found = judge_eligibility(ScreeningFacts(lvef_percent=50), LIMITS, ON)
    assert found.verdict is Verdict.NOT_ELIGIBLE
    assert [line.sentence() for line in found.against] == ["LVEF above 50 %: not met (LVEF 50 %)."]


def test_the_words_name_the_limits_in_force() -> None:
    words = {line.criterion.id: line.words for line in judge_eligibility(WELL, LIMITS, ON).lines}
    assert words["age"] == "Age at least 18 years"
    assert words["creatinine"].startswith("Creatinine at most 2 x ULN, or clearance at least 40 mL/min")
    assert words["prior_toxicity"] == "CRS or ICANS of grade 3 or more after prior axi-cel"
    assert not any("{" in text for text in words.values())
    stricter = replace(LIMITS, lvef_percent_above=62)
    assert ask("lvef", WELL, stricter, ON).sentence() == "LVEF above 62 %: not met (LVEF 62 %)."


def test_the_purpose_says_which_criteria_are_asked() -> None:
    assert judge_for(Purpose.ENROLMENT, WELL, LIMITS, ON) == judge_eligibility(WELL, LIMITS, ON)
    again = judge_for(Purpose.SECOND_INFUSION, known(ecog=5), LIMITS, ON)
    assert again.lines == exclusion_lines(WELL, LIMITS, ON)
    assert again.verdict is Verdict.ELIGIBLE


def test_the_exclusion_criteria_can_be_asked_alone() -> None:
    lines = exclusion_lines(known(infarction=PastEvent(True, ON)), LIMITS, ON)
    assert len(lines) == 13
    assert [line.criterion.id for line in lines if line.allows is False] == ["infarction"]
    assert all(line.criterion.kind is Kind.EXCLUSION for line in lines)
    assert WELL.stroke_or_tia is NEVER
