"""The published rates, typed a second time from the specification, and how they are shown."""

import pytest

from grading.scale import Toxicity
from trial.reference_rates import REFERENCE_RATES

# Study: patients, CRS any and >= 3, neurologic any and >= 3.
TYPED = {
    "ZUMA-1": (108, 94, 13, 87, None),
    "ZUMA-7": (168, 92, 7, 74, 25),
    "US Lymphoma CAR T Consortium": (275, 91, 7, 69, 31),
    "CIBMTR": (533, 82, 9, 58, 19),
}


def test_the_rates_are_those_of_the_specification() -> None:
    by_study = {
        study: [one for one in REFERENCE_RATES if one.study == study]
        for study in dict.fromkeys(one.study for one in REFERENCE_RATES)
    }
    assert {
        study: (
            crs.patients,
            crs.any_percent,
            crs.from_3_percent,
            neurologic.any_percent,
            neurologic.from_3_percent,
        )
        for study, (crs, neurologic) in by_study.items()
    } == TYPED
    assert all(one.scale and one.source for one in REFERENCE_RATES)


def test_a_printed_share_is_shown_with_limits_of_its_own_number() -> None:
    zuma_1 = REFERENCE_RATES[0]
    rate = zuma_1.rate(zuma_1.from_3_percent)
    assert zuma_1.toxicity is Toxicity.CRS
    assert rate is not None
    assert (rate.events, rate.patients) == (14, 108)
    assert (rate.low, rate.high) == pytest.approx((0.0727, 0.2079), abs=5e-4)
    assert zuma_1.words(zuma_1.from_3_percent) == "13 % of 108 (7 to 21 %)"
    assert (zuma_1.rate(None), zuma_1.words(None)) == (None, "not stated")
    registry = next(one for one in REFERENCE_RATES if one.study == "CIBMTR")
    assert registry.words(registry.any_percent) == "about 82 % of 533 (78 to 85 %)"
