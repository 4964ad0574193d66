"""The facts of a screening as typed: units, ranges, lists, and back from the stored facts to the boxes."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.inputs_screening import ANSWERED, FactsIn, typed_facts
from db.readers import Number, plain
from tests.support.soak import examples
from tests.trial.screened import WELL
from tests.trial.test_eligibility_properties import VALUES, possible
from trial.criteria import CRITERIA, SettledBy
from trial.screening_checks import NUMBERS
from trial.screening_facts import (
    ActiveInfection,
    MalignancyKind,
    OtherMalignancy,
    ScreeningFacts,
    WorstGrade,
)
from trial.screening_judgements import judgements_of

ANY_FACTS = st.builds(
    ScreeningFacts,
    **{
        name: st.just(getattr(ScreeningFacts(), name)) | values | st.just(getattr(WELL, name))
        for name, values in VALUES.items()
    },
)


def without_judgements(facts: ScreeningFacts) -> ScreeningFacts:
    worst = [
        one and replace(one, unsettled_days=tuple(sorted(set(one.unsettled_days))), gaps_judged=None)
        for one in (facts.worst_crs, facts.worst_icans)
    ]
    return replace(facts, judgements={}, collection_acceptable=None, worst_crs=worst[0], worst_icans=worst[1])


def sentence(**typed: object) -> str:
    """What is said at the one box that is wrong."""
    entry, problems = FactsIn.check(typed)
    assert entry is None
    (problem,) = problems
    assert problem.field in typed
    return problem.sentence


@examples(60)
@given(ANY_FACTS.filter(possible))
def test_stored_facts_stand_in_the_boxes_and_are_read_as_they_were(facts: ScreeningFacts) -> None:
    entry, problems = FactsIn.check(typed_facts(facts))
    assert problems == []
    assert entry is not None
    assert entry.facts() == without_judgements(facts)
    assert judgements_of(entry.facts()) == {}


def test_every_number_and_every_answer_has_its_box() -> None:
    assert set(FactsIn.readers) == set(FactsIn.model_fields)
    assert set(NUMBERS) <= {name for name, one in FactsIn.readers.items() if isinstance(one, Number)}
    assert list(ANSWERED) == [one.id for one in CRITERIA if one.settled_by is SettledBy.ANSWERED]
    assert FactsIn().facts() == ScreeningFacts()


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("haemoglobin_g_per_l", "9.5", "Haemoglobin must be 25 to 250 g/L, not 9.5. Check the unit."),
        ("anc_10e9_per_l", "1500", "Neutrophils must be 0 to 99 x 10^9/L, not 1500. Check the unit."),
        ("creatinine_umol_per_l", "1.1", "Creatinine must be 15 to 3000 umol/L, not 1.1. Check the unit."),
        ("bilirubin_umol_per_l", "0.1", "Bilirubin must be 0.5 to 1500 umol/L, not 0.1. Check the unit."),
        ("lvef_percent", "0.6", "LVEF must be 5 to 95 %, not 0.6. Check the unit."),
        ("spo2_room_air_percent", "0.97", "SpO2 on room air must be 50 to 100 %, not 0.97. Check the unit."),
        ("weight_kg", "inf", "Weight must be a number, 20 to 400 kg."),
        ("weight_kg", "1e999", "Weight must be 20 to 400 kg, not inf. Check the unit."),
        ("ecog", "1.5", "ECOG must be a whole number, 0 to 5."),
        ("infarction_on", "last year", "Last infarction on must be a date, such as 2026-03-08."),
        ("histology", "sarcoma", "Histology must be one of dlbcl, pmbcl, transformed_fl, high_grade, other."),
        ("infections", [], "Say which active infection it is."),
        ("infections", "lung", "Say which active infection it is."),
        ("infections", [{"site": "lung"}, {"site": " "}], "Infection 2: Enter its site, such as lung."),
        ("other_malignancies", [{"treated": True}], "Malignancy 1: Choose its kind."),
        ("crs_unsettled_days", "3 and 5", "Days on which CRS is not settled must be numbers with commas "
         "between, such as 3, 5."),
        ("icans_unsettled_days", "400", "Days on which ICANS is not settled must be 0 to 365."),
    ],
)  # fmt: skip
def test_what_cannot_be_gets_a_sentence(name: str, typed: object, said: str) -> None:
    assert sentence(**{name: typed}) == said


@pytest.mark.parametrize("name", NUMBERS)
def test_both_gates_have_the_same_range_and_label(name: str) -> None:
    known = NUMBERS[name]
    for value in (known.low, known.high):
        assert FactsIn.check({name: value})[1] == []
    label = f"{known.label[0].upper()}{known.label[1:]}"
    limits = f"{plain(known.low)} to {plain(known.high)}{known.unit}"
    assert sentence(**{name: known.high + 1}).startswith(f"{label} must be {limits}")


def test_a_rare_number_is_asked_about_and_not_refused() -> None:
    entry = FactsIn.model_validate({"bilirubin_umol_per_l": "1", "haemoglobin_g_per_l": "101"})
    assert [one.sentence for one in entry.to_confirm()] == ["Bilirubin of 1 umol/L is rare. Is it right?"]


def test_unsettled_days_ask_for_the_grade_that_is_proved() -> None:
    _, problems = FactsIn.check({"crs_unsettled_days": "5, 3, 3"})
    assert [(one.field, one.sentence) for one in problems] == [
        ("worst_crs", "Choose the highest CRS grade that is proved, 0 where none is.")
    ]
    facts = FactsIn.model_validate({"crs_unsettled_days": "5, 3, 3", "worst_crs": 2}).facts()
    assert facts.worst_crs == WorstGrade(2, (3, 5))


def test_lists_are_read_row_by_row_and_none_is_an_answer() -> None:
    typed: dict[str, Any] = {
        "other_malignancies": [{"kind": "skin", "treated": "yes", "last_active_on": "2020-01-31"}],
        "infections": [{"site": "lung", "localised": False}],
    }
    facts = FactsIn.model_validate(typed).facts()
    assert facts.infections == (ActiveInfection("lung", False),)
    assert facts.other_malignancies is not None
    (one,) = facts.other_malignancies
    assert isinstance(one, OtherMalignancy)
    assert (one.kind, one.treated, str(one.last_active_on)) == (MalignancyKind.SKIN, True, "2020-01-31")
    assert FactsIn.model_validate({"infections": "none"}).facts().infections == ()
