"""The bedside scores as tables.

EASIX: Luft T, Benner A, Jodele S, et al. Lancet Haematol 2017;4(9):e414-e423.
m-EASIX: Pennisi M, Sanchez-Escamilla M, Flynn JR, et al. Blood Adv 2021;5(17):3397-3406.
CAR-HEMATOTOX: Rejeski K, Perez A, Sesques P, et al. Blood 2021;138(24):2499-2513.
NEWS2: Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017.
IEC-HS: Hines MR, Knight TE, McNerney KO, et al. Transplant Cell Ther 2023;29(7):438.e1-438.e16.

READINGS are the choices of this project.
"""

from decimal import Decimal
from typing import Final, NamedTuple

from grading.units import Analyte

REFERENCES: Final = {
    "EASIX": "Luft T, Benner A, Jodele S, et al. Lancet Haematol 2017;4(9):e414-e423.",
    "m-EASIX": "Pennisi M, Sanchez-Escamilla M, Flynn JR, et al. Blood Adv 2021;5(17):3397-3406.",
    "CAR-HEMATOTOX": "Rejeski K, Perez A, Sesques P, et al. Blood 2021;138(24):2499-2513.",
    "NEWS2": "Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017.",
    "IEC-HS": "Hines MR, Knight TE, McNerney KO, et al. Transplant Cell Ther 2023;29(7):438.e1-438.e16.",
}


class Band(NamedTuple):
    """One cell of a score: its points, the published words, and the limit it starts at.

    Bands are tried in order. `above` bands begin beyond their limit, the others at it.
    """

    points: int
    published: str
    limit: Decimal
    above: bool = False

    def holds(self, value: Decimal) -> bool:
        """True when the value reaches this band."""
        return value > self.limit if self.above else value >= self.limit


class Item(NamedTuple):
    """One row of a score: the input's name, its unit in the paper, and its bands from the highest values."""

    label: str
    unit: str
    bands: tuple[Band, ...]


def _from(points: int, published: str, limit: str) -> Band:
    return Band(points, published, Decimal(limit))


def _above(points: int, published: str, limit: str) -> Band:
    return Band(points, published, Decimal(limit), above=True)


CAR_HEMATOTOX: Final = {
    Analyte.PLATELETS: Item(
        "platelets",
        "10^9/L",
        (_above(0, "> 175", "175"), _from(1, "75-175", "75"), _from(2, "< 75", "0")),
    ),
    Analyte.ANC: Item("ANC", "10^9/L", (_from(0, ">= 1.2", "1.2"), _from(1, "< 1.2", "0"))),
    Analyte.HEMOGLOBIN: Item("hemoglobin", "g/L", (_from(0, ">= 90", "90"), _from(1, "< 90", "0"))),
    Analyte.CRP: Item("CRP", "mg/dL", (_from(1, ">= 3.0", "3.0"), _from(0, "< 3.0", "0"))),
    Analyte.FERRITIN: Item(
        "ferritin",
        "ng/mL",
        (_above(2, "> 2000", "2000"), _from(1, "650-2000", "650"), _from(0, "< 650", "0")),
    ),
}
"""Before lymphodepletion; ANC 1200 per uL and hemoglobin 9.0 g/dL in the units kept here."""
CAR_HEMATOTOX_HIGH_FROM: Final = 2

NEWS2: Final = {
    "respiratory_rate": Item(
        "respiratory rate",
        "/min",
        (
            _above(3, ">= 25", "24"),
            _above(2, "21-24", "20"),
            _from(0, "12-20", "12"),
            _from(1, "9-11", "9"),
            _from(3, "<= 8", "0"),
        ),
    ),
    "spo2_percent": Item(
        "SpO2",
        "%",
        (_from(0, ">= 96", "96"), _from(1, "94-95", "94"), _from(2, "92-93", "92"), _from(3, "<= 91", "0")),
    ),
    "systolic_mmhg": Item(
        "systolic pressure",
        "mmHg",
        (
            _above(3, ">= 220", "219"),
            _from(0, "111-219", "111"),
            _from(1, "101-110", "101"),
            _from(2, "91-100", "91"),
            _from(3, "<= 90", "0"),
        ),
    ),
    "pulse_per_min": Item(
        "pulse",
        "/min",
        (
            _above(3, ">= 131", "130"),
            _above(2, "111-130", "110"),
            _above(1, "91-110", "90"),
            _from(0, "51-90", "51"),
            _from(1, "41-50", "41"),
            _from(3, "<= 40", "0"),
        ),
    ),
    "temperature_c": Item(
        "temperature",
        "°C",
        (
            _from(2, ">= 39.1", "39.1"),
            _from(1, "38.1-39.0", "38.1"),
            _from(0, "36.1-38.0", "36.1"),
            _from(1, "35.1-36.0", "35.1"),
            _from(3, "<= 35.0", "0"),
        ),
    ),
}
"""SpO2 scale 1 only."""
NEWS2_ON_OXYGEN: Final = 2
NEWS2_NOT_ALERT: Final = 3

IEC_HS_FERRITIN_TIMES: Final = 2
IEC_HS_TRANSAMINASE_TIMES: Final = 5
IEC_HS_FIBRINOGEN_BELOW_G_PER_L: Final = Decimal("1.5")

READINGS: Final[tuple[str, ...]] = (
    "Every laboratory input comes with its unit and is converted; a missing unit is asked for. CRP in "
    "mg/L is a tenth of it in mg/dL.",
    "A score is a number only when all its inputs are recorded. For points, what is recorded is the least "
    "and the worst of what is missing the most; CAR-HEMATOTOX is high, or not, as soon as both say so.",
    "Platelets of 0 are refused in EASIX and m-EASIX: they would divide by them.",
    "NEWS2 uses SpO2 scale 1. The temperature is rounded to 0.1 °C, halves up. Other signs are charted "
    "whole; a value between two bands takes the worse.",
    "NEWS2 consciousness: not alert, or newly confused, gives 3.",
    "IEC-HS: ferritin above 2 x ULN or above 2 x baseline, or rising fast in the clinician's judgement; "
    "and any of ALT or AST above 5 x ULN or 5 x baseline (either one is enough (J)), fibrinogen below 1.5 "
    "g/L or below the LLN, new or refractory grade 4 cytopenia.",
    "IEC-HS: the flag stands until the clinician names a better explanation (CRS, infection, lymphoma); "
    "nothing said does not lower it. It is a suspicion, never a diagnosis.",
)
"""Numbered readings of this project."""
