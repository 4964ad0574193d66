"""Laboratory results with their units: a closed list for each analyte, and exact conversion.

pint does the arithmetic in a registry of its own that knows only the units below, in decimal
numbers: a count of 500 cells/uL is 0.5 x 10^9/L and not a hair less. A unit that is not on
the list of its analyte is refused, a missing one is asked for; neither is ever guessed.
"""

from decimal import Decimal
from enum import StrEnum
from functools import cache
from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from pint import UnitRegistry


class Analyte(StrEnum):
    """What the laboratory measures, as named in files."""

    ANC = "anc"
    PLATELETS = "platelets"
    HEMOGLOBIN = "hemoglobin"
    WBC = "wbc"
    LYMPHOCYTES = "lymphocytes"
    ALT = "alt"
    AST = "ast"
    BILIRUBIN = "bilirubin"
    CREATININE = "creatinine"
    FIBRINOGEN = "fibrinogen"
    LDH = "ldh"
    CRP = "crp"
    FERRITIN = "ferritin"
    IL_6 = "il_6"

    @property
    def label(self) -> str:
        """The name in sentences."""
        return LABELS.get(self, self.value)


LABELS: Final = {
    Analyte.ANC: "ANC",
    Analyte.WBC: "white cells",
    Analyte.ALT: "ALT",
    Analyte.AST: "AST",
    Analyte.LDH: "LDH",
    Analyte.CRP: "CRP",
    Analyte.IL_6: "IL-6",
}


class LabValue(NamedTuple):
    """One result with its unit; the site's limits and the baseline are in the same unit.

    lln, uln  lower and upper limit of normal
    baseline  the value before treatment
    """

    value: float
    unit: str | None
    lln: float | None = None
    uln: float | None = None
    baseline: float | None = None


_PER_VOLUME: Final = {
    "10^9/L": "Gcell/L",
    "10*9/L": "Gcell/L",
    "10^3/uL": "kcell/uL",
    "10*3/uL": "kcell/uL",
    "cells/uL": "cell/uL",
    "/uL": "cell/uL",
    "cells/mm^3": "cell/uL",
}
_ENZYME: Final = {"U/L": "U/L", "IU/L": "U/L"}


class Measure(NamedTuple):
    """How an analyte is measured: the unit it is kept in, the units accepted, and the plausible range.

    unit              the unit that limits and scores are written in
    spellings         every accepted spelling, with its meaning for pint
    lowest, highest   in `unit`; outside of them (0 excepted) a result is asked about, never refused
    umol_per_l        umol/L in 1 mg/dL, where an amount may be given in either
    """

    unit: str
    spellings: dict[str, str]
    lowest: Decimal
    highest: Decimal
    umol_per_l: Decimal | None = None


def _measure(
    unit: str, spellings: dict[str, str] | tuple[str, ...], lowest: str, highest: str, umol_per_l: str = ""
) -> Measure:
    texts = spellings if isinstance(spellings, dict) else {text: text for text in spellings}
    molar = Decimal(umol_per_l) if umol_per_l else None
    return Measure(unit, texts, Decimal(lowest), Decimal(highest), molar)


MEASURES: Final[dict[Analyte, Measure]] = {
    Analyte.ANC: _measure("10^9/L", _PER_VOLUME, "0.01", "100"),
    Analyte.PLATELETS: _measure("10^9/L", _PER_VOLUME, "1", "3000"),
    Analyte.HEMOGLOBIN: _measure("g/L", ("g/L", "g/dL"), "20", "250"),
    Analyte.WBC: _measure("10^9/L", _PER_VOLUME, "0.01", "1000"),
    Analyte.LYMPHOCYTES: _measure("10^9/L", _PER_VOLUME, "0.01", "500"),
    Analyte.ALT: _measure("U/L", _ENZYME, "1", "30000"),
    Analyte.AST: _measure("U/L", _ENZYME, "1", "30000"),
    Analyte.BILIRUBIN: _measure("umol/L", ("umol/L", "mg/dL"), "1", "1500", "17.1"),
    Analyte.CREATININE: _measure("mg/dL", ("mg/dL", "umol/L"), "0.1", "30", "88.4"),
    Analyte.FIBRINOGEN: _measure("g/L", ("g/L", "mg/dL"), "0.1", "20"),
    Analyte.LDH: _measure("U/L", _ENZYME, "20", "50000"),
    Analyte.CRP: _measure("mg/dL", ("mg/dL", "mg/L"), "0.01", "80"),
    Analyte.FERRITIN: _measure("ng/mL", ("ng/mL", "ug/L"), "1", "500000"),
    Analyte.IL_6: _measure("pg/mL", ("pg/mL", "ng/L"), "0.1", "1000000"),
}
"""Every analyte with its closed list of units."""

_DEFINITIONS: Final = (
    "liter = [volume] = L",
    "gram = [mass] = g",
    "mole = [substance] = mol",
    "cell = [count]",
    "enzyme_unit = [activity] = U",
    "giga- = 1e9 = G-",
    "kilo- = 1e3 = k-",
    "deci- = 1e-1 = d-",
    "milli- = 1e-3 = m-",
    "micro- = 1e-6 = u-",
    "nano- = 1e-9 = n-",
    "pico- = 1e-12 = p-",
)


def read_analyte(name: str) -> Analyte:
    """The analyte of a name; ValueError, with the names there are, for another."""
    try:
        return Analyte(name)
    except ValueError:
        raise ValueError(f"{name!r} is no analyte here: use one of {', '.join(Analyte)}.") from None


def read_spelling(analyte: Analyte, unit: str | None) -> str:
    """The listed spelling of a unit; ValueError, with the units to choose from, where there is none."""
    listed = MEASURES[analyte].spellings
    if unit is not None and unit in listed:
        return unit
    *others, last = listed
    choices = f"{', '.join(others)} or {last}"
    if unit is None or not unit.strip():
        raise ValueError(f"The unit of {analyte.label} is not given: enter {choices}.")
    spelling = unit.replace("µ", "u").replace("μ", "u").replace("×", "x").replace(" ", "").removeprefix("x")
    if spelling not in listed:
        raise ValueError(f"{unit!r} is not a unit of {analyte.label} here: use {choices}.")
    return spelling


def read_result(analyte: Analyte, result: object) -> LabValue | None:
    """A result with its unit, also from a plain (value, unit); ValueError for a number that has none."""
    if result is None or isinstance(result, LabValue):
        return result
    if isinstance(result, tuple):
        return LabValue(*result)
    raise ValueError(f"{analyte.label}: {result} without a unit: enter value and unit, never a bare number.")


def read_number(analyte: Analyte, value: float, what: str = "value") -> Decimal:
    """A result exactly as stored; ValueError, with a sentence, for what is no number of 0 or more."""
    if not 0 <= value < inf:
        raise ValueError(f"The {what} of {analyte.label} is {value}: enter a number of 0 or more.")
    return Decimal(repr(float(value)))


def read_limit(analyte: Analyte, value: float | None, what: str) -> Decimal | None:
    """A limit or baseline, or None where it is not recorded; ValueError where it is 0 or no number."""
    if value is None:
        return None
    limit = read_number(analyte, value, what)
    if not limit:
        raise ValueError(f"The {what} of {analyte.label} is 0: enter it, or leave it empty.")
    return limit


@cache
def factor(analyte: Analyte, unit: str) -> Decimal:
    """What a result in a listed unit is multiplied with to be in the analyte's own unit."""
    measure = MEASURES[analyte]
    registry = _registry()
    wanted = registry.parse_units(measure.spellings[measure.unit])
    given = registry.Quantity(Decimal(1), measure.spellings[unit])
    if measure.umol_per_l is not None and not given.is_compatible_with(wanted):
        moles, mass = "umol/L", "mg/dL"
        if given.is_compatible_with(moles):
            given = registry.Quantity(given.m_as(moles) / measure.umol_per_l, mass)
        else:
            given = registry.Quantity(given.m_as(mass) * measure.umol_per_l, moles)
    return Decimal(given.m_as(wanted))


def convert(analyte: Analyte, value: float, unit: str | None) -> Decimal:
    """A result in the analyte's own unit, exactly; ValueError, with a sentence, for value or unit."""
    return read_number(analyte, value) * factor(analyte, read_spelling(analyte, unit))


def write_decimal(value: Decimal) -> str:
    """Write a number unrounded and without idle zeros: 0.5, 38, 130."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def doubt(analyte: Analyte, value: float, unit: str | None) -> str | None:
    """A sentence that asks about a result no patient is likely to have; None where it is plausible."""
    measure = MEASURES[analyte]
    amount = convert(analyte, value, unit)
    if not amount or measure.lowest <= amount <= measure.highest:
        return None
    return (
        f"{analyte.label} {value:g} {unit} is outside {measure.lowest} to {measure.highest} {measure.unit}: "
        "check the value and its unit."
    )


@cache
def _registry() -> "UnitRegistry[Decimal]":
    from pint import UnitRegistry  # a tenth of the start of every process, and few of them convert

    registry: UnitRegistry[Decimal] = UnitRegistry(None, non_int_type=Decimal, cache_folder=None)
    for definition in _DEFINITIONS:
        registry.define(definition)
    return registry
