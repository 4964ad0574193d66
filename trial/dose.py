"""The dose of an infusion against the planned one."""

from dataclasses import dataclass
from math import isfinite
from typing import Final

from trial.clearance import exact

_SAME_WITHIN: Final = 0.01
"""A dose given in cells/kg and one computed from the cells and the weight agree within this share."""


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose beside the planned one.

    cells_per_kg         computed from cells and weight, else as given; None while not yet known
    planned_cells        the planned cells for this weight; None without a weight
    deviation_percent    above the planned dose is positive; None while not yet known
    missing              what would be needed: `weight_kg`, `total_cells`
    notes                full sentences for the person entering it
    """

    cells_per_kg: float | None
    planned_cells_per_kg: float
    planned_cells: float | None
    deviation_percent: float | None
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def words(self) -> str:
        """The dose as a phrase: "1.9 x 10^6 cells/kg, 5 % below the planned 2 x 10^6"."""
        planned = f"planned {self.planned_cells_per_kg / 1e6:g} x 10^6"
        if self.cells_per_kg is None or self.deviation_percent is None:
            return f"dose not recorded, {planned} cells/kg"
        share = f"{abs(self.deviation_percent):.3g} %"
        way = "above" if self.deviation_percent > 0 else "below"
        against = f"{share} {way} the {planned}" if self.deviation_percent else f"as {planned}"
        return f"{self.cells_per_kg / 1e6:.6g} x 10^6 cells/kg, {against}"


def judge_dose(
    planned_cells_per_kg: float,
    *,
    weight_kg: float | None = None,
    total_cells: float | None = None,
    cells_per_kg: float | None = None,
) -> Dose:
    """Compare a dose with the planned one, from weight and total cells or from cells per kg.

    Raises:
        ValueError: a number is not above 0; one sentence for a person.
    """
    _check("The planned dose", planned_cells_per_kg, "cells/kg")
    _check("Weight", weight_kg, "kg")
    _check("The total of cells", total_cells, "cells")
    _check("The dose", cells_per_kg, "cells/kg")
    computed = _computed(weight_kg, total_cells)
    dose = cells_per_kg if computed is None else computed
    missing = () if dose is not None else _blank(weight_kg=weight_kg, total_cells=total_cells)
    return Dose(
        cells_per_kg=dose,
        planned_cells_per_kg=planned_cells_per_kg,
        planned_cells=None if weight_kg is None else float(exact(planned_cells_per_kg) * exact(weight_kg)),
        deviation_percent=None if dose is None else _deviation_percent(dose, planned_cells_per_kg),
        missing=missing,
        notes=dose_disagreement(weight_kg=weight_kg, total_cells=total_cells, cells_per_kg=cells_per_kg),
    )


def dose_disagreement(
    *, weight_kg: float | None, total_cells: float | None, cells_per_kg: float | None
) -> tuple[str, ...]:
    """Where cells and weight make another dose than the one given: the sentence to ask. Numbers above 0."""
    computed = _computed(weight_kg, total_cells)
    if computed is None or cells_per_kg is None or abs(cells_per_kg / computed - 1) <= _SAME_WITHIN:
        return ()
    return (
        f"Cells and weight make {computed:.4g} cells/kg, but {cells_per_kg:.4g} cells/kg is given. "
        "Check the weight, the cells and the dose.",
    )


def _computed(weight_kg: float | None, total_cells: float | None) -> float | None:
    if weight_kg is None or total_cells is None:
        return None
    return float(exact(total_cells) / exact(weight_kg))


def _check(label: str, value: float | None, unit: str) -> None:
    if value is not None and not (isfinite(value) and value > 0):
        raise ValueError(f"{label} must be above 0 {unit}, not {value:g}.")


def _blank(**values: float | None) -> tuple[str, ...]:
    return tuple(name for name, value in values.items() if value is None)


def _deviation_percent(dose: float, planned: float) -> float:
    return float((exact(dose) / exact(planned) - 1) * 100)
