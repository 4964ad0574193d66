"""EASIX, m-EASIX, CAR-HEMATOTOX, NEWS2 and the IEC-HS flag: limits, units, and what is missing."""

from fractions import Fraction
from itertools import product
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.scores import LabValue, car_hematotox, easix, iec_hs_flag, m_easix, news2
from tests.second_opinion import laboratory as slow

LDH = LabValue(300, "U/L")
PLATELETS = LabValue(150, "10^9/L")
WELL = {
    "respiratory_rate": 16.0,
    "spo2_percent": 97.0,
    "on_oxygen": False,
    "systolic_mmhg": 120.0,
    "pulse_per_min": 70.0,
    "alert": True,
    "temperature_c": 37.0,
}


def news2_of(**signs: object) -> object:
    return news2(**(WELL | signs)).value  # type: ignore[arg-type]


def test_easix_is_ldh_times_creatinine_by_platelets() -> None:
    assert easix(LDH, LabValue(1.2, "mg/dL"), PLATELETS).value == 2.4
    assert easix(LDH, LabValue(88.4, "umol/L"), PLATELETS).value == 2
    assert easix(LDH, LabValue(1.2, "mg/dL"), LabValue(150_000, "/uL")).value == 2.4
    assert easix(LDH, LabValue(1.2, "mg/dL"), PLATELETS).reasons == (
        "LDH 300 U/L",
        "creatinine 1.2 mg/dL",
        "platelets 150 10^9/L",
    )


def test_m_easix_takes_crp_in_mg_per_dl() -> None:
    assert m_easix(LDH, LabValue(5, "mg/dL"), PLATELETS).value == 10
    assert m_easix(LDH, LabValue(50, "mg/L"), PLATELETS).value == 10
    doubtful = m_easix(LDH, LabValue(150, "mg/dL"), PLATELETS)
    assert doubtful.notes == ("CRP 150 mg/dL is outside 0.01 to 80 mg/dL: check the value and its unit.",)


@pytest.mark.parametrize("unit", [None, "", " "])
def test_a_missing_unit_is_asked_for(unit: str | None) -> None:
    with pytest.raises(ValueError, match="The unit of CRP is not given: enter mg/dL or mg/L"):
        m_easix(LDH, LabValue(50, unit), PLATELETS)


def test_a_bare_number_is_refused_and_a_plain_pair_is_read() -> None:
    with pytest.raises(ValueError, match="CRP: 50 without a unit: enter value and unit"):
        m_easix(LDH, 50, PLATELETS)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="platelets: 70 without a unit"):
        car_hematotox(70, None, None, None, None)  # type: ignore[arg-type]
    assert m_easix((300, "U/L"), (50, "mg/L"), (150, "10^9/L")).value == 10  # type: ignore[arg-type]


def test_platelets_of_0_are_refused() -> None:
    for score in (easix, m_easix):
        with pytest.raises(ValueError, match=r"Platelets are 0: .*EASIX divides by them and has no value"):
            score(LDH, None, LabValue(0, "10^9/L"))


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_an_index_without_an_input_has_no_value(gone: int) -> None:
    inputs = [LDH, LabValue(1, "mg/dL"), PLATELETS]
    names = (("ldh", "creatinine", "platelets"), ("ldh", "crp", "platelets"))
    given_ = [None if place == gone else each for place, each in enumerate(inputs)]
    for score, missing in zip((easix, m_easix), names, strict=True):
        found = score(*given_)
        assert (found.value, found.at_most, found.missing) == (None, None, (missing[gone],))
        assert found.reasons[gone].endswith("not recorded")


HEMATOTOX = {
    "platelets": ("10^9/L", (176, 175, 100, 75, 74.9)),
    "anc": ("cells/uL", (1200, 1199, 0)),
    "hemoglobin": ("g/dL", (9.0, 8.9)),
    "crp": ("mg/dL", (2.9, 3.0)),
    "ferritin": ("ng/mL", (649, 650, 2000, 2001)),
}


def test_car_hematotox_gives_what_the_second_typing_gives() -> None:
    units = [unit for unit, _ in HEMATOTOX.values()]
    for values in product(*(values for _, values in HEMATOTOX.values())):
        found = car_hematotox(*(LabValue(value, unit) for value, unit in zip(values, units, strict=True)))
        expected = slow.hematotox(*(Fraction(str(value)) for value in values))
        assert (found.value, found.high, found.missing) == (expected, expected >= 2, ())


def test_car_hematotox_is_high_or_not_as_soon_as_that_is_proved() -> None:
    high = car_hematotox(LabValue(70, "10^9/L"), None, None, None, None)
    assert (high.value, high.at_least, high.at_most, high.high) == (None, 2, 7, True)
    assert high.missing == ("anc", "hemoglobin", "crp", "ferritin")
    platelets, anc, hemoglobin = LabValue(200, "10^9/L"), LabValue(3, "10^9/L"), LabValue(120, "g/L")
    crp, ferritin = LabValue(5, "mg/L"), LabValue(100, "ug/L")
    assert car_hematotox(platelets, anc, hemoglobin, None, ferritin).high is False
    assert car_hematotox(platelets, anc, hemoglobin, crp, None).high is None
    assert car_hematotox(platelets, anc, hemoglobin, crp, ferritin).reasons[3] == "CRP 5 mg/L: 0"


@pytest.mark.parametrize("sign", slow.NEWS2)
def test_news2_gives_what_the_second_typing_gives(sign: str) -> None:
    for value, points in slow.NEWS2[sign].items():
        assert news2_of(**{sign: float(value)}) == points, value


@pytest.mark.parametrize(
    ("sign", "value", "points"),
    [
        ("respiratory_rate", 8.5, 3),
        ("respiratory_rate", 11.5, 1),
        ("respiratory_rate", 20.5, 2),
        ("respiratory_rate", 24.5, 3),
        ("spo2_percent", 91.5, 3),
        ("spo2_percent", 95.5, 1),
        ("systolic_mmhg", 90.5, 3),
        ("systolic_mmhg", 219.5, 3),
        ("pulse_per_min", 40.5, 3),
        ("pulse_per_min", 90.5, 1),
        ("temperature_c", 35.04, 3),
        ("temperature_c", 35.05, 1),
        ("temperature_c", 38.04, 0),
        ("temperature_c", 38.05, 1),
        ("temperature_c", 39.05, 2),
    ],
)
def test_between_two_bands_news2_takes_the_worse_and_rounds_only_the_temperature(
    sign: str, value: float, points: int
) -> None:
    assert news2_of(**{sign: value}) == points


def test_news2_counts_oxygen_and_consciousness() -> None:
    assert news2_of() == 0
    assert news2_of(on_oxygen=True) == 2
    assert news2_of(alert=False) == 3
    worst = news2(30, 80, True, 80, 140, False, 34)
    assert worst.value == 20
    assert worst.reasons[2] == "oxygen: 2"
    assert worst.reasons[5] == "not alert or newly confused: 3"


@given(st.sets(st.sampled_from(sorted(WELL))), st.booleans())
def test_what_is_missing_in_news2_is_neither_normal_nor_lost(gone: set[str], ill: bool) -> None:
    signs = WELL | ({"respiratory_rate": 30.0, "alert": False} if ill else {})
    found = news2(**(signs | dict.fromkeys(gone)))  # type: ignore[arg-type]
    complete = news2(**signs).value  # type: ignore[arg-type]
    assert complete is not None
    assert found.missing == tuple(name for name in WELL if name in gone)
    assert found.value == (None if gone else complete)
    assert found.at_most is not None
    assert found.at_least <= complete <= found.at_most
    assert sum("not recorded" in reason for reason in found.reasons) == len(gone)


@pytest.mark.parametrize(
    ("sign", "value"),
    [
        ("spo2_percent", 101),
        ("temperature_c", 100.4),
        ("temperature_c", 50.1),
        ("pulse_per_min", 501),
        ("respiratory_rate", -1),
        ("pulse_per_min", nan),
        ("systolic_mmhg", inf),
    ],
)
def test_a_sign_that_is_no_number_of_its_unit_is_refused(sign: str, value: float) -> None:
    with pytest.raises(ValueError, match="enter it in"):
        news2_of(**{sign: value})


def test_a_sign_at_the_end_of_what_is_accepted_is_scored() -> None:
    assert news2_of(temperature_c=50.0) == 2
    assert news2_of(pulse_per_min=500.0) == 3
    assert news2_of(respiratory_rate=0.0) == 3


FERRITIN = LabValue(801, "ng/mL", uln=400, baseline=5000)
CALM = LabValue(800, "ng/mL", uln=400, baseline=5000)
ALT = LabValue(201, "U/L", uln=40, baseline=100)
WELL_ALT = LabValue(200, "U/L", uln=40, baseline=100)
FIBRINOGEN = LabValue(2.0, "g/L", lln=2.0)


def flag(**changed: object) -> object:
    inputs = {
        "ferritin": FERRITIN,
        "alt": WELL_ALT,
        "ast": WELL_ALT,
        "fibrinogen": FIBRINOGEN,
        "ferritin_rising_fast": False,
        "grade_4_cytopenia": False,
        "better_explained": False,
    }
    return iec_hs_flag(**(inputs | changed)).suspected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("organ", "value", "suspected"),
    [
        ("alt", ALT, True),
        ("ast", ALT, True),
        ("alt", WELL_ALT, False),
        ("alt", LabValue(101, "U/L", uln=40, baseline=20), True),
        ("fibrinogen", LabValue(1.49, "g/L"), True),
        ("fibrinogen", LabValue(1.5, "g/L", lln=1.5), False),
        ("fibrinogen", LabValue(199, "mg/dL", lln=200), True),
        ("fibrinogen", LabValue(200, "mg/dL", lln=200), False),
        ("grade_4_cytopenia", True, True),
    ],
)
def test_iec_hs_needs_ferritin_and_one_of_its_signs(organ: str, value: object, suspected: bool) -> None:
    assert flag(**{organ: value}) is suspected
    assert flag(**{organ: value}, ferritin=CALM) is False
    assert flag(**{organ: value}, ferritin=CALM, ferritin_rising_fast=True) is suspected
    assert flag(**{organ: value}, ferritin=None, ferritin_rising_fast=True) is suspected
    assert flag(**{organ: value}, better_explained=True) is False
    assert flag(**{organ: value}, better_explained=None) is suspected


@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({"alt": None}, ("alt",)),
        (
            {"alt": LabValue(30, "U/L"), "fibrinogen": LabValue(3, "g/L")},
            ("alt_uln", "alt_baseline", "fibrinogen_lln"),
        ),
        ({"grade_4_cytopenia": None, "fibrinogen": None}, ("fibrinogen", "grade_4_cytopenia")),
        (
            {"alt": ALT, "ferritin": LabValue(500, "ng/mL", uln=400), "ferritin_rising_fast": None},
            ("ferritin_baseline", "ferritin_rising_fast"),
        ),
        ({"alt": ALT, "ferritin": None}, ("ferritin",)),
    ],
)
def test_iec_hs_is_open_while_what_is_missing_decides(
    changed: dict[str, object], missing: tuple[str, ...]
) -> None:
    inputs: dict[str, object] = {
        "ferritin": FERRITIN,
        "alt": WELL_ALT,
        "ast": WELL_ALT,
        "fibrinogen": FIBRINOGEN,
        "ferritin_rising_fast": False,
        "grade_4_cytopenia": False,
    }
    found = iec_hs_flag(**(inputs | changed))  # type: ignore[arg-type]
    assert (found.suspected, found.missing) == (None, missing)


def test_iec_hs_gives_its_reasons_and_asks_for_another_explanation() -> None:
    both = LabValue(1500, "ng/mL", uln=400, baseline=300)
    found = iec_hs_flag(both, ALT, None, LabValue(1, "g/L"), grade_4_cytopenia=True)
    assert found.suspected is True
    assert found.reasons == (
        "ferritin 1500 ng/mL, above 2 x ULN and baseline",
        "ALT 201 U/L, above 5 x ULN",
        "fibrinogen 1 g/L, below 1.5 g/L",
        "new or refractory grade 4 cytopenia",
    )
    assert found.notes == ("Is it better explained by CRS, infection or lymphoma?",)
    explained = iec_hs_flag(both, ALT, None, None, better_explained=True)
    assert explained.reasons[-1] == "better explained by CRS, infection or lymphoma"
    assert (
        iec_hs_flag(LabValue(0.1, "ng/mL"), None, None, None)
        .notes[0]
        .startswith("ferritin 0.1 ng/mL is outside")
    )


def test_iec_hs_asks_for_a_unit() -> None:
    with pytest.raises(ValueError, match="The unit of ferritin is not given"):
        iec_hs_flag(LabValue(1500, None), None, None, None)
    with pytest.raises(ValueError, match="The unit of fibrinogen is not given"):
        iec_hs_flag(None, None, None, LabValue(1, ""))
