"""What is known of a patient when the criteria are asked: typed facts, units in their names.

None is not yet known, never normal and never "no". An empty tuple or set is the answer "none".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final


class Purpose(StrEnum):
    """What the criteria are asked for: all of them once, the exclusion criteria again."""

    ENROLMENT = "enrolment"
    SECOND_INFUSION = "second_infusion"


class Sex(StrEnum):
    """Sex as in the infusion file."""

    F = "F"
    M = "M"


class Histology(StrEnum):
    """B-cell non-Hodgkin lymphoma by WHO 2016; all but the last may take part."""

    DLBCL = "dlbcl"
    PMBCL = "pmbcl"
    TRANSFORMED_FL = "transformed_fl"
    HIGH_GRADE = "high_grade"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The words of the criterion."""
        return _HISTOLOGIES[self]


class RelapsedRefractory(StrEnum):
    """Each of them alone makes the lymphoma relapsed or refractory."""

    RELAPSE = "relapse"
    NO_PR_EARLY = "no_pr_early"
    NO_CR_LATE = "no_cr_late"
    PRIMARY_REFRACTORY = "primary_refractory"
    SECONDARY_REFRACTORY = "secondary_refractory"
    PROGRESSION = "progression"

    @property
    def label(self) -> str:
        """The words of the criterion."""
        return _COURSES[self]


class PregnancyTest(StrEnum):
    """Result of the serum test."""

    NEGATIVE = "negative"
    POSITIVE = "positive"


class MalignancyKind(StrEnum):
    """Another malignancy; all but the last are excepted once treated as the criterion says."""

    CERVICAL_IN_SITU = "cervical_in_situ"
    SKIN = "skin"
    PROSTATE = "prostate"
    DUCTAL_IN_SITU = "ductal_in_situ"
    THYROID = "thyroid"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The words of the criterion, with the treatment that excepts it."""
        return _MALIGNANCIES[self]


_HISTOLOGIES: Final = {
    Histology.DLBCL: "diffuse large B-cell lymphoma",
    Histology.PMBCL: "primary mediastinal large B-cell lymphoma",
    Histology.TRANSFORMED_FL: "transformed follicular lymphoma",
    Histology.HIGH_GRADE: "high-grade B-cell lymphoma",
    Histology.OTHER: "another histology",
}
_COURSES: Final = {
    RelapsedRefractory.RELAPSE: "at least one relapse",
    RelapsedRefractory.NO_PR_EARLY: "no PR after 2-3 cycles of first-line therapy",
    RelapsedRefractory.NO_CR_LATE: "no CR after 4-6 cycles",
    RelapsedRefractory.PRIMARY_REFRACTORY: "primary refractory",
    RelapsedRefractory.SECONDARY_REFRACTORY: "secondary refractory",
    RelapsedRefractory.PROGRESSION: "progression after the last line",
}
_MALIGNANCIES: Final = {
    MalignancyKind.CERVICAL_IN_SITU: "cervical carcinoma in situ, adequately treated",
    MalignancyKind.SKIN: "basal or squamous cell skin cancer, adequately treated",
    MalignancyKind.PROSTATE: "localised prostate cancer after definitive resection",
    MalignancyKind.DUCTAL_IN_SITU: "ductal carcinoma in situ after curative surgery",
    MalignancyKind.THYROID: "thyroid cancer after radical treatment",
    MalignancyKind.OTHER: "another malignancy",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the investigator judged where the protocol leaves it to them, and why.

    Raises:
        ValueError: there is no reason.
    """

    holds: bool
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("Give the reason for the investigator's judgement.")


@dataclass(frozen=True, slots=True)
class OtherMalignancy:
    """One other malignancy.

    treated         whether it was treated as its kind says
    last_active_on  the last day it was known: diagnosis, relapse or end of treatment, whichever came last
    """

    kind: MalignancyKind
    treated: bool | None = None
    last_active_on: date | None = None


@dataclass(frozen=True, slots=True)
class ActiveInfection:
    """An infection that is not over; whether it is localised, and whether serious and uncontrolled."""

    site: str
    localised: bool | None = None
    uncontrolled_serious: bool | None = None


@dataclass(frozen=True, slots=True)
class PastEvent:
    """Whether something ever happened, and on which date last."""

    happened: bool | None = None
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class WorstGrade:
    """The worst grade of CRS or ICANS after an infusion.

    at_least        the grade proved
    unsettled_days  days since the infusion on which a grade at the bar is not ruled out
    gaps_judged     the investigator's judgement that the grade stayed below the bar on those days
    """

    at_least: int
    unsettled_days: tuple[int, ...] = ()
    gaps_judged: Judgement | None = None

    def reached(self, grade: int) -> bool | None:
        """Whether this grade was reached; None while days are unsettled and nobody judged them."""
        if self.at_least >= grade:
            return True
        if not self.unsettled_days:
            return False
        return None if self.gaps_judged is None else not self.gaps_judged.holds

    def judgement(self, grade: int) -> Judgement | None:
        """The judgement, where `reached` rests on it."""
        return self.gaps_judged if self.unsettled_days and self.at_least < grade else None

    def words(self, toxicity: str) -> str:
        """The grade with what is not settled: "CRS at least grade 2, not settled on day 3, 5"."""
        days = ", ".join(str(day) for day in self.unsettled_days)
        if not days:
            return f"{toxicity} grade {self.at_least}"
        proved = f"{toxicity} at least grade {self.at_least}," if self.at_least else toxicity
        return f"{proved} not settled on day {days}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningFacts:
    """The facts of one patient.

    answers                criterion -> yes or no, for the criteria a person answers
    judgements             criterion -> judgement, for those the protocol leaves to the investigator
    collection_acceptable  the judgement that stands in for blood counts below their limits
    worst_crs, worst_icans after prior axi-cel
    """

    age_years: int | None = None
    sex: Sex | None = None
    weight_kg: float | None = None
    ecog: int | None = None
    histology: Histology | None = None
    relapsed_refractory: frozenset[RelapsedRefractory] | None = None
    haemoglobin_g_per_l: float | None = None
    anc_10e9_per_l: float | None = None
    platelets_10e9_per_l: float | None = None
    collection_acceptable: Judgement | None = None
    measurable_lesions: int | None = None
    creatinine_umol_per_l: float | None = None
    creatinine_uln_umol_per_l: float | None = None
    lvef_percent: float | None = None
    spo2_room_air_percent: float | None = None
    bilirubin_umol_per_l: float | None = None
    bilirubin_uln_umol_per_l: float | None = None
    gilbert_syndrome: bool | None = None
    alt_u_per_l: float | None = None
    alt_uln_u_per_l: float | None = None
    ast_u_per_l: float | None = None
    ast_uln_u_per_l: float | None = None
    hepatic_involvement: bool | None = None
    pregnancy_test: PregnancyTest | None = None
    last_menses_on: date | None = None
    surgically_sterilised: bool | None = None
    other_malignancies: tuple[OtherMalignancy, ...] | None = None
    infections: tuple[ActiveInfection, ...] | None = None
    stroke_or_tia: PastEvent = PastEvent()
    infarction: PastEvent = PastEvent()
    nyha_class: int | None = None
    prior_axi_cel: bool | None = None
    worst_crs: WorstGrade | None = None
    worst_icans: WorstGrade | None = None
    answers: Mapping[str, bool] = field(default_factory=dict)
    judgements: Mapping[str, Judgement] = field(default_factory=dict)
