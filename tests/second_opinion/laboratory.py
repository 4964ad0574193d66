"""CTCAE v5.0 and the bedside scores, typed a second time from the published rows, in plain fractions.

Grades here need every limit: what a missing one leaves open is found by trying all of them.
"""

from fractions import Fraction
from typing import Final


def fractions(*decimals: str) -> tuple[Fraction, ...]:
    return tuple(map(Fraction, decimals))


COUNTS: Final = {
    "anc": fractions("1.5", "1.0", "0.5"),  # 10^9/L
    "platelets": fractions("75", "50", "25"),  # 10^9/L
    "hemoglobin": fractions("100", "80"),  # g/L
    "wbc": fractions("3.0", "2.0", "1.0"),  # 10^9/L
    "lymphocytes": fractions("0.8", "0.5", "0.2"),  # 10^9/L
}
"""Grade 1 below the LLN, then 2, 3, 4 below these."""

TIMES: Final = {
    "alt": fractions("1", "3", "5", "20"),
    "ast": fractions("1", "3", "5", "20"),
    "bilirubin": fractions("1", "1.5", "3", "10"),
}
"""Grades 1 to 4 above so many times the ULN; with an abnormal baseline, the baseline."""

HALF, ONE_AND_A_HALF = fractions("0.5", "1.5")
QUARTER, THREE_QUARTERS = fractions("0.25", "0.75")

UNITS: Final = {
    "anc": "10^9/L",
    "platelets": "10^9/L",
    "hemoglobin": "g/L",
    "wbc": "10^9/L",
    "lymphocytes": "10^9/L",
    "alt": "U/L",
    "ast": "U/L",
    "bilirubin": "umol/L",
    "creatinine": "umol/L",
    "fibrinogen": "g/L",
}


def grade(analyte: str, value: Fraction, lln: Fraction, uln: Fraction, baseline: Fraction) -> int:
    """The grade where everything is known."""
    if analyte in COUNTS:
        return count(value, COUNTS[analyte], lln)
    if analyte in TIMES:
        return raised(analyte, value, uln, baseline)
    if analyte == "creatinine":
        return creatinine(value, uln, baseline)
    return fibrinogen(value, lln, baseline)


def count(value: Fraction, limits: tuple[Fraction, ...], lln: Fraction) -> int:
    for worse, limit in reversed(list(enumerate(limits, 2))):
        if value < limit:
            return worse
    return 1 if value < lln else 0


def raised(analyte: str, value: Fraction, uln: Fraction, baseline: Fraction) -> int:
    one, three, five, twenty = TIMES[analyte]
    abnormal = baseline > uln
    of = baseline if abnormal else uln
    if value > twenty * of:
        return 4
    if value > five * of:
        return 3
    if value > three * of:
        return 2
    if abnormal and analyte in ("alt", "ast"):
        return 1 if value >= ONE_AND_A_HALF * of else 0
    return 1 if value > one * of else 0


def creatinine(value: Fraction, uln: Fraction, baseline: Fraction) -> int:
    if value > 6 * uln:
        return 4
    if value > 3 * uln or value > 3 * baseline:
        return 3
    if value > ONE_AND_A_HALF * uln or value > ONE_AND_A_HALF * baseline:
        return 2
    return 1 if value > uln else 0


def fibrinogen(value: Fraction, lln: Fraction, baseline: Fraction) -> int:
    if value < HALF:
        return 4
    if baseline < lln:
        fall = (baseline - value) / baseline * 100
        return 0 if fall <= 0 else 1 if fall < 25 else 2 if fall < 50 else 3 if fall < 75 else 4
    ratio = value / lln
    return (
        4
        if ratio < QUARTER
        else 3
        if ratio < HALF
        else 2
        if ratio < THREE_QUARTERS
        else 1
        if ratio < 1
        else 0
    )


def hematotox(
    platelets: Fraction,
    anc_per_ul: Fraction,
    hb_g_per_dl: Fraction,
    crp_mg_per_dl: Fraction,
    ferritin_ng_per_ml: Fraction,
) -> int:
    points = 0 if platelets > 175 else 1 if platelets >= 75 else 2
    points += 0 if anc_per_ul >= 1200 else 1
    points += 0 if hb_g_per_dl >= 9 else 1
    points += 0 if crp_mg_per_dl < 3 else 1
    return points + (0 if ferritin_ng_per_ml < 650 else 1 if ferritin_ng_per_ml <= 2000 else 2)


NEWS2: Final[dict[str, dict[float, int]]] = {
    "respiratory_rate": {8: 3, 9: 1, 11: 1, 12: 0, 20: 0, 21: 2, 24: 2, 25: 3},
    "spo2_percent": {91: 3, 92: 2, 93: 2, 94: 1, 95: 1, 96: 0, 100: 0},
    "systolic_mmhg": {90: 3, 91: 2, 100: 2, 101: 1, 110: 1, 111: 0, 219: 0, 220: 3},
    "pulse_per_min": {40: 3, 41: 1, 50: 1, 51: 0, 90: 0, 91: 1, 110: 1, 111: 2, 130: 2, 131: 3},
    "temperature_c": {35.0: 3, 35.1: 1, 36.0: 1, 36.1: 0, 38.0: 0, 38.1: 1, 39.0: 1, 39.1: 2},
}
"""Both ends of every band."""
