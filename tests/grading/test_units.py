"""Units: a closed list for each analyte, exact conversion, and sentences for what is refused."""

from decimal import Decimal

import pytest

from grading.units import MEASURES, Analyte, convert, doubt, factor, write_decimal

BY_HAND = {
    ("10^9/L", "10^9/L"): "1",
    ("10*9/L", "10^9/L"): "1",
    ("10^3/uL", "10^9/L"): "1",
    ("10*3/uL", "10^9/L"): "1",
    ("cells/uL", "10^9/L"): "0.001",
    ("/uL", "10^9/L"): "0.001",
    ("cells/mm^3", "10^9/L"): "0.001",
    ("g/L", "g/L"): "1",
    ("g/dL", "g/L"): "10",
    ("mg/dL", "g/L"): "0.01",
    ("mg/dL", "mg/dL"): "1",
    ("mg/L", "mg/dL"): "0.1",
    ("U/L", "U/L"): "1",
    ("IU/L", "U/L"): "1",
    ("ng/mL", "ng/mL"): "1",
    ("ug/L", "ng/mL"): "1",
    ("pg/mL", "pg/mL"): "1",
    ("ng/L", "pg/mL"): "1",
    ("umol/L", "umol/L"): "1",
    ("mg/dL", "umol/L"): "17.1",
}


def test_every_listed_unit_is_converted_as_by_hand() -> None:
    for analyte, measure in MEASURES.items():
        for unit in measure.spellings:
            if (analyte, unit) != (Analyte.CREATININE, "umol/L"):
                assert factor(analyte, unit) == Decimal(BY_HAND[unit, measure.unit]), (analyte, unit)


def test_creatinine_is_divided_by_88_4() -> None:
    assert float(convert(Analyte.CREATININE, 88.4, "umol/L")) == 1
    assert float(convert(Analyte.CREATININE, 176.8, "umol/L")) == 2


def test_every_analyte_has_its_units_and_its_own_unit_among_them() -> None:
    assert set(MEASURES) == set(Analyte)
    assert all(measure.unit in measure.spellings for measure in MEASURES.values())


@pytest.mark.parametrize("unit", ["cells/µL", "cells/μL", " cells / uL ", "cells/uL"])
def test_signs_of_micro_and_blanks_are_read_alike(unit: str) -> None:
    assert convert(Analyte.ANC, 500, unit) == Decimal("0.5")


@pytest.mark.parametrize("unit", ["x10^9/L", "×10^9/L", "x 10^9/L"])
def test_a_times_sign_before_a_power_is_read(unit: str) -> None:
    assert convert(Analyte.PLATELETS, 150, unit) == 150


@pytest.mark.parametrize("unit", ["G/L", "K/uL", "mg/l", "g", "cells", "10^9", "mmol/L"])
def test_what_is_not_on_the_list_is_not_guessed(unit: str) -> None:
    for analyte in Analyte:
        with pytest.raises(ValueError, match="is not a unit of"):
            convert(analyte, 1, unit)


def test_a_result_no_patient_has_is_asked_about_and_0_is_not() -> None:
    assert doubt(Analyte.CRP, 300, "mg/L") is None
    assert doubt(Analyte.CRP, 300, "mg/dL") == (
        "CRP 300 mg/dL is outside 0.01 to 80 mg/dL: check the value and its unit."
    )
    assert doubt(Analyte.PLATELETS, 0, "10^9/L") is None
    assert doubt(Analyte.PLATELETS, 1, "10^9/L") is None
    assert doubt(Analyte.PLATELETS, 0.9, "10^9/L") is not None
    assert doubt(Analyte.PLATELETS, 3000, "10^9/L") is None
    assert doubt(Analyte.PLATELETS, 3001, "10^9/L") is not None


def test_numbers_are_written_without_idle_zeros() -> None:
    assert [write_decimal(Decimal(text)) for text in ("0.5000", "1E+2", "130", "1.0", "0")] == [
        "0.5",
        "100",
        "130",
        "1",
        "0",
    ]
