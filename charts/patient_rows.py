"""Where the six rows of the patient's picture stand, in pixels and as parts of the whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

HEIGHT: Final = 860
TOP: Final = 26
BOTTOM: Final = 30
LEFT: Final = 112
TITLE: Final = 34
"""Height of the line above a row that names it."""

STRIPS: Final = "strips"
TEMPERATURE: Final = "temperature"
PRESSURE: Final = "pressure"
SPO2: Final = "spo2"
ICE: Final = "ice"
DRUGS: Final = "drugs"
_FIXED: Final[Mapping[str, int]] = {STRIPS: 80, TEMPERATURE: 108, PRESSURE: 122, SPO2: 108, ICE: 88}
_DRUG_ROW_AT_LEAST: Final = 24


@dataclass(frozen=True, slots=True)
class Rows:
    """The picture's height in pixels, and each row's lower and upper edge as a part of the plot's height."""

    height: int
    domains: Mapping[str, tuple[float, float]]

    def title_at(self, row: str) -> float:
        """Where the words above a row stand."""
        return self.domains[row][1]


AXES: Final[Mapping[str, str]] = {
    STRIPS: "y",
    TEMPERATURE: "y2",
    PRESSURE: "y3",
    SPO2: "y4",
    ICE: "y5",
    DRUGS: "y6",
}
"""The Plotly name of each row's axis."""


def lay_out(drug_rows: int) -> Rows:
    """The rows of a picture 860 px high; taller only where the drugs would not fit otherwise."""
    free = HEIGHT - TOP - BOTTOM - sum(_FIXED.values()) - TITLE * len(_FIXED)
    drugs = max(free, drug_rows * _DRUG_ROW_AT_LEAST)
    plot = sum(_FIXED.values()) + drugs + TITLE * len(_FIXED)
    domains: dict[str, tuple[float, float]] = {}
    top = plot
    for row, pixels in (*_FIXED.items(), (DRUGS, drugs)):
        domains[row] = ((top - pixels) / plot, top / plot)
        top -= pixels + TITLE
    return Rows(plot + TOP + BOTTOM, domains)
