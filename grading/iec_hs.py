"""IEC-HS (immune effector cell-associated HLH-like syndrome): a suspicion flag for the clinician.

Hines MR, Knight TE, McNerney KO, et al. Immune effector cell-associated hemophagocytic
lymphohistiocytosis-like syndrome. Transplant Cell Ther 2023;29(7):438.e1-438.e16.

Never a diagnosis and never an alert. The limits and readings are in `scores_tables.py`.
"""

from dataclasses import dataclass
from typing import NamedTuple

from grading.cells import write_number
from grading.scores_tables import (
    IEC_HS_FERRITIN_TIMES,
    IEC_HS_FIBRINOGEN_BELOW_G_PER_L,
    IEC_HS_TRANSAMINASE_TIMES,
)
from grading.units import Analyte, LabValue, convert, doubt, read_limit, read_number, read_spelling


@dataclass(frozen=True, slots=True)
class Flag:
    """A suspicion.

    suspected  True or False, or None while what is missing decides
    missing    the inputs that decide
    reasons    the criteria that are met, with their values
    notes      full sentences for the clinician
    """

    suspected: bool | None
    missing: tuple[str, ...]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]


class _Sign(NamedTuple):
    """One criterion: met, not met, or None; what is missing then, and the words where it is met."""

    met: bool | None
    missing: tuple[str, ...]
    phrase: str


def iec_hs_flag(
    ferritin: LabValue | None,
    alt: LabValue | None,
    ast: LabValue | None,
    fibrinogen: LabValue | None,
    ferritin_rising_fast: bool | None = None,
    grade_4_cytopenia: bool | None = None,
    better_explained: bool | None = None,
) -> Flag:
    """Flag a suspicion of IEC-HS.

    ferritin, alt, ast    with ULN and baseline in the unit of the result
    fibrinogen            with its LLN
    ferritin_rising_fast  the clinician's judgement
    grade_4_cytopenia     new or refractory
    better_explained      the clinician names CRS, infection or lymphoma as the better explanation

    Raises ValueError, with a sentence, for a unit or number that cannot be read.
    """
    iron = [
        _exceeds(Analyte.FERRITIN, ferritin, IEC_HS_FERRITIN_TIMES),
        _judged("ferritin_rising_fast", ferritin_rising_fast, "ferritin rising fast"),
    ]
    organs = [
        _exceeds(Analyte.ALT, alt, IEC_HS_TRANSAMINASE_TIMES),
        _exceeds(Analyte.AST, ast, IEC_HS_TRANSAMINASE_TIMES),
        _low_fibrinogen(fibrinogen),
        _judged("grade_4_cytopenia", grade_4_cytopenia, "new or refractory grade 4 cytopenia"),
    ]
    reasons = tuple(sign.phrase for sign in (*iron, *organs) if sign.met)
    given = (
        (Analyte.FERRITIN, ferritin),
        (Analyte.ALT, alt),
        (Analyte.AST, ast),
        (Analyte.FIBRINOGEN, fibrinogen),
    )
    asked = (doubt(analyte, lab.value, lab.unit) for analyte, lab in given if lab is not None)
    notes = tuple(sentence for sentence in asked if sentence)
    if better_explained:
        return Flag(False, (), (*reasons, "better explained by CRS, infection or lymphoma"), notes)
    groups = [(_any(iron), iron), (_any(organs), organs)]
    if any(met is False for met, _ in groups):
        return Flag(False, (), reasons, notes)
    missing = tuple(name for met, signs in groups if met is None for sign in signs for name in sign.missing)
    if missing:
        return Flag(None, missing, reasons, notes)
    check = () if better_explained is False else ("Is it better explained by CRS, infection or lymphoma?",)
    return Flag(True, (), reasons, (*check, *notes))


def _any(signs: list[_Sign]) -> bool | None:
    """True where one is met; None while one that is missing could be."""
    if any(sign.met for sign in signs):
        return True
    return None if any(sign.met is None for sign in signs) else False


def _exceeds(analyte: Analyte, lab: LabValue | None, times: int) -> _Sign:
    """More than so many times the ULN or the baseline."""
    if lab is None:
        return _Sign(None, (analyte.value,), "")
    read_spelling(analyte, lab.unit)
    value = read_number(analyte, lab.value)
    limits = {
        "ULN": read_limit(analyte, lab.uln, "ULN"),
        "baseline": read_limit(analyte, lab.baseline, "baseline"),
    }
    over = [name for name, limit in limits.items() if limit is not None and value > times * limit]
    if over:
        found = f"{analyte.label} {write_number(lab.value)} {lab.unit}"
        return _Sign(True, (), f"{found}, above {times} x {' and '.join(over)}")
    missing = tuple(f"{analyte.value}_{name.lower()}" for name, limit in limits.items() if limit is None)
    return _Sign(None if missing else False, missing, "")


def _low_fibrinogen(lab: LabValue | None) -> _Sign:
    analyte = Analyte.FIBRINOGEN
    if lab is None:
        return _Sign(None, (analyte.value,), "")
    value = convert(analyte, lab.value, lab.unit)
    found = f"{analyte.label} {write_number(lab.value)} {lab.unit}"
    if value < IEC_HS_FIBRINOGEN_BELOW_G_PER_L:
        return _Sign(True, (), f"{found}, below {IEC_HS_FIBRINOGEN_BELOW_G_PER_L} g/L")
    lln = read_limit(analyte, lab.lln, "LLN")
    if lln is None:
        return _Sign(None, ("fibrinogen_lln",), "")
    return _Sign(read_number(analyte, lab.value) < lln, (), f"{found}, below the LLN")


def _judged(name: str, answer: bool | None, phrase: str) -> _Sign:
    return _Sign(answer, (name,) if answer is None else (), phrase)
