"""Treatments: doses and what runs, tocilizumab against its limits, steroids by day, boxes that disagree."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.astct_crs import KEEPS_COURSE_OPEN
from grading.charted import Charted, FeverMaskingDrug, Vasopressor
from trial.charted_and_treated import Disagreement, disagreements
from trial.drugs import (
    CHARTED_AS_FEVER_MASKING,
    CHARTED_AS_VASOPRESSOR,
    CLASS_OF,
    DRUGS,
    DrugClass,
    drug_words,
    keeps_course_open,
    units_of,
)
from trial.protocol import load_protocol
from trial.steroids import EQUIVALENT_MG, dexamethasone_mg, steroid_days
from trial.tocilizumab import mg_per_kg, tocilizumab_so_far, tocilizumab_warnings
from trial.treatment_document import treatments_page
from trial.treatment_facts import DoseUnit, Drug, Giving
from trial.treatments import (
    Treatment,
    course_changes_from,
    drugs_given,
    lymphodepletion_at,
    milligrams,
    next_therapy_at,
)

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
ZONE = ZoneInfo("Asia/Shanghai")
LIMITS = load_protocol().treatments


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def treatment(drug: Drug, hours: float = 0, **more: Any) -> Treatment:
    return Treatment(drug=drug, started_at=at(hours), **more)


def running(drug: Drug, hours: float = 0, until: float | None = None, **more: Any) -> Treatment:
    ended_at = None if until is None else at(until)
    return treatment(drug, hours, ended_at=ended_at, is_ongoing=until is None, **more)


def toci(hours: float = 0, mg: float | None = 560, **more: Any) -> Treatment:
    unit = None if mg is None else DoseUnit.MG
    return treatment(Drug.TOCILIZUMAB, hours, dose=mg, dose_unit=unit, **more)


# ---- The drugs ----


def test_every_drug_has_one_class_units_and_words() -> None:
    listed = [drug for drugs in DRUGS.values() for drug in drugs]
    assert sorted(listed) == sorted(Drug)
    assert all(units_of(drug) for drug in Drug)
    assert {of.label for of in DrugClass} >= {"Steroid", "Vasopressor", "Against infection"}
    assert (drug_words(Drug.ANGIOTENSIN_II), drug_words(Drug.NOREPINEPHRINE)) == (
        "angiotensin II",
        "norepinephrine",
    )


def test_the_course_waits_for_the_same_drugs_charted_or_treated() -> None:
    charted_as = {
        drug: word for drug, word in CHARTED_AS_FEVER_MASKING.items() if drug is not Drug.PREDNISONE
    }
    assert set(FeverMaskingDrug) == set(charted_as.values()) | {FeverMaskingDrug.OTHER}
    assert all(keeps_course_open(drug) is KEEPS_COURSE_OPEN[word] for drug, word in charted_as.items())
    others = set(Drug) - set(CHARTED_AS_FEVER_MASKING)
    assert not any(keeps_course_open(drug) for drug in others)
    assert keeps_course_open(Drug.PREDNISONE)


def test_every_vasopressor_of_the_box_can_be_a_treatment() -> None:
    assert set(CHARTED_AS_VASOPRESSOR.values()) == set(Vasopressor) - {Vasopressor.OTHER}
    assert set(EQUIVALENT_MG) == set(DRUGS[DrugClass.STEROID])
    assert CLASS_OF[Drug.CYCLOPHOSPHAMIDE] is DrugClass.LYMPHODEPLETION


# ---- Doses and what goes on ----


@pytest.mark.parametrize(
    ("one", "hours", "doses"),
    [
        (toci(4), 3.9, []),
        (toci(4), 4, [4]),
        (toci(4), 400, [4]),
        (running(Drug.DEXAMETHASONE, 4, every_hours=6), 15.9, [4, 10]),
        (running(Drug.DEXAMETHASONE, 4, every_hours=6), 16, [4, 10, 16]),
        (running(Drug.DEXAMETHASONE, 4, 16, every_hours=6), 100, [4, 10, 16]),
        (running(Drug.DEXAMETHASONE, 4, 15.9, every_hours=6), 100, [4, 10]),
        (running(Drug.NOREPINEPHRINE, 4), 3, []),
        (running(Drug.NOREPINEPHRINE, 4), 30, [4]),
        (running(Drug.NOREPINEPHRINE, 4, 20), 30, [4]),
    ],
)
def test_doses_up_to_a_moment(one: Treatment, hours: float, doses: list[float]) -> None:
    assert list(one.doses_until(at(hours))) == [at(dose) for dose in doses]


@pytest.mark.parametrize(
    ("one", "hours", "goes_on"),
    [
        (toci(4), 4, True),
        (toci(4), 4.1, False),
        (running(Drug.NOREPINEPHRINE, 4), 3.9, False),
        (running(Drug.NOREPINEPHRINE, 4), 4, True),
        (running(Drug.NOREPINEPHRINE, 4), 400, True),
        (running(Drug.NOREPINEPHRINE, 4, 9), 8.9, True),
        (running(Drug.NOREPINEPHRINE, 4, 9), 9, False),
    ],
)
def test_what_goes_on_at_a_moment(one: Treatment, hours: float, goes_on: bool) -> None:
    assert one.goes_on_at(at(hours)) is goes_on


@given(
    every=st.sampled_from([None, 4, 6, 12, 24]),
    until=st.none() | st.integers(0, 90),
    look=st.integers(-5, 120),
)
def test_the_last_dose_is_what_the_course_waits_for(
    every: float | None, until: int | None, look: int
) -> None:
    one = running(Drug.DEXAMETHASONE, 0, until, every_hours=every)
    doses = list(one.doses_until(at(look)))
    last = one.given.last_until(at(look))
    assert (last is None) is (not doses)
    if every is not None and doses:
        assert last == doses[-1]
        assert all(after - before == timedelta(hours=every) for before, after in pairwise(doses))
    if last is not None:
        assert last <= at(look)


def test_only_steroids_and_anticytokine_drugs_reach_the_course() -> None:
    given_drugs = [toci(3), treatment(Drug.ACETAMINOPHEN), running(Drug.PREDNISONE, 2, every_hours=24)]
    assert drugs_given(given_drugs) == [given_drugs[0].given, given_drugs[2].given]
    assert given_drugs[0].given == (at(3), at(3), None)
    assert given_drugs[2].given == (at(2), None, timedelta(hours=24))


def test_another_drug_goes_by_its_own_name() -> None:
    assert treatment(Drug.OTHER, drug_name="ruxolitinib").words == "ruxolitinib"
    assert treatment(Drug.G_CSF).words == "G-CSF"


@pytest.mark.parametrize(
    ("dose", "unit", "mg"),
    [
        (0.3, DoseUnit.G, "300.0"),
        (560.1, DoseUnit.MG, "560.1"),
        (300, DoseUnit.UG, "0.300"),
        (30, DoseUnit.MG_PER_M2, None),
        (None, None, None),
    ],
)
def test_a_dose_in_milligrams_is_exact(dose: float | None, unit: DoseUnit | None, mg: str | None) -> None:
    assert milligrams(dose, unit) == (None if mg is None else Decimal(mg))


STEROID = running(Drug.DEXAMETHASONE, 4, 20)


@pytest.mark.parametrize(
    ("before", "after", "hours"),
    [
        (None, toci(3), 3),
        (toci(3), None, 3),
        (toci(3), toci(5), 3),
        (toci(5), toci(3), 3),
        (toci(3), toci(3, 800), None),
        (STEROID, running(Drug.DEXAMETHASONE, 4, 30), 20),
        (STEROID, running(Drug.DEXAMETHASONE, 4, 10), 10),
        (STEROID, running(Drug.DEXAMETHASONE, 4), 20),
        (STEROID, running(Drug.DEXAMETHASONE, 4, 20, every_hours=6), 4),
        (STEROID, running(Drug.HYDROCORTISONE, 4, 20), None),
        (STEROID, running(Drug.NOREPINEPHRINE, 4, 20), 4),
        (running(Drug.NOREPINEPHRINE, 4), running(Drug.NOREPINEPHRINE, 4, 9), None),
        (None, treatment(Drug.ACETAMINOPHEN, 3), None),
        (None, None, None),
    ],
)
def test_a_course_changes_from_where_the_drug_was_given_otherwise(
    before: Treatment | None, after: Treatment | None, hours: float | None
) -> None:
    assert course_changes_from(before, after) == (None if hours is None else at(hours))


@pytest.mark.parametrize(
    ("one", "giving"),
    [
        (toci(3), Giving.ONCE),
        (STEROID, Giving.RUNNING),
        (running(Drug.DEXAMETHASONE, 4, every_hours=6), Giving.REPEATED),
    ],
)
def test_a_treatment_says_how_it_is_given(one: Treatment, giving: Giving) -> None:
    assert (one.giving, giving.label) == (giving, {"once": "One dose"}.get(giving, giving.name.capitalize()))


# ---- Lymphodepletion and the next therapy ----

CYCLO = treatment(Drug.CYCLOPHOSPHAMIDE, -120)
FLU = treatment(Drug.FLUDARABINE, -118)
SECOND_AT = at(24 * 40)


@pytest.mark.parametrize(
    ("days", "counts"), [(-14.01, False), (-14, True), (-5, True), (-0.01, True), (0, False)]
)
def test_lymphodepletion_belongs_to_the_infusion_of_the_days_after_it(days: float, counts: bool) -> None:
    found = lymphodepletion_at([treatment(Drug.CYCLOPHOSPHAMIDE, 24 * days)], START, 14)
    assert found == (at(24 * days) if counts else None)


def test_lymphodepletion_begins_with_its_first_drug() -> None:
    assert lymphodepletion_at([FLU, CYCLO, toci(-130)], START, 14) == CYCLO.started_at
    assert lymphodepletion_at([], START, 14) is None


def test_the_second_lymphodepletion_is_the_next_therapy_of_the_first_infusion() -> None:
    second = [treatment(Drug.FLUDARABINE, 24 * 35), treatment(Drug.CYCLOPHOSPHAMIDE, 24 * 35 + 2)]
    assert next_therapy_at([CYCLO, FLU, *second], START, SECOND_AT, 14) == at(24 * 35)


def test_without_lymphodepletion_the_second_infusion_is_the_next_therapy() -> None:
    assert next_therapy_at([CYCLO, FLU], START, SECOND_AT, 14) == SECOND_AT
    assert next_therapy_at([], START, None, 14) is None


def test_before_the_second_infusion_a_fludarabine_announces_it() -> None:
    cyclo, flu = treatment(Drug.CYCLOPHOSPHAMIDE, 24 * 34), treatment(Drug.FLUDARABINE, 24 * 35)
    assert next_therapy_at([CYCLO, FLU, cyclo, flu], START, None, 14) == at(24 * 34)
    assert next_therapy_at([CYCLO, FLU, flu], START, None, 14) == at(24 * 35)


def test_cyclophosphamide_against_toxicity_ends_no_window() -> None:
    against_toxicity = treatment(Drug.CYCLOPHOSPHAMIDE, 24 * 8)
    assert next_therapy_at([CYCLO, FLU, against_toxicity], START, None, 14) is None
    assert next_therapy_at([against_toxicity], START, SECOND_AT, 14) == SECOND_AT
    late = treatment(Drug.FLUDARABINE, 24 * 35)
    assert next_therapy_at([against_toxicity, late], START, None, 14) == at(24 * 35)


# ---- Tocilizumab ----


def warnings(new: Treatment, *others: Treatment, weight: float | None = 70, until: float = 1000) -> list[str]:
    return tocilizumab_warnings(new, others, LIMITS, until=at(until), weight_kg=weight)


@pytest.mark.parametrize(
    ("mg", "weight", "words"),
    [
        (560, 70, []),
        (560.1, 70, ["is 8.01 mg/kg at 70 kg, above the 8 mg/kg"]),
        (562.4, 70.3, []),
        (562.41, 70.3, ["above the 8 mg/kg"]),
        (800, 100, []),
        (800, 120, []),
        (800.1, 120, ["above the maximum of 800 mg"]),
        (900, 70, ["above the maximum of 800 mg", "12.86 mg/kg at 70 kg"]),
        (700, None, []),
        (801, None, ["above the maximum"]),
        (None, 70, []),
    ],
)
def test_a_dose_against_8_mg_per_kg_and_800_mg(
    mg: float | None, weight: float | None, words: list[str]
) -> None:
    found = warnings(toci(0, mg), weight=weight)
    assert len(found) == len(words)
    assert all(part in sentence for part, sentence in zip(words, found, strict=True))


def test_the_weight_of_the_dose_comes_before_the_weight_of_the_infusion() -> None:
    assert warnings(toci(0, 560, weight_kg=60), weight=70)[0].startswith(
        "Tocilizumab 560 mg is 9.34 mg/kg at 60"
    )
    assert mg_per_kg(toci(0, 560, weight_kg=80), 70) == 7
    assert mg_per_kg(toci(0, 560), 70) == 8
    assert mg_per_kg(toci(0, 560), None) is None
    assert mg_per_kg(toci(0, None), 70) is None


@pytest.mark.parametrize(
    ("hours", "warned"), [(7.99, True), (8, False), (8.01, False), (-7.99, True), (-8, False)]
)
def test_doses_are_8_h_apart_before_and_after(hours: float, warned: bool) -> None:
    found = warnings(toci(10 + hours), toci(10))
    assert any("h apart" in sentence for sentence in found) is warned


def test_the_sentence_names_how_near_the_other_dose_is() -> None:
    assert warnings(toci(15.5), toci(10)) == [
        "Another dose of tocilizumab lies 5 h 30 min from this one; "
        "the protocol keeps doses 8 h apart at least."
    ]
    assert "lies 6 h from" in warnings(running(Drug.TOCILIZUMAB, every_hours=6), until=0)[0]


@pytest.mark.parametrize(("first", "warned"), [(0, False), (0.01, True)])
def test_at_most_3_in_24_h(first: float, warned: bool) -> None:
    found = warnings(toci(24), toci(first), toci(8.01), toci(16.01))
    assert any("4 doses of tocilizumab within 24 h" in sentence for sentence in found) is warned


def test_a_dose_entered_late_counts_with_those_after_it() -> None:
    found = warnings(toci(8), toci(0), toci(16), toci(23.5))
    assert any("4 doses of tocilizumab within 24 h; the protocol has at most 3" in one for one in found)
    assert not any("within 24 h" in one for one in warnings(toci(100), toci(0), toci(8), toci(16), toci(23)))


@pytest.mark.parametrize(("before", "warned"), [(3, False), (4, True)])
def test_at_most_4_in_all(before: int, warned: bool) -> None:
    found = warnings(toci(1000), *(toci(48 * place) for place in range(before)))
    assert any("5 doses of tocilizumab in all; the protocol has at most 4" in one for one in found) is warned


def test_other_drugs_and_other_limits_do_not_warn() -> None:
    assert warnings(treatment(Drug.DEXAMETHASONE, dose=1000, dose_unit=DoseUnit.MG), toci(1)) == []
    wider = replace(LIMITS, tocilizumab_hours_apart=4)
    assert tocilizumab_warnings(toci(5), [toci(0)], wider, until=at(9), weight_kg=70) == []


def test_the_doses_so_far() -> None:
    doses = [toci(0), toci(10), toci(24 * 40), toci(24 * 40 + 9), treatment(Drug.ANAKINRA, 3)]
    so_far = tocilizumab_so_far(doses, at(24 * 41), SECOND_AT)
    assert so_far == (at(24 * 40 + 9), 1, 4, 2)
    assert tocilizumab_so_far(doses, at(24 * 41 - 0.01), SECOND_AT).in_24_h == 2
    assert tocilizumab_so_far(doses, at(-1), None) == (None, 0, 0, 0)
    assert tocilizumab_so_far(doses, at(11), None) == (at(10), 2, 2, 0)


# ---- Steroids ----


@pytest.mark.parametrize(
    ("drug", "mg", "equivalent"),
    [
        (Drug.DEXAMETHASONE, "10", "10"),
        (Drug.METHYLPREDNISOLONE, "1000", "187.5"),
        (Drug.HYDROCORTISONE, "50", "1.875"),
        (Drug.PREDNISONE, "60", "9"),
    ],
)
def test_amounts_that_act_alike(drug: Drug, mg: str, equivalent: str) -> None:
    assert dexamethasone_mg(drug, Decimal(mg)) == Decimal(equivalent)


def test_steroids_are_summed_by_day_of_the_hospital() -> None:
    every_6_h = running(Drug.DEXAMETHASONE, 0, every_hours=6, dose=10, dose_unit=DoseUnit.MG)
    pulse = treatment(Drug.METHYLPREDNISOLONE, 15, dose=1, dose_unit=DoseUnit.G)
    days = steroid_days([every_6_h, pulse, toci(1)], at(24), ZONE)
    assert [(day.on.day, day.mg, day.cumulative, day.doses, day.unknown) for day in days] == [
        (2, 30, 30, 3, 0),  # 10:00, 16:00, 22:00
        (3, Decimal("207.5"), Decimal("237.5"), 3, 0),  # 04:00, 10:00 and the pulse at 01:00
    ]


def test_a_dose_belongs_to_the_day_of_the_hospital_from_midnight_on() -> None:
    mg = {"dose": 4, "dose_unit": DoseUnit.MG}
    before, on = treatment(Drug.DEXAMETHASONE, 13.99, **mg), treatment(Drug.DEXAMETHASONE, 14, **mg)
    assert [day.on.day for day in steroid_days([before, on], at(48), ZONE)] == [2, 3]


def test_a_dose_without_an_amount_is_counted_apart_and_never_as_0() -> None:
    known = treatment(Drug.DEXAMETHASONE, dose=10, dose_unit=DoseUnit.MG)
    by_surface = treatment(Drug.DEXAMETHASONE, 2, dose=10, dose_unit=DoseUnit.MG_PER_M2)
    (day,) = steroid_days([known, treatment(Drug.HYDROCORTISONE, 1), by_surface], at(3), ZONE)
    assert (float(day.mg), day.doses, day.unknown) == (10, 3, 2)
    assert steroid_days([], at(3), ZONE) == []


# ---- Boxes and treatments ----


def charted(hours: float, vasopressors: Any = None, drugs: Any = None) -> Charted:
    return Charted(assessed_at=at(hours), vasopressors=vasopressors, fever_masking_drugs=drugs)


def compared(
    one: Charted, *treatments: Treatment, since: float | None = None, acting: float = 24
) -> list[Disagreement]:
    since_at = None if since is None else at(since)
    return disagreements(one, treatments, since=since_at, acting_hours=acting)


NOREPI = frozenset({Vasopressor.NOREPINEPHRINE})
DEX = frozenset({FeverMaskingDrug.DEXAMETHASONE})


def test_a_running_vasopressor_that_the_box_denies_is_asked_about() -> None:
    (found,) = compared(charted(5, frozenset()), running(Drug.NOREPINEPHRINE, 4))
    assert (found.column, found.treated) == ("vasopressors", True)
    assert found.sentence == (
        "Norepinephrine is recorded as a treatment at this time, and the box does not name it. "
        "Is the entry right?"
    )


def test_an_empty_box_is_asked_about_and_several_agents_are_named() -> None:
    (found,) = compared(charted(5), running(Drug.NOREPINEPHRINE, 4), running(Drug.VASOPRESSIN, 4))
    assert found.sentence.startswith(
        "Norepinephrine and vasopressin are recorded as a treatment at this time, and the box is empty."
    )


@pytest.mark.parametrize(("hours", "asked"), [(3.9, 0), (4, 1), (8.9, 1), (9, 0)])
def test_a_vasopressor_counts_while_it_runs(hours: float, asked: int) -> None:
    assert len(compared(charted(hours, frozenset()), running(Drug.NOREPINEPHRINE, 4, 9))) == asked


def test_a_charted_vasopressor_without_a_treatment_is_asked_about() -> None:
    (found,) = compared(charted(5, NOREPI))
    assert (found.column, found.treated) == ("vasopressors", False)
    assert found.sentence.startswith("Norepinephrine: charted, and no such treatment is recorded")
    assert compared(charted(5, NOREPI), running(Drug.NOREPINEPHRINE, 4)) == []
    assert compared(charted(5, frozenset({Vasopressor.OTHER}))) == []


@pytest.mark.parametrize(("hours", "asked"), [(1, 0), (1.01, 1), (5, 1), (5.01, 0)])
def test_a_dose_since_the_last_assessment_belongs_in_the_box(hours: float, asked: int) -> None:
    one = treatment(Drug.DEXAMETHASONE, hours)
    assert len(compared(charted(5, frozenset(), frozenset()), one, since=1)) == asked


def test_without_an_earlier_assessment_the_doses_of_the_acting_time_belong_in_the_box() -> None:
    box = charted(30, frozenset(), frozenset())
    assert compared(box, treatment(Drug.ACETAMINOPHEN, 6)) == []
    assert len(compared(box, treatment(Drug.ACETAMINOPHEN, 6.01))) == 1


def test_a_repeated_steroid_acts_between_its_doses() -> None:
    repeated = running(Drug.DEXAMETHASONE, 0, every_hours=12)
    assert len(compared(charted(10, frozenset(), frozenset()), repeated, since=6)) == 1
    assert compared(charted(10, frozenset(), DEX), repeated, since=6) == []


@pytest.mark.parametrize(("hours", "asked"), [(24, 0), (24.01, 1)])
def test_a_charted_steroid_is_explained_by_a_dose_that_may_still_act(hours: float, asked: int) -> None:
    assert (
        len(compared(charted(hours, frozenset(), DEX), treatment(Drug.DEXAMETHASONE), since=hours - 4))
        == asked
    )


def test_an_antibody_may_be_charted_for_weeks_and_prednisone_as_other() -> None:
    toci_box = frozenset({FeverMaskingDrug.TOCILIZUMAB})
    assert compared(charted(200, frozenset(), toci_box), toci(0), since=196) == []
    other = frozenset({FeverMaskingDrug.OTHER})
    assert compared(charted(5, frozenset(), other), treatment(Drug.PREDNISONE, 4), since=1) == []
    assert len(compared(charted(5, frozenset(), frozenset()), treatment(Drug.PREDNISONE, 4), since=1)) == 1


def test_drugs_that_are_in_no_box_are_never_asked_about() -> None:
    assert compared(charted(5, frozenset(), frozenset()), running(Drug.LEVETIRACETAM, 1)) == []


# ---- The page that is made from the tables ----


def test_the_page_of_treatments_names_every_drug_limit_and_amount() -> None:
    page = treatments_page(LIMITS)
    assert all(f"| {drug_words(drug)} |" in page for drug in Drug)
    assert "| tocilizumab | Anticytokine | mg | `fever_masking_drugs`: tocilizumab | yes; may be" in page
    assert "| norepinephrine | Vasopressor |" in page
    assert "`vasopressors`: norepinephrine | no |" in page
    assert "| one dose | 800 mg |" in page
    assert "| dexamethasone | 0.75 |" in page
