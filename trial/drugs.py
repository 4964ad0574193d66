"""The drugs of the trial in their classes: what each does to a CRS course, and the units it is given in."""

from enum import StrEnum
from typing import Final

from grading.charted import FeverMaskingDrug, Vasopressor
from trial.treatment_facts import DoseUnit, Drug


class DrugClass(StrEnum):
    """What a drug is given for, in the order in which a ward looks for it."""

    ANTICYTOKINE = "anticytokine"
    STEROID = "steroid"
    VASOPRESSOR = "vasopressor"
    ANTIPYRETIC = "antipyretic"
    SUPPORTIVE = "supportive"
    ANTI_INFECTIVE = "anti_infective"
    LYMPHODEPLETION = "lymphodepletion"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The words on a screen."""
        return _CLASS_WORDS[self]


_CLASS_WORDS: Final = {
    DrugClass.ANTICYTOKINE: "Anticytokine",
    DrugClass.STEROID: "Steroid",
    DrugClass.VASOPRESSOR: "Vasopressor",
    DrugClass.ANTIPYRETIC: "Antipyretic",
    DrugClass.SUPPORTIVE: "Supportive",
    DrugClass.ANTI_INFECTIVE: "Against infection",
    DrugClass.LYMPHODEPLETION: "Lymphodepletion",
    DrugClass.OTHER: "Another drug",
}

DRUGS: Final[dict[DrugClass, tuple[Drug, ...]]] = {
    DrugClass.ANTICYTOKINE: (Drug.TOCILIZUMAB, Drug.ANAKINRA, Drug.SILTUXIMAB),
    DrugClass.STEROID: (
        Drug.DEXAMETHASONE,
        Drug.METHYLPREDNISOLONE,
        Drug.HYDROCORTISONE,
        Drug.PREDNISONE,
    ),
    DrugClass.VASOPRESSOR: (
        Drug.NOREPINEPHRINE,
        Drug.VASOPRESSIN,
        Drug.EPINEPHRINE,
        Drug.PHENYLEPHRINE,
        Drug.DOPAMINE,
        Drug.DOBUTAMINE,
        Drug.ANGIOTENSIN_II,
        Drug.METARAMINOL,
        Drug.TERLIPRESSIN,
    ),
    DrugClass.ANTIPYRETIC: (Drug.ACETAMINOPHEN, Drug.IBUPROFEN, Drug.METAMIZOLE),
    DrugClass.SUPPORTIVE: (Drug.LEVETIRACETAM, Drug.G_CSF, Drug.IMMUNOGLOBULIN),
    DrugClass.ANTI_INFECTIVE: (Drug.ANTIBACTERIAL, Drug.ANTIFUNGAL, Drug.ANTIVIRAL),
    DrugClass.LYMPHODEPLETION: (Drug.FLUDARABINE, Drug.CYCLOPHOSPHAMIDE),
    DrugClass.OTHER: (Drug.OTHER,),
}
"""Every drug once, the commonest of its class first."""

CLASS_OF: Final = {drug: of for of, drugs in DRUGS.items() for drug in drugs}

_MASS: Final = (DoseUnit.MG, DoseUnit.G)
_UNITS: Final[dict[DrugClass, tuple[DoseUnit, ...]]] = {
    DrugClass.ANTICYTOKINE: (DoseUnit.MG,),
    DrugClass.STEROID: _MASS,
    DrugClass.VASOPRESSOR: (
        DoseUnit.UG_PER_KG_PER_MIN,
        DoseUnit.UG_PER_MIN,
        DoseUnit.UNITS_PER_MIN,
        DoseUnit.UG,
        DoseUnit.MG,
    ),
    DrugClass.ANTIPYRETIC: _MASS,
    DrugClass.SUPPORTIVE: (*_MASS, DoseUnit.UG),
    DrugClass.ANTI_INFECTIVE: _MASS,
    DrugClass.LYMPHODEPLETION: (DoseUnit.MG_PER_M2, *_MASS),
    DrugClass.OTHER: tuple(DoseUnit),
}

RATES: Final = frozenset({DoseUnit.UG_PER_KG_PER_MIN, DoseUnit.UG_PER_MIN, DoseUnit.UNITS_PER_MIN})
"""Units of a drug that runs; the others are the amount of one dose."""

KEEPS_COURSE_OPEN: Final = frozenset({DrugClass.ANTICYTOKINE, DrugClass.STEROID})
"""A CRS course waits for drugs of these classes (reading 17 in `grading.astct_crs`)."""

ACTS_LONG: Final = frozenset({Drug.TOCILIZUMAB, Drug.SILTUXIMAB})
"""Antibodies: still acting for weeks after a dose."""

CHARTED_AS_VASOPRESSOR: Final[dict[Drug, Vasopressor]] = {
    drug: Vasopressor(drug.value) for drug in DRUGS[DrugClass.VASOPRESSOR]
}
"""How a vasopressor is named in the box of an assessment."""

CHARTED_AS_FEVER_MASKING: Final[dict[Drug, FeverMaskingDrug]] = {
    drug: FeverMaskingDrug.OTHER if drug is Drug.PREDNISONE else FeverMaskingDrug(drug.value)
    for of in (DrugClass.ANTICYTOKINE, DrugClass.STEROID, DrugClass.ANTIPYRETIC)
    for drug in DRUGS[of]
}
"""How a drug that masks fever is named in the box of an assessment; for prednisone there is no own word."""

_WORDS: Final = {
    Drug.ANGIOTENSIN_II: "angiotensin II",
    Drug.G_CSF: "G-CSF",
    Drug.IMMUNOGLOBULIN: "immunoglobulin",
    Drug.OTHER: "another drug",
}


def drug_words(drug: Drug) -> str:
    """The drug inside a sentence: "norepinephrine", "G-CSF"."""
    return _WORDS.get(drug, drug.value)


def units_of(drug: Drug) -> tuple[DoseUnit, ...]:
    """The units that a dose of this drug may be given in."""
    return _UNITS[CLASS_OF[drug]]


def keeps_course_open(drug: Drug) -> bool:
    """Whether a CRS course waits for this drug before it closes."""
    return CLASS_OF[drug] in KEEPS_COURSE_OPEN
