"""The facts of a screening through JSON and back, as a database keeps them."""

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from db.screening_json import facts_from_json, facts_to_json
from tests.support.soak import examples
from tests.trial.screened import WELL
from tests.trial.test_eligibility_properties import VALUES
from trial.screening_facts import PastEvent, RelapsedRefractory, ScreeningFacts

ANY_FACTS = st.builds(
    ScreeningFacts,
    **{
        name: st.just(getattr(ScreeningFacts(), name)) | values | st.just(getattr(WELL, name))
        for name, values in VALUES.items()
    },
)


@examples(60)
@given(ANY_FACTS)
def test_every_fact_comes_back_as_it_went_in(facts: ScreeningFacts) -> None:
    assert facts_from_json(json.loads(json.dumps(facts_to_json(facts), allow_nan=False))) == facts


def test_every_fact_is_kept() -> None:
    left_out = {"worst_crs", "worst_icans", "collection_acceptable"}  # not known of this patient
    assert set(facts_to_json(WELL)) == {one.name for one in fields(ScreeningFacts)} - left_out


def test_none_and_not_recorded_stay_apart() -> None:
    asked = replace(ScreeningFacts(), infections=(), infarction=PastEvent(False))
    assert facts_to_json(asked)["infections"] == []
    assert facts_from_json(facts_to_json(asked)).infections == ()
    assert facts_from_json(facts_to_json(ScreeningFacts())).infections is None


def test_the_same_facts_always_read_the_same() -> None:
    courses = frozenset(RelapsedRefractory)
    assert facts_to_json(replace(WELL, relapsed_refractory=courses))["relapsed_refractory"] == sorted(courses)


@pytest.mark.parametrize(
    "plain", [{"ecog": "well"}, {"histology": "sarcoma"}, {"judgements": {"consent": {}}}]
)
def test_what_are_no_facts_is_not_read(plain: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        facts_from_json(plain)
