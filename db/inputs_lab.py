"""What may be entered of a laboratory result: the value with its unit, which is chosen and never guessed."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from db.entries import Broken, Entry, Gap, Question, Rule, Values
from db.readers import FreeText, Instant, Number, OneWord, Reader, StudyCode
from grading.units import MEASURES, Analyte, doubt, read_spelling
from trial.laboratory import LabRow

COLUMNS: Final = ("patient_id", "taken_at", "analyte", "value", "unit", "lln", "uln")
"""The columns of a laboratory file, in its order."""

_MOST: Final = 100_000_000


def _unit_of_the_analyte(values: Values) -> Iterator[Broken]:
    analyte, unit = values.get("analyte"), values.get("unit")
    if analyte is None:
        return
    try:
        read_spelling(analyte, unit)
    except ValueError as refusal:
        yield ("unit", str(refusal))


def _limits_in_order(values: Values) -> Iterator[Broken]:
    lower, upper = values.get("lln"), values.get("uln")
    if lower is not None and upper is not None and lower >= upper:
        yield ("uln", "The upper limit of normal must be above the lower one.")


def _doubtful(values: Values) -> Iterator[Question]:
    analyte, value, unit = (values.get(name) for name in ("analyte", "value", "unit"))
    if analyte is None or value is None or unit is None:
        return
    if sentence := doubt(analyte, value, read_spelling(analyte, unit)):
        yield Question("value", value, sentence)


class LabResultIn(Entry):
    """One result; `lln` and `uln` are the laboratory's limits of normal, in the unit of the result."""

    readers: ClassVar[Mapping[str, Reader]] = {
        "patient_id": StudyCode("Study code"),
        "taken_at": Instant("Time of the sample"),
        "analyte": OneWord("Analyte", Analyte),
        "value": Number("Value", 0, _MOST),
        "unit": FreeText("Unit", 40),
        "lln": Number("Lower limit of normal", 0.000001, _MOST),
        "uln": Number("Upper limit of normal", 0.000001, _MOST),
    }
    required: ClassVar[Mapping[str, str]] = {
        "patient_id": "Enter the study code, such as CART-007.",
        "taken_at": "Enter when the sample was taken.",
        "analyte": f"Choose the analyte: {', '.join(Analyte)}.",
        "value": "Enter the value.",
    }
    rules: ClassVar[tuple[Rule, ...]] = (_unit_of_the_analyte, _limits_in_order)
    gaps: ClassVar[tuple[Gap, ...]] = (_doubtful,)

    patient_id: str
    taken_at: datetime
    analyte: Analyte
    value: float
    unit: str
    lln: float | None = None
    uln: float | None = None

    @property
    def row(self) -> LabRow:
        """The result as the rules take it."""
        return LabRow(self.analyte, self.taken_at, self.value, self._spelling, self.lln, self.uln)

    def columns(self) -> dict[str, Any]:
        """The columns of the table; the unit in its listed spelling."""
        return columns_of(self.row)

    @property
    def _spelling(self) -> str:
        return read_spelling(self.analyte, self.unit)


def columns_of(row: LabRow) -> dict[str, Any]:
    """The columns of the table that a result fills."""
    return {
        "analyte": row.analyte.value,
        "taken_at": row.taken_at,
        "value": row.value,
        "unit": row.unit,
        "lln": row.lln,
        "uln": row.uln,
    }


def doubt_of(row: LabRow) -> str | None:
    """What is asked about a result no patient is likely to have; None where it is plausible."""
    return doubt(row.analyte, row.value, row.unit)


_OTHER_SPELLINGS: Final = frozenset({"10*9/L", "10*3/uL", "/uL", "cells/mm^3"})
"""Spellings of files; the form shows each unit once."""


def units_of(analyte: Analyte) -> tuple[str, ...]:
    """The units to choose from, the one that limits and scores are written in first."""
    measure = MEASURES[analyte]
    others = (text for text in measure.spellings if text != measure.unit and text not in _OTHER_SPELLINGS)
    return (measure.unit, *others)
