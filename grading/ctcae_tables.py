"""CTCAE v5.0, the rows this trial needs, as tables.

National Cancer Institute. Common Terminology Criteria for Adverse Events (CTCAE) v5.0. U.S.
Department of Health and Human Services, November 27, 2017.

A limit belongs to the milder grade: an ANC of exactly 0.5 x 10^9/L is grade 3. Version 6.0 moves
these lines; a grade is stored with its version. READINGS are the choices of this project.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from grading.units import Analyte

REFERENCE: Final = (
    "National Cancer Institute. Common Terminology Criteria for Adverse Events (CTCAE) v5.0. U.S. Department "
    "of Health and Human Services, November 27, 2017."
)
RULESET: Final = "CTCAE v5.0, rules 1.0"
"""Edition of the criteria and version of this project's numbered readings of it."""


class Term(StrEnum):
    """The terms graded here, in the words of CTCAE."""

    NEUTROPHILS = "Neutrophil count decreased"
    PLATELETS = "Platelet count decreased"
    ANEMIA = "Anemia"
    WHITE_CELLS = "White blood cell decreased"
    LYMPHOCYTES = "Lymphocyte count decreased"
    ALT = "Alanine aminotransferase increased"
    AST = "Aspartate aminotransferase increased"
    BILIRUBIN = "Blood bilirubin increased"
    CREATININE = "Creatinine increased"
    FIBRINOGEN = "Fibrinogen decreased"
    FEVER = "Fever"
    FEBRILE_NEUTROPENIA = "Febrile neutropenia"
    INFECTION = "Infection"
    SEPSIS = "Sepsis"

    @property
    def label(self) -> str:
        """The name on screens and in reports."""
        return self.value


Limits = dict[int, Decimal]
"""Grade and limit."""


def _limits(*limits: str, first: int = 1) -> Limits:
    return {grade: Decimal(limit) for grade, limit in enumerate(limits, first)}


class CountRow(NamedTuple):
    """A result that falls: grade 1 below the LLN, then below absolute limits in the analyte's own unit."""

    term: Term
    below: Limits


class RatioRow(NamedTuple):
    """A result that rises: above multiples of the ULN, or of the baseline where that was abnormal.

    from_baseline  a result of this multiple of an abnormal baseline is grade 1 already (ALT and AST)
    """

    term: Term
    above: Limits
    from_baseline: Decimal | None = None


COUNTS: Final = {
    Analyte.ANC: CountRow(Term.NEUTROPHILS, _limits("1.5", "1.0", "0.5", first=2)),
    Analyte.PLATELETS: CountRow(Term.PLATELETS, _limits("75", "50", "25", first=2)),
    Analyte.HEMOGLOBIN: CountRow(Term.ANEMIA, _limits("100", "80", first=2)),
    Analyte.WBC: CountRow(Term.WHITE_CELLS, _limits("3.0", "2.0", "1.0", first=2)),
    Analyte.LYMPHOCYTES: CountRow(Term.LYMPHOCYTES, _limits("0.8", "0.5", "0.2", first=2)),
}

RATIOS: Final = {
    Analyte.ALT: RatioRow(Term.ALT, _limits("1", "3", "5", "20"), Decimal("1.5")),
    Analyte.AST: RatioRow(Term.AST, _limits("1", "3", "5", "20"), Decimal("1.5")),
    Analyte.BILIRUBIN: RatioRow(Term.BILIRUBIN, _limits("1", "1.5", "3", "10")),
}

CREATININE_ABOVE_ULN: Final = _limits("1", "1.5", "3", "6")
CREATININE_ABOVE_BASELINE: Final = _limits("1.5", "3", first=2)

FIBRINOGEN_BELOW_LLN: Final = _limits("1", "0.75", "0.5", "0.25")
FIBRINOGEN_FALL: Final = _limits("0", "0.25", "0.50", "0.75")
"""Fall as a part of an abnormal baseline; any fall is grade 1, the others start at the limit."""
FIBRINOGEN_BELOW_G_PER_L: Final = Decimal("0.5")
"""Grade 4 whatever the LLN."""

FEVER_FROM_C: Final = Decimal("38.0")
FEVER_ABOVE_C: Final = {2: Decimal("39.0"), 3: Decimal("40.0")}
FEVER_GRADE_4_HOURS: Final = 24
"""Above 40.0 °C for longer than this is grade 4."""

NEUTROPENIA_BELOW: Final = Decimal("1.0")
"""x 10^9/L."""
SINGLE_FEVER_ABOVE_C: Final = Decimal("38.3")
SUSTAINED_FEVER_FROM_C: Final = Decimal("38.0")
SUSTAINED_FEVER_HOURS: Final = 1


class Infection(StrEnum):
    """What an infection needed or caused, mildest first. Grade 1 has no words in CTCAE."""

    NOT_TREATED = "not_treated"
    ORAL = "oral"
    INTRAVENOUS = "intravenous"
    LIFE_THREATENING = "life_threatening"
    DEATH = "death"


class InfectionCell(NamedTuple):
    """One cell of the row of an infection, by site or agent."""

    grade: int
    published: str


INFECTION: Final = {
    Infection.NOT_TREATED: InfectionCell(1, "-"),
    Infection.ORAL: InfectionCell(2, "oral treatment indicated"),
    Infection.INTRAVENOUS: InfectionCell(3, "intravenous treatment or invasive intervention indicated"),
    Infection.LIFE_THREATENING: InfectionCell(
        4, "life-threatening consequences; urgent intervention indicated"
    ),
    Infection.DEATH: InfectionCell(5, "death"),
}
SEPSIS_FROM: Final = 3

READINGS: Final[tuple[str, ...]] = (
    "The milder grade owns its limit: ANC exactly 0.5 is grade 3, ALT exactly 3 x ULN is grade 1. Results "
    "are compared as stored, in decimal numbers, never rounded.",
    "Below the first absolute limit a count has its grade whatever the laboratory's LLN, also where the "
    "LLN is lower (J). Above it the LLN decides between 0 and 1, and without the LLN the grade stays "
    "open.",
    "Baseline normal: at or below the ULN (ALT, AST, bilirubin), at or above the LLN (fibrinogen, where a "
    "high baseline counts as normal (J)). An abnormal baseline replaces the limit of normal altogether.",
    "Without a baseline a raised ALT, AST or bilirubin, or a low fibrinogen, could be what the patient "
    "came with: at least 0, at most the grade against the limit of normal, not settled. Without the limit "
    "of normal the baseline bounds the grade from above.",
    "ALT and AST with an abnormal baseline: grade 1 starts at exactly 1.5 x baseline, as printed.",
    "Creatinine: the worse of the two comparisons counts; more than 1.5 x baseline is grade 2 also below "
    "the ULN. Grade 4 is against the ULN only. Without one of the two the other proves what it proves.",
    "Fibrinogen below 0.5 g/L is grade 4 whatever the LLN or baseline. With an abnormal baseline a fall "
    "of exactly 25, 50 or 75 % belongs to the worse grade, as printed; no fall is grade 0.",
    "Anemia: a number proves 3 at most. Transfusion indicated (3) and life-threatening (4) are the "
    "clinician's, entered with the adverse event.",
    "LLN, ULN and baseline are given in the unit of the result. A unit that is missing or not listed is "
    "asked for, never guessed.",
    "Fever is graded by the highest temperature; 39.0 is grade 1 and 40.0 grade 2. Above 40.0 the hours "
    "decide between 3 and 4, and without them it is at least 3.",
    "Febrile neutropenia has no grade 1 or 2: without neutropenia, or without the fever, it is 0. An ANC "
    "of exactly 1.0, a temperature of exactly 38.3 and a fever of exactly one hour do not count.",
    "Infection grade 1 has no words in CTCAE: an infection nobody treated is recorded as 1 (J). Sepsis is "
    "3 at least.",
)
"""Numbered readings of this project."""
