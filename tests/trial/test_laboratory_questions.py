"""What is asked once more about one sample: a part above its whole, another unit than before."""

from datetime import UTC, datetime, timedelta

import pytest

from grading.units import Analyte
from trial.laboratory import LabRow
from trial.laboratory_questions import last_of_each, questions_of_panel

TAKEN_AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def result(analyte: Analyte, value: float, unit: str, day: int = 0) -> LabRow:
    return LabRow(analyte, TAKEN_AT + timedelta(days=day), value, unit)


WBC = result(Analyte.WBC, 2.0, "10^9/L")


@pytest.mark.parametrize(
    ("part", "asked"),
    [
        (result(Analyte.ANC, 1.99, "10^9/L"), []),
        (result(Analyte.ANC, 2.0, "10^9/L"), []),
        (result(Analyte.ANC, 2000, "cells/uL"), []),
        (
            result(Analyte.ANC, 2001, "cells/uL"),
            ["ANC 2001 cells/uL is above the white cells, 2 10^9/L: check both."],
        ),
        (
            result(Analyte.LYMPHOCYTES, 2.1, "10^9/L"),
            ["Lymphocytes 2.1 10^9/L is above the white cells, 2 10^9/L: check both."],
        ),
        (result(Analyte.PLATELETS, 50, "10^9/L"), []),
    ],
)
def test_a_part_above_the_white_cells_is_asked_about(part: LabRow, asked: list[str]) -> None:
    assert questions_of_panel([WBC, part], {}) == asked


def test_without_white_cells_there_is_no_whole() -> None:
    assert questions_of_panel([result(Analyte.ANC, 9, "10^9/L")], {}) == []


def test_another_unit_is_asked_about_where_the_same_number_would_be_another_amount() -> None:
    before = last_of_each([result(Analyte.CRP, 60, "mg/L", 1), result(Analyte.CRP, 6, "mg/dL", 0)])
    assert before[Analyte.CRP].unit == "mg/L"
    assert questions_of_panel([result(Analyte.CRP, 55, "mg/L", 2)], before) == []
    assert questions_of_panel([result(Analyte.ANC, 1.2, "10^9/L", 2)], before) == []
    assert questions_of_panel([result(Analyte.CRP, 5.5, "mg/dL", 2)], before) == [
        "CRP is given in mg/dL and was in mg/L before. Is the unit right?"
    ]


def test_another_spelling_of_the_same_amount_is_not_asked_about() -> None:
    before = last_of_each([result(Analyte.ANC, 1.2, "10^9/L")])
    assert questions_of_panel([result(Analyte.ANC, 1.3, "10^3/uL", 1)], before) == []
