"""CTCAE v5.0: below, on and above each limit; units, what is missing, reasons and refusals."""

from math import inf, nan

import pytest

from grading.ctcae_tables import Infection, Term
from grading.ctcae_v5 import (
    TERMS,
    grade_febrile_neutropenia,
    grade_fever,
    grade_infection,
    grade_lab,
)
from grading.units import Analyte, LabValue

ANC_LOW = LabValue(0.9, "10^9/L")


@pytest.mark.parametrize(
    ("analyte", "unit", "lln", "limits"),
    [
        ("anc", "10^9/L", 1.8, (1.5, 1.0, 0.5)),
        ("anc", "cells/uL", 1800, (1500, 1000, 500)),
        ("platelets", "10^9/L", 125, (75, 50, 25)),
        ("hemoglobin", "g/L", 130, (100, 80)),
        ("hemoglobin", "g/dL", 13, (10.0, 8.0)),
        ("wbc", "10^3/uL", 3.5, (3.0, 2.0, 1.0)),
        ("lymphocytes", "10^9/L", 1.1, (0.8, 0.5, 0.2)),
        ("lymphocytes", "/uL", 1100, (800, 500, 200)),
    ],
)
def test_the_milder_grade_of_a_count_owns_its_lower_bound(
    analyte: str, unit: str, lln: float, limits: tuple[float, ...]
) -> None:
    step = limits[-1] / 100
    for worse, limit in enumerate((lln, *limits), 1):
        assert grade_lab(analyte, limit + step, unit, lln=lln).grade == worse - 1
        assert grade_lab(analyte, limit, unit, lln=lln).grade == worse - 1
        assert grade_lab(analyte, limit - step, unit, lln=lln).grade == worse


@pytest.mark.parametrize("analyte", ["alt", "ast"])
@pytest.mark.parametrize(
    ("times", "normal", "abnormal"),
    [
        (1, 0, 0),
        (1.01, 1, 0),
        (1.49, 1, 0),
        (1.5, 1, 1),
        (3, 1, 1),
        (3.01, 2, 2),
        (5, 2, 2),
        (5.01, 3, 3),
        (20, 3, 3),
        (20.01, 4, 4),
    ],
)
def test_transaminases_are_multiples_of_uln_or_abnormal_baseline(
    analyte: str, times: float, normal: int, abnormal: int
) -> None:
    value = round(40 * times, 1)
    assert grade_lab(analyte, value, "U/L", uln=40, baseline=40).grade == normal
    assert grade_lab(analyte, value, "U/L", uln=40, baseline=12).grade == normal
    assert grade_lab(analyte, value, "U/L", uln=39, baseline=40).grade == abnormal


@pytest.mark.parametrize(
    ("times", "grade"),
    [(1, 0), (1.01, 1), (1.5, 1), (1.51, 2), (3, 2), (3.01, 3), (10, 3), (10.01, 4)],
)
def test_bilirubin_is_a_multiple_of_uln_or_abnormal_baseline(times: float, grade: int) -> None:
    assert grade_lab("bilirubin", 20 * times, "umol/L", uln=20, baseline=20).grade == grade
    assert grade_lab("bilirubin", 30 * times, "umol/L", uln=20, baseline=30).grade == grade


@pytest.mark.parametrize(
    ("value", "baseline", "grade"),
    [
        (100, 100, 0),
        (101, 100, 1),
        (150, 100, 1),
        (151, 100, 2),
        (300, 100, 2),
        (301, 101, 3),
        (600, 300, 3),
        (601, 300, 4),
        (90, 60, 0),
        (91, 60, 2),
        (180, 60, 2),
        (181, 60, 3),
    ],
)
def test_creatinine_is_the_worse_of_uln_and_baseline(value: float, baseline: float, grade: int) -> None:
    assert grade_lab("creatinine", value, "umol/L", uln=100, baseline=baseline).grade == grade


@pytest.mark.parametrize(
    ("value", "grade"),
    [(4, 0), (3.99, 1), (3, 1), (2.99, 2), (2, 2), (1.99, 3), (1, 3), (0.99, 4), (0.5, 4)],
)
def test_fibrinogen_with_a_normal_baseline_is_a_part_of_the_lln(value: float, grade: int) -> None:
    assert grade_lab("fibrinogen", value, "g/L", lln=4, baseline=4).grade == grade
    assert grade_lab("fibrinogen", value * 100, "mg/dL", lln=400, baseline=900).grade == grade


@pytest.mark.parametrize(
    ("value", "grade"),
    [(3, 0), (2.4, 0), (2.39, 1), (1.81, 1), (1.8, 2), (1.21, 2), (1.2, 3), (0.61, 3), (0.6, 4)],
)
def test_fibrinogen_with_an_abnormal_baseline_is_a_fall(value: float, grade: int) -> None:
    assert grade_lab("fibrinogen", value, "g/L", lln=3, baseline=2.4).grade == grade


def test_fibrinogen_below_half_a_gram_is_grade_4_whatever_else() -> None:
    assert grade_lab("fibrinogen", 0.49, "g/L").grade == 4
    assert grade_lab("fibrinogen", 0.49, "g/L", lln=0.5, baseline=0.49).grade == 4
    assert grade_lab("fibrinogen", 0.5, "g/L", lln=0.5, baseline=0.6).grade == 0


def test_decimal_limits_are_met_exactly() -> None:
    # In binary 3 x 1.2 is less than 3.6, which would make it grade 2.
    assert grade_lab("bilirubin", 3.6, "mg/dL", uln=1.2, baseline=1.0).grade == 2
    assert grade_lab("creatinine", 3.6, "mg/dL", uln=1.2, baseline=1.2).grade == 2
    assert grade_lab("fibrinogen", 0.9, "g/L", lln=1.2, baseline=1.2).grade == 1


@pytest.mark.parametrize(
    ("analyte", "value", "limits", "bounds", "missing"),
    [
        ("anc", 1.5, {}, (0, 1), ("lln",)),
        ("anc", 1.49, {}, (2, 2), ()),
        ("anc", 1.45, {"lln": 1.4}, (2, 2), ()),
        ("alt", 40, {"uln": 40}, (0, 0), ()),
        ("alt", 900, {"uln": 40}, (0, 4), ("baseline",)),
        ("alt", 90, {"baseline": 30}, (0, 1), ("uln",)),
        ("alt", 30, {"baseline": 30}, (0, 0), ()),
        ("alt", 30, {}, (0, 4), ("uln", "baseline")),
        ("alt", 0, {}, (0, 0), ()),
        ("creatinine", 120, {"uln": 100}, (1, 3), ("baseline",)),
        ("creatinine", 310, {"uln": 100}, (3, 3), ()),
        ("creatinine", 200, {"baseline": 100}, (2, 4), ("uln",)),
        ("creatinine", 90, {}, (0, 4), ("uln", "baseline")),
        ("creatinine", 0, {}, (0, 0), ()),
        ("fibrinogen", 2, {"lln": 2}, (0, 0), ()),
        ("fibrinogen", 1.4, {"lln": 2}, (0, 2), ("baseline",)),
        ("fibrinogen", 1.4, {"baseline": 2}, (0, 2), ("lln",)),
        ("fibrinogen", 2, {"baseline": 2}, (0, 0), ()),
        ("fibrinogen", 2, {}, (0, 4), ("lln", "baseline")),
    ],
)
def test_what_is_missing_leaves_the_grade_open_where_it_matters(
    analyte: str, value: float, limits: dict[str, float], bounds: tuple[int, int], missing: tuple[str, ...]
) -> None:
    unit = {"anc": "10^9/L", "alt": "U/L", "creatinine": "umol/L", "fibrinogen": "g/L"}[analyte]
    found = grade_lab(analyte, value, unit, **limits)
    assert (found.at_least, found.at_most, found.missing) == (*bounds, missing)
    assert found.grade == (bounds[0] if bounds[0] == bounds[1] else None)


@pytest.mark.parametrize(
    ("result", "reasons"),
    [
        (grade_lab("anc", 0.4, "10^9/L"), ("ANC 0.4 10^9/L", "below 0.5")),
        (grade_lab("anc", 700, "cells/uL"), ("ANC 700 cells/uL (0.7 10^9/L)", "below 1")),
        (grade_lab("anc", 2, "10^9/L"), ("ANC 2 10^9/L", "LLN not recorded")),
        (grade_lab("wbc", 4, "10^9/L", lln=3.5), ("white cells 4 10^9/L", "not below LLN 3.5")),
        (grade_lab("alt", 130, "U/L", uln=40, baseline=30), ("ALT 130 U/L", "above 3 x ULN 40")),
        (grade_lab("alt", 50, "U/L", uln=40, baseline=30), ("ALT 50 U/L", "above ULN 40")),
        (
            grade_lab("alt", 80, "U/L", uln=40, baseline=60),
            ("ALT 80 U/L", "below 1.5 x abnormal baseline 60"),
        ),
        (
            grade_lab("alt", 90, "U/L", uln=40, baseline=60),
            ("ALT 90 U/L", "at least 1.5 x abnormal baseline 60"),
        ),
        (
            grade_lab("bilirubin", 70, "umol/L", uln=20, baseline=30),
            ("bilirubin 70 umol/L", "above 1.5 x abnormal baseline 30"),
        ),
        (
            grade_lab("creatinine", 400, "umol/L", uln=100, baseline=90),
            ("creatinine 400 umol/L", "above 3 x ULN 100, above 3 x baseline 90"),
        ),
        (
            grade_lab("creatinine", 90, "umol/L"),
            ("creatinine 90 umol/L", "ULN and baseline not recorded"),
        ),
        (
            grade_lab("fibrinogen", 1.4, "g/L", lln=2, baseline=3),
            ("fibrinogen 1.4 g/L", "below 0.75 x LLN 2"),
        ),
        (
            grade_lab("fibrinogen", 1.5, "g/L", lln=2, baseline=1.6),
            ("fibrinogen 1.5 g/L", "a fall from the abnormal baseline 1.6"),
        ),
        (
            grade_lab("fibrinogen", 80, "mg/dL", lln=200, baseline=160),
            ("fibrinogen 80 mg/dL (0.8 g/L)", "a fall of 50 % or more from the abnormal baseline 1.6"),
        ),
        (
            grade_lab("fibrinogen", 1.7, "g/L", lln=2, baseline=1.6),
            ("fibrinogen 1.7 g/L", "no fall from the baseline 1.6"),
        ),
    ],
)
def test_the_reasons_name_the_comparison_that_decided(result: object, reasons: tuple[str, ...]) -> None:
    assert getattr(result, "reasons") == reasons  # noqa: B009


def test_notes_say_what_a_number_cannot() -> None:
    transfusion = (
        "Transfusion indicated makes it grade 3, life-threatening 4: the clinician's, not the number's."
    )
    assert grade_lab("hemoglobin", 79, "g/L").notes == (transfusion,)
    assert grade_lab("hemoglobin", 140, "g/L", lln=130).notes == ()
    assert grade_lab("alt", 130, "U/L", uln=40).notes == ("With a normal baseline it would be grade 2.",)
    asked = "ANC 0.5 cells/uL is outside 0.01 to 100 10^9/L: check the value and its unit."
    assert grade_lab("anc", 0.5, "cells/uL").notes == (asked,)
    assert grade_lab("anc", 500, "10^9/L", lln=2).notes == (
        "ANC 500 10^9/L is outside 0.01 to 100 10^9/L: check the value and its unit.",
    )


def test_a_grade_carries_its_term_and_edition() -> None:
    found = grade_lab("platelets", 20, "10^9/L")
    assert (found.scale, found.ruleset) == (Term.PLATELETS, "CTCAE v5.0, rules 1.0")
    assert found.sentence() == "Platelet count decreased grade 4: platelets 20 10^9/L, below 25."


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (("anc", 500, None), "The unit of ANC is not given: enter 10^9/L, "),
        (("anc", 500, "  "), "The unit of ANC is not given"),
        (("anc", 500, "g/L"), "'g/L' is not a unit of ANC here: use 10^9/L, "),
        (("anc", 500, "K/uL"), "'K/uL' is not a unit of ANC"),
        (("anc", -1, "10^9/L"), "The value of ANC is -1: enter a number of 0 or more"),
        (("anc", nan, "10^9/L"), "The value of ANC is nan"),
        (("anc", inf, "10^9/L"), "The value of ANC is inf"),
        (("anc", 1, "10^9/L", 0), "The LLN of ANC is 0: enter it, or leave it empty"),
        (("alt", 1, "U/L", None, -3), "The ULN of ALT is -3"),
        (("alt", 1, "U/L", None, 40, 0), "The baseline of ALT is 0"),
        (("alt", 1, "U/L", 40, 40), "The LLN of ALT is not below its ULN (40 and 40): check both"),
        (("potassium", 4, "mmol/L"), "'potassium' is no analyte here: use one of anc, platelets"),
        (("ldh", 400, "U/L"), "LDH has no grade in CTCAE here: use one of anc"),
    ],
)
def test_what_cannot_be_graded_is_refused_in_a_sentence(call: tuple[object, ...], sentence: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        grade_lab(*call)  # type: ignore[arg-type]
    assert sentence in str(refused.value)


def test_the_ten_analytes_of_the_trial_are_graded() -> None:
    assert (
        " ".join(TERMS) == "anc platelets hemoglobin wbc lymphocytes alt ast bilirubin creatinine fibrinogen"
    )


@pytest.mark.parametrize(
    ("temperature_c", "hours", "grade"),
    [
        (37.9, None, 0),
        (37.96, None, 0),
        (38.0, None, 1),
        (39.0, None, 1),
        (39.1, None, 2),
        (40.0, None, 2),
        (40.1, 24, 3),
        (40.1, 24.5, 4),
    ],
)
def test_fever_is_graded_by_temperature_and_hours(
    temperature_c: float, hours: float | None, grade: int
) -> None:
    assert grade_fever(temperature_c, hours).grade == grade


def test_fever_without_its_hours_or_its_temperature_is_open() -> None:
    found = grade_fever(40.5)
    assert (found.grade, found.at_least, found.at_most) == (None, 3, 4)
    assert found.missing == ("hours_above_40_c",)
    found = grade_fever(None)
    assert (found.grade, found.at_least, found.at_most, found.missing) == (None, 0, 4, ("temperature_c",))
    assert grade_fever(40.5, 30).reasons == ("temperature 40.5 °C", "30 h above 40.0 °C")
    with pytest.raises(ValueError, match="The temperature is nan: enter it in °C"):
        grade_fever(nan)


@pytest.mark.parametrize(
    ("anc", "temperature_c", "hours", "grade"),
    [
        (0.99, 38.4, None, 3),
        (1.0, 38.4, None, 0),
        (0.99, 38.3, 1, 0),
        (0.99, 38.3, 1.5, 3),
        (0.99, 38.0, 1.5, 3),
        (0.99, 37.9, 9, 0),
    ],
)
def test_febrile_neutropenia_needs_both(
    anc: float, temperature_c: float, hours: float | None, grade: int
) -> None:
    for value in (LabValue(anc, "10^9/L"), LabValue(anc * 1000, "cells/uL")):
        assert grade_febrile_neutropenia(value, temperature_c, hours, life_threatening=False).grade == grade
        worse = grade_febrile_neutropenia(value, temperature_c, hours, life_threatening=True)
        assert worse.grade == (4 if grade else 0)


@pytest.mark.parametrize(
    ("anc", "temperature_c", "hours", "threat", "bounds", "missing"),
    [
        (None, None, None, None, (0, 4), ("anc", "temperature_c", "life_threatening")),
        (None, 38.5, None, False, (0, 3), ("anc",)),
        (None, 37.5, None, None, (0, 0), ()),
        (ANC_LOW, None, None, False, (0, 3), ("temperature_c",)),
        (ANC_LOW, 38.2, None, True, (0, 4), ("hours_from_38_c",)),
        (ANC_LOW, 38.5, None, None, (3, 4), ("life_threatening",)),
        (LabValue(3, "10^9/L"), None, None, None, (0, 0), ()),
    ],
)
def test_febrile_neutropenia_names_what_is_missing(
    anc: LabValue | None,
    temperature_c: float | None,
    hours: float | None,
    threat: bool | None,
    bounds: tuple[int, int],
    missing: tuple[str, ...],
) -> None:
    found = grade_febrile_neutropenia(anc, temperature_c, hours, threat)
    assert (found.at_least, found.at_most, found.missing) == (*bounds, missing)
    assert found.grade == (bounds[0] if bounds[0] == bounds[1] else None)


def test_febrile_neutropenia_gives_its_reasons() -> None:
    found = grade_febrile_neutropenia(LabValue(0.9, "10^9/L"), 38.2, 2, life_threatening=False)
    assert found.reasons == ("ANC 0.9 10^9/L", "temperature 38.2 °C, 2 h of 38.0 °C or more")
    assert grade_febrile_neutropenia(None, None).reasons == ("nothing recorded",)
    with pytest.raises(ValueError, match="The unit of ANC is not given"):
        grade_febrile_neutropenia(LabValue(0.9, None), 38.5)


@pytest.mark.parametrize(
    ("infection", "grade", "septic"),
    [
        (Infection.NOT_TREATED, 1, 3),
        (Infection.ORAL, 2, 3),
        (Infection.INTRAVENOUS, 3, 3),
        (Infection.LIFE_THREATENING, 4, 4),
        (Infection.DEATH, 5, 5),
    ],
)
def test_infection_is_graded_by_what_it_needed(infection: Infection, grade: int, septic: int) -> None:
    assert (grade_infection(infection).grade, grade_infection(infection).scale) == (grade, Term.INFECTION)
    found = grade_infection(infection, sepsis=True)
    assert (found.grade, found.scale, found.reasons[0]) == (septic, Term.SEPSIS, "sepsis")


def test_every_analyte_has_a_name_for_sentences() -> None:
    assert [analyte.label for analyte in Analyte][:3] == ["ANC", "platelets", "hemoglobin"]
