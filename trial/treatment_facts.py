"""What a treatment can be: drugs in the words of the chart, how they are given, and the units of a dose."""

from enum import StrEnum
from typing import Final


class Drug(StrEnum):
    """A drug that this trial follows; `other` is named beside it."""

    TOCILIZUMAB = "tocilizumab"
    SILTUXIMAB = "siltuximab"
    ANAKINRA = "anakinra"
    DEXAMETHASONE = "dexamethasone"
    METHYLPREDNISOLONE = "methylprednisolone"
    HYDROCORTISONE = "hydrocortisone"
    PREDNISONE = "prednisone"
    NOREPINEPHRINE = "norepinephrine"
    EPINEPHRINE = "epinephrine"
    PHENYLEPHRINE = "phenylephrine"
    DOPAMINE = "dopamine"
    DOBUTAMINE = "dobutamine"
    VASOPRESSIN = "vasopressin"
    ANGIOTENSIN_II = "angiotensin_ii"
    METARAMINOL = "metaraminol"
    TERLIPRESSIN = "terlipressin"
    ACETAMINOPHEN = "acetaminophen"
    IBUPROFEN = "ibuprofen"
    METAMIZOLE = "metamizole"
    LEVETIRACETAM = "levetiracetam"
    G_CSF = "g_csf"
    IMMUNOGLOBULIN = "immunoglobulin"
    ANTIBACTERIAL = "antibacterial"
    ANTIFUNGAL = "antifungal"
    ANTIVIRAL = "antiviral"
    FLUDARABINE = "fludarabine"
    CYCLOPHOSPHAMIDE = "cyclophosphamide"
    OTHER = "other"


class Giving(StrEnum):
    """How a drug is given."""

    ONCE = "once"
    REPEATED = "repeated"
    RUNNING = "running"

    @property
    def label(self) -> str:
        """The words on a screen."""
        return _GIVING_WORDS[self]


class DoseUnit(StrEnum):
    """The unit of one dose, or of the rate of a drug that runs."""

    MG = "mg"
    G = "g"
    UG_PER_KG_PER_MIN = "ug/kg/min"
    UG_PER_MIN = "ug/min"
    UNITS_PER_MIN = "units/min"
    MG_PER_M2 = "mg/m2"
    UG = "ug"


_GIVING_WORDS: Final = {
    Giving.ONCE: "One dose",
    Giving.REPEATED: "Repeated",
    Giving.RUNNING: "Running",
}
