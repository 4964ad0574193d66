"""The dose of an infusion beside the planned 2 x 10^6 cells/kg."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trial.screened import PROTOCOL
from trial.dose import judge_dose

PLANNED = PROTOCOL.planned_cells_per_kg


def test_weight_and_cells_make_the_dose_and_its_deviation() -> None:
    dose = judge_dose(PLANNED, weight_kg=61.5, total_cells=123e6)
    assert (dose.cells_per_kg, dose.planned_cells, dose.deviation_percent) == (2e6, 123e6, 0)
    assert dose.words() == "2 x 10^6 cells/kg, as planned 2 x 10^6"
    low = judge_dose(PLANNED, weight_kg=80, total_cells=152e6)
    assert (low.cells_per_kg, low.deviation_percent) == (1.9e6, -5)
    assert low.words() == "1.9 x 10^6 cells/kg, 5 % below the planned 2 x 10^6"
    assert judge_dose(PLANNED, cells_per_kg=2.2e6).words() == (
        "2.2 x 10^6 cells/kg, 10 % above the planned 2 x 10^6"
    )


@pytest.mark.parametrize(
    ("weight", "cells", "missing"),
    [(None, None, ("weight_kg", "total_cells")), (70, None, ("total_cells",)), (None, 1e8, ("weight_kg",))],
)
def test_what_is_missing_is_named(
    weight: float | None, cells: float | None, missing: tuple[str, ...]
) -> None:
    dose = judge_dose(PLANNED, weight_kg=weight, total_cells=cells)
    assert (dose.cells_per_kg, dose.deviation_percent, dose.missing) == (None, None, missing)
    assert dose.words() == "dose not recorded, planned 2 x 10^6 cells/kg"
    assert judge_dose(PLANNED, weight_kg=weight, total_cells=cells, cells_per_kg=2e6).missing == ()


def test_cells_and_weight_that_contradict_the_dose_are_noted() -> None:
    near = judge_dose(PLANNED, weight_kg=70, total_cells=140e6, cells_per_kg=2.01e6)
    assert near.notes == ()
    far = judge_dose(PLANNED, weight_kg=70, total_cells=140e6, cells_per_kg=2.1e6)
    assert far.cells_per_kg == 2e6
    assert far.notes == (
        "Cells and weight make 2e+06 cells/kg, but 2.1e+06 cells/kg is given. "
        "Check the weight, the cells and the dose.",
    )


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["weight_kg", "total_cells", "cells_per_kg"])
def test_a_number_must_be_above_0(name: str, value: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        judge_dose(PLANNED, **{name: value})
    with pytest.raises(ValueError, match="The planned dose must be above 0"):
        judge_dose(value)


@given(weight=st.floats(20, 400), share=st.floats(0.1, 10))
def test_the_planned_cells_of_a_weight_are_the_planned_dose(weight: float, share: float) -> None:
    planned = judge_dose(PLANNED, weight_kg=weight).planned_cells
    assert planned is not None
    dose = judge_dose(PLANNED, weight_kg=weight, total_cells=planned * share)
    assert dose.deviation_percent == pytest.approx((share - 1) * 100, abs=1e-6)
