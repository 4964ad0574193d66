"""Creatinine clearance by Cockcroft and Gault, from actual body weight.

Source: Cockcroft DW, Gault MH. Prediction of creatinine clearance from serum creatinine. Nephron 1976;
16: 31-41: (140 - age) x weight / (72 x creatinine in mg/dL), times .85 in women.
"""

from fractions import Fraction
from typing import Final

UMOL_PER_L_IN_A_MG_PER_DL: Final = Fraction("88.4")
_WOMEN: Final = Fraction("0.85")


def exact(value: float) -> Fraction:
    """The decimal as it was typed: a limit is met on the very value, whatever floats make of products."""
    return Fraction(str(value))


def clearance_ml_per_min(
    age_years: float, weight_kg: float, creatinine_umol_per_l: float, *, woman: bool
) -> Fraction:
    """Creatinine clearance in mL/min.

    Raises:
        ValueError: age, weight or creatinine cannot be; one sentence for a person.
    """
    if not 0 <= age_years < 140:
        raise ValueError(f"Age must be from 0 to 139 years, not {age_years:g}.")
    if weight_kg <= 0 or creatinine_umol_per_l <= 0:
        raise ValueError(
            f"Weight and creatinine must be above 0, not {weight_kg:g} kg "
            f"and {creatinine_umol_per_l:g} umol/L."
        )
    creatinine_mg_per_dl = exact(creatinine_umol_per_l) / UMOL_PER_L_IN_A_MG_PER_DL
    clearance = (140 - exact(age_years)) * exact(weight_kg) / (72 * creatinine_mg_per_dl)
    return clearance * _WOMEN if woman else clearance
