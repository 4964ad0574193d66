"""Between the answers on the screen and the columns of an assessment: nothing is invented, nothing lost."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.charted import (
    Consciousness,
    CrsJudgement,
    DeathDueTo,
    EdemaOrRaisedIcp,
    FeverMaskingDrug,
    IceNotDone,
    MotorWeakness,
    OxygenDevice,
    Seizure,
    Sign,
    Vasopressor,
    YesNo,
)
from pages.ward.assess_parts.answers import ICE_ITEMS, answers_of, columns_of, unanswered_kinds

_WORDS: dict[str, Any] = {
    "oxygen_device": OxygenDevice,
    "hypoxia": YesNo,
    "iv_fluid_bolus": YesNo,
    "hypotension": YesNo,
    "crs_judgement": CrsJudgement,
    "consciousness": Consciousness,
    "seizure": Seizure,
    "motor_weakness": MotorWeakness,
    "death_due_to": DeathDueTo,
}
_LISTS: dict[str, Any] = {
    "vasopressors": Vasopressor,
    "fever_masking_drugs": FeverMaskingDrug,
    "edema_or_raised_icp": EdemaOrRaisedIcp,
    "attributed_elsewhere": Sign,
}


def _list_text(choices: Any) -> st.SearchStrategy[str]:
    words = [word.value for word in choices]
    some = st.sets(st.sampled_from(words), min_size=1).map(
        lambda chosen: ";".join(w for w in words if w in chosen)
    )
    return st.just("none") | some


def _ice() -> st.SearchStrategy[dict[str, Any]]:
    items = st.fixed_dictionaries(
        {}, optional={name: st.integers(0, most) for name, most in ICE_ITEMS.items()}
    )
    scored = st.tuples(items, st.none() | st.integers(0, 10)).map(
        lambda pair: pair[0] | ({} if pair[1] is None else {"ice_score": pair[1]})
    )
    return scored | st.sampled_from(IceNotDone).map(lambda why: {"ice_not_done": why.value})


recorded = st.builds(
    lambda columns, ice: {**columns, **ice},
    st.fixed_dictionaries(
        {},
        optional={
            "temperature_c": st.floats(25, 45),
            "systolic_mmhg": st.floats(20, 300),
            "spo2_percent": st.floats(1, 100),
            "heart_rate_per_min": st.floats(0, 300),
            "oxygen_l_per_min": st.floats(0, 80),
            "comment": st.text(min_size=1).filter(str.strip),
            **{name: st.sampled_from([word.value for word in words]) for name, words in _WORDS.items()},
            **{name: _list_text(words) for name, words in _LISTS.items()},
        },
    ),
    _ice(),
)


@given(recorded)
def test_a_correction_that_changes_nothing_records_the_same_columns(columns: dict[str, Any]) -> None:
    assert columns_of(answers_of(columns)) == columns


@given(recorded)
def test_a_draft_comes_back_as_it_was_kept(columns: dict[str, Any]) -> None:
    kept = json.loads(json.dumps(answers_of(columns)))
    assert columns_of(kept) == columns


def test_an_untouched_form_records_nothing() -> None:
    assert columns_of({}) == {}
    assert columns_of({"support": [], "ice": None, "comment": "", "fever_masking_drugs": []}) == {}


def test_none_of_these_writes_every_sign_of_its_block_and_of_no_other() -> None:
    assert columns_of({"support": ["none"]}) == {"iv_fluid_bolus": "no", "vasopressors": "none"}
    assert columns_of({"neurology": ["none"]}) == {
        "seizure": "none",
        "motor_weakness": "none",
        "edema_or_raised_icp": "none",
    }


@pytest.mark.parametrize(
    ("answers", "columns"),
    [
        ({"support": ["iv_fluid_bolus"]}, {"iv_fluid_bolus": "yes"}),
        (
            {"support": ["iv_fluid_bolus"], "support_absent": ["vasopressors"]},
            {"iv_fluid_bolus": "yes", "vasopressors": "none"},
        ),
        ({"support": ["vasopressors"]}, {}),
        (
            {"support": ["vasopressors"], "vasopressors": ["norepinephrine"]},
            {"vasopressors": "norepinephrine"},
        ),
        ({"vasopressors": ["norepinephrine"]}, {}),
        ({"neurology": ["seizure"], "seizure": "brief"}, {"seizure": "brief"}),
        ({"neurology": ["motor_weakness"]}, {"motor_weakness": "deep_focal"}),
    ],
)
def test_a_tick_records_its_own_sign_and_leaves_the_others_not_recorded(
    answers: dict[str, Any], columns: dict[str, Any]
) -> None:
    assert columns_of(answers) == columns


def test_what_was_ticked_without_its_kind_is_asked_for() -> None:
    answers = {"support": ["vasopressors", "iv_fluid_bolus"], "neurology": ["seizure", "motor_weakness"]}
    assert unanswered_kinds(answers) == ["vasopressors", "seizure"]
    assert unanswered_kinds({**answers, "vasopressors": ["other"], "seizure": "brief"}) == []


def test_items_hidden_by_another_answer_are_not_recorded() -> None:
    answers = {"ice": "not_done", "ice_not_done": "asleep", "ice_naming": 2, "ice_score": 8}
    assert columns_of(answers) == {"ice_not_done": "asleep"}
    assert columns_of({**answers, "ice": "all"}) == dict(ICE_ITEMS)
