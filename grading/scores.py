"""Bedside scores: EASIX, m-EASIX, CAR-HEMATOTOX and NEWS2, shown as numbers and trends, never as alerts.

Tables, references and the numbered readings are in `scores_tables.py`; the suspicion flag of
IEC-HS is in `iec_hs.py`. A laboratory result comes with its unit. What is not recorded is never
normal: the score is None until it is known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from grading.cells import write_number
from grading.iec_hs import Flag, iec_hs_flag
from grading.scores_tables import (
    CAR_HEMATOTOX,
    CAR_HEMATOTOX_HIGH_FROM,
    NEWS2,
    NEWS2_NOT_ALERT,
    NEWS2_ON_OXYGEN,
    Band,
    Item,
)
from grading.units import Analyte, LabValue, convert, doubt, read_result

__all__ = ["Flag", "LabValue", "Score", "car_hematotox", "easix", "iec_hs_flag", "m_easix", "news2"]

_HIGHEST = {"spo2_percent": 100, "temperature_c": 50}
_HIGHEST_SIGN = 500
"""Above these a sign is a slip of the pen, or in another unit."""


@dataclass(frozen=True, slots=True)
class Score:
    """One score.

    name      as published
    value     the number, or None while an input is not recorded
    at_least  the points of what is recorded; 0 for an index without a value
    at_most   the points that what is missing leaves possible; None for an index without a value
    missing   the names of the inputs that are not recorded
    reasons   the inputs with their values, units and points
    notes     full sentences that ask about an implausible result
    high      CAR-HEMATOTOX: True or False as soon as it is proved, else None
    """

    name: str
    value: float | None
    at_least: float
    at_most: float | None
    missing: tuple[str, ...]
    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()
    high: bool | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """One input of a score of points; the points are None where it is not recorded."""

    name: str
    points: int | None
    worst: int
    phrase: str


def easix(ldh: LabValue | None, creatinine: LabValue | None, platelets: LabValue | None) -> Score:
    """EASIX: LDH (U/L) x creatinine (mg/dL) / platelets (10^9/L).

    Raises ValueError, with a sentence, for platelets of 0 and for a unit or number that cannot be read.
    """
    return _index("EASIX", {Analyte.LDH: ldh, Analyte.CREATININE: creatinine}, platelets)


def m_easix(ldh: LabValue | None, crp: LabValue | None, platelets: LabValue | None) -> Score:
    """m-EASIX: LDH (U/L) x CRP (mg/dL) / platelets (10^9/L).

    Raises ValueError, with a sentence, for platelets of 0 and for a unit or number that cannot be read.
    """
    return _index("m-EASIX", {Analyte.LDH: ldh, Analyte.CRP: crp}, platelets)


def car_hematotox(
    platelets: LabValue | None,
    anc: LabValue | None,
    hemoglobin: LabValue | None,
    crp: LabValue | None,
    ferritin: LabValue | None,
) -> Score:
    """CAR-HEMATOTOX before lymphodepletion: 0 to 7 points, high from 2.

    Raises ValueError, with a sentence, for a unit or number that cannot be read.
    """
    given = zip(CAR_HEMATOTOX, (platelets, anc, hemoglobin, crp, ferritin), strict=True)
    results = {analyte: read_result(analyte, result) for analyte, result in given}
    parts = [_lab_part(analyte, item, results[analyte]) for analyte, item in CAR_HEMATOTOX.items()]
    score = _sum("CAR-HEMATOTOX", parts, _doubts(results))
    proved_low = score.at_most is not None and score.at_most < CAR_HEMATOTOX_HIGH_FROM
    high = True if score.at_least >= CAR_HEMATOTOX_HIGH_FROM else False if proved_low else None
    return replace(score, high=high)


def news2(
    respiratory_rate: float | None,
    spo2_percent: float | None,
    on_oxygen: bool | None,
    systolic_mmhg: float | None,
    pulse_per_min: float | None,
    alert: bool | None,
    temperature_c: float | None,
) -> Score:
    """NEWS2 with SpO2 scale 1: 0 to 20 points. `alert` is False when newly confused, too.

    Raises ValueError, with a sentence, for a number that cannot be read.
    """
    return _sum(
        "NEWS2",
        [
            _sign_part("respiratory_rate", respiratory_rate),
            _sign_part("spo2_percent", spo2_percent),
            _answer_part("on_oxygen", on_oxygen, NEWS2_ON_OXYGEN, ("room air", "oxygen")),
            _sign_part("systolic_mmhg", systolic_mmhg),
            _sign_part("pulse_per_min", pulse_per_min),
            _answer_part(
                "alert",
                None if alert is None else not alert,
                NEWS2_NOT_ALERT,
                ("alert", "not alert or newly confused"),
            ),
            _sign_part("temperature_c", temperature_c),
        ],
    )


def _index(name: str, factors: Mapping[Analyte, LabValue | None], platelets: LabValue | None) -> Score:
    """The product of two results divided by the platelets."""
    given = {**factors, Analyte.PLATELETS: platelets}
    results = {analyte: read_result(analyte, result) for analyte, result in given.items()}
    amounts = {
        analyte: convert(analyte, result.value, result.unit)
        for analyte, result in results.items()
        if result is not None
    }
    if amounts.get(Analyte.PLATELETS) == 0:
        raise ValueError(f"Platelets are 0: {name} divides by them and has no value. Check the count.")
    missing = tuple(analyte.value for analyte in results if analyte not in amounts)
    value = None
    if not missing:
        first, second, divisor = amounts.values()
        value = float(first * second / divisor)
    return Score(
        name=name,
        value=value,
        at_least=value or 0,
        at_most=value,
        missing=missing,
        reasons=_results(results),
        notes=_doubts(results),
    )


def _lab_part(analyte: Analyte, item: Item, result: LabValue | None) -> _Part:
    worst = max(band.points for band in item.bands)
    if result is None:
        return _Part(analyte.value, None, worst, f"{item.label} not recorded")
    points = _band(item, convert(analyte, result.value, result.unit)).points
    return _Part(analyte.value, points, worst, f"{_result(analyte, result)}: {points}")


def _sign_part(name: str, value: float | None) -> _Part:
    item = NEWS2[name]
    worst = max(band.points for band in item.bands)
    if value is None:
        return _Part(name, None, worst, f"{item.label} not recorded")
    if not 0 <= value <= _HIGHEST.get(name, _HIGHEST_SIGN):
        raise ValueError(f"The {item.label} is {value}: enter it in {item.unit}.")
    stored = Decimal(repr(float(value)))
    if name == "temperature_c":
        stored = stored.quantize(Decimal("0.1"), ROUND_HALF_UP)
    points = _band(item, stored).points
    return _Part(name, points, worst, f"{item.label} {write_number(value)} {item.unit}: {points}")


def _answer_part(name: str, yes: bool | None, points: int, words: tuple[str, str]) -> _Part:
    if yes is None:
        return _Part(name, None, points, f"{words[0]} or {words[1]} not recorded")
    return _Part(name, points * yes, points, f"{words[yes]}: {points * yes}")


def _band(item: Item, value: Decimal) -> Band:
    return next(band for band in item.bands if band.holds(value))


def _sum(name: str, parts: list[_Part], notes: tuple[str, ...] = ()) -> Score:
    at_least = sum(part.points or 0 for part in parts)
    at_most = at_least + sum(part.worst for part in parts if part.points is None)
    missing = tuple(part.name for part in parts if part.points is None)
    phrases = tuple(part.phrase for part in parts)
    return Score(name, None if missing else at_least, at_least, at_most, missing, phrases, notes)


def _result(analyte: Analyte, result: LabValue) -> str:
    return f"{analyte.label} {write_number(result.value)} {result.unit}"


def _results(results: Mapping[Analyte, LabValue | None]) -> tuple[str, ...]:
    return tuple(
        f"{analyte.label} not recorded" if result is None else _result(analyte, result)
        for analyte, result in results.items()
    )


def _doubts(results: Mapping[Analyte, LabValue | None]) -> tuple[str, ...]:
    asked: Iterable[str | None] = (
        doubt(analyte, result.value, result.unit) for analyte, result in results.items() if result is not None
    )
    return tuple(sentence for sentence in asked if sentence)
