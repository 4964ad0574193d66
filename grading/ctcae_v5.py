"""Grades of CTCAE v5.0: laboratory results, fever, febrile neutropenia, infection.

The tables, their reference and the numbered readings are in `ctcae_tables.py`.
"""

from decimal import Decimal
from math import isfinite
from typing import Final

from grading.cells import write_number
from grading.ctcae_rows import Bounds, count_bounds, creatinine_bounds, fibrinogen_bounds, ratio_bounds
from grading.ctcae_tables import (
    COUNTS,
    FEVER_ABOVE_C,
    FEVER_FROM_C,
    FEVER_GRADE_4_HOURS,
    INFECTION,
    NEUTROPENIA_BELOW,
    RATIOS,
    RULESET,
    SEPSIS_FROM,
    SINGLE_FEVER_ABOVE_C,
    SUSTAINED_FEVER_FROM_C,
    SUSTAINED_FEVER_HOURS,
    Infection,
    Term,
)
from grading.scale import Grade
from grading.units import (
    MEASURES,
    Analyte,
    LabValue,
    convert,
    doubt,
    factor,
    read_analyte,
    read_limit,
    read_number,
    read_spelling,
    write_decimal,
)

_WORST: Final = 4

TERMS: Final = (
    {analyte: row.term for analyte, row in COUNTS.items()}
    | {analyte: row.term for analyte, row in RATIOS.items()}
    | {Analyte.CREATININE: Term.CREATININE, Analyte.FIBRINOGEN: Term.FIBRINOGEN}
)
"""The analytes that are graded, each with its term."""


def grade_lab(
    analyte: str,
    value: float,
    unit: str | None,
    lln: float | None = None,
    uln: float | None = None,
    baseline: float | None = None,
) -> Grade[Term]:
    """Grade one laboratory result.

    analyte    `anc`, `platelets`, `hemoglobin`, `wbc`, `lymphocytes`, `alt`, `ast`, `bilirubin`,
               `creatinine` or `fibrinogen`
    unit       of the value, the limits and the baseline, as listed in `units.py`
    lln, uln   the laboratory's limits of normal
    baseline   the value before treatment

    A limit or baseline that is not recorded leaves the grade open where it could matter.
    Raises ValueError, with a sentence, for an analyte, a unit or a number that cannot be graded.
    """
    measured = read_analyte(analyte)
    if measured not in TERMS:
        raise ValueError(f"{measured.label} has no grade in CTCAE here: use one of {', '.join(TERMS)}.")
    spelling = read_spelling(measured, unit)
    absolute = measured in COUNTS or measured is Analyte.FIBRINOGEN
    # What is only compared with its own limits stays in the unit it came in.
    times = factor(measured, spelling) if absolute else Decimal(1)
    amount = read_number(measured, value) * times
    before = _limit(measured, baseline, "baseline", times)
    lower, upper = _limit(measured, lln, "LLN", times), _limit(measured, uln, "ULN", times)
    if lower is not None and upper is not None and lower >= upper:
        raise ValueError(f"The LLN of {measured.label} is not below its ULN ({lln} and {uln}): check both.")
    bounds = _bounds(measured, amount, lower, upper, before)
    found = f"{measured.label} {write_number(value)} {spelling}"
    if times != 1:
        found = f"{found} ({write_decimal(amount)} {MEASURES[measured].unit})"
    question = doubt(measured, value, spelling)
    notes = (*_notes(measured, bounds), *((question,) if question else ()))
    return _grade(TERMS[measured], bounds.least, bounds.most, bounds.missing, (found, bounds.phrase), notes)


def grade_fever(temperature_c: float | None, hours_above_40_c: float | None = None) -> Grade[Term]:
    """Grade fever by the highest temperature in °C, and the hours above 40.0 °C where it went there."""
    if temperature_c is None:
        return _grade(Term.FEVER, 0, _WORST, ("temperature_c",), ("temperature not recorded",))
    found = f"temperature {write_number(temperature_c)} °C"
    stored = _stored_c(temperature_c)
    if stored < FEVER_FROM_C:
        return _grade(Term.FEVER, 0, 0, (), (found,))
    least = max((grade for grade, limit in FEVER_ABOVE_C.items() if stored > limit), default=1)
    if least < max(FEVER_ABOVE_C):
        return _grade(Term.FEVER, least, least, (), (found,))
    if hours_above_40_c is None:
        return _grade(Term.FEVER, least, _WORST, ("hours_above_40_c",), (found,))
    settled = _WORST if hours_above_40_c > FEVER_GRADE_4_HOURS else least
    hours = f"{write_number(hours_above_40_c)} h above 40.0 °C"
    return _grade(Term.FEVER, settled, settled, (), (found, hours))


def grade_febrile_neutropenia(
    anc: LabValue | None,
    temperature_c: float | None,
    hours_from_38_c: float | None = None,
    life_threatening: bool | None = None,
) -> Grade[Term]:
    """Grade febrile neutropenia: 3, or 4 where it threatens life.

    anc               neutrophils with their unit, or None
    temperature_c     the highest temperature in °C
    hours_from_38_c   how long it was 38.0 °C or more
    life_threatening  the clinician's judgement

    Raises ValueError, with a sentence, for an ANC or a unit that cannot be read.
    """
    neutropenia = None if anc is None else convert(Analyte.ANC, anc.value, anc.unit) < NEUTROPENIA_BELOW
    fever = _counts_as_fever(temperature_c, hours_from_38_c)
    reasons = (*_anc_phrase(anc), *_fever_phrase(temperature_c, hours_from_38_c)) or ("nothing recorded",)
    if neutropenia is False or fever is False:
        return _grade(Term.FEBRILE_NEUTROPENIA, 0, 0, (), reasons)
    missing = tuple(
        name
        for name, unknown in (
            ("anc", anc is None),
            ("temperature_c", temperature_c is None),
            ("hours_from_38_c", fever is None and temperature_c is not None),
            ("life_threatening", life_threatening is None),
        )
        if unknown
    )
    proved = neutropenia is True and fever is True
    worst = 3 if life_threatening is False else _WORST
    least = 0 if not proved else _WORST if life_threatening else 3
    return _grade(Term.FEBRILE_NEUTROPENIA, least, worst, missing, reasons)


def grade_infection(infection: Infection, sepsis: bool = False) -> Grade[Term]:
    """Grade an infection by what it needed or caused; sepsis is 3 at least."""
    cell = INFECTION[infection]
    term = Term.SEPSIS if sepsis else Term.INFECTION
    grade = max(cell.grade, SEPSIS_FROM) if sepsis else cell.grade
    words = "no treatment" if infection is Infection.NOT_TREATED else cell.published
    return _grade(term, grade, grade, (), ("sepsis", words) if sepsis else (words,))


def _limit(analyte: Analyte, value: float | None, what: str, times: Decimal) -> Decimal | None:
    limit = read_limit(analyte, value, what)
    return None if limit is None else limit * times


def _bounds(
    analyte: Analyte, value: Decimal, lln: Decimal | None, uln: Decimal | None, baseline: Decimal | None
) -> Bounds:
    if analyte in COUNTS:
        return count_bounds(COUNTS[analyte], value, lln)
    if analyte in RATIOS:
        return ratio_bounds(RATIOS[analyte], value, uln, baseline)
    if analyte is Analyte.CREATININE:
        return creatinine_bounds(value, uln, baseline)
    return fibrinogen_bounds(value, lln, baseline)


def _notes(analyte: Analyte, bounds: Bounds) -> tuple[str, ...]:
    if analyte is Analyte.HEMOGLOBIN and bounds.most:
        return (
            "Transfusion indicated makes it grade 3, life-threatening 4: the clinician's, not the number's.",
        )
    if bounds.missing == ("baseline",) and not bounds.least:
        return (f"With a normal baseline it would be grade {bounds.most}.",)
    return ()


def _counts_as_fever(temperature_c: float | None, hours: float | None) -> bool | None:
    """Above 38.3 once, or 38.0 and more for over an hour; None where that is not recorded."""
    if temperature_c is None:
        return None
    stored = _stored_c(temperature_c)
    if stored > SINGLE_FEVER_ABOVE_C or stored < SUSTAINED_FEVER_FROM_C:
        return stored > SINGLE_FEVER_ABOVE_C
    return None if hours is None else hours > SUSTAINED_FEVER_HOURS


def _stored_c(temperature_c: float) -> Decimal:
    if not isfinite(temperature_c):
        raise ValueError(f"The temperature is {temperature_c}: enter it in °C.")
    return Decimal(repr(float(temperature_c)))


def _anc_phrase(anc: LabValue | None) -> tuple[str, ...]:
    return () if anc is None else (f"ANC {write_number(anc.value)} {anc.unit}",)


def _fever_phrase(temperature_c: float | None, hours: float | None) -> tuple[str, ...]:
    if temperature_c is None:
        return ()
    lasting = "" if hours is None else f", {write_number(hours)} h of 38.0 °C or more"
    return (f"temperature {write_number(temperature_c)} °C{lasting}",)


def _grade(
    term: Term,
    least: int,
    most: int,
    missing: tuple[str, ...],
    reasons: tuple[str, ...],
    notes: tuple[str, ...] = (),
) -> Grade[Term]:
    return Grade(term, least if least == most else None, least, missing, reasons, notes, RULESET, most)
