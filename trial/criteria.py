"""The inclusion and exclusion criteria of NCT06902012, in the order of its public record, one row each.

Inclusion 10, the gate for the second infusion, is asked later: `trial/second_infusion.py`.
`{...}` is a limit of the protocol (`[eligibility]`).
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from trial.limits import EligibilityLimits


class Kind(StrEnum):
    """An inclusion criterion must be met, an exclusion criterion must not."""

    INCLUSION = "inclusion"
    EXCLUSION = "exclusion"


class SettledBy(StrEnum):
    """Who or what settles a criterion."""

    COMPUTED = "computed"
    COMPUTED_OR_JUDGED = "computed_or_judged"
    ANSWERED = "answered"
    JUDGED = "judged"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion; `words` with the limits left open."""

    id: str
    words: str
    kind: Kind
    settled_by: SettledBy = SettledBy.COMPUTED

    def in_words(self, limits: EligibilityLimits) -> str:
        """The criterion as it reads under these limits."""
        return self.words.format_map(_written(limits))


@lru_cache(maxsize=16)
def _written(limits: EligibilityLimits) -> dict[str, str]:
    return {name: f"{value:g}" for name, value in asdict(limits).items()}


_IN, _EX = Kind.INCLUSION, Kind.EXCLUSION
_COLLECTION: Final = ", or the investigator judges that collection is acceptable"

CRITERIA: Final[tuple[Criterion, ...]] = (
    Criterion("age", "Age at least {age_years_from} years", _IN),
    Criterion(
        "life_expectancy",
        "Life expectancy above {life_expectancy_weeks_above} weeks",
        _IN,
        SettledBy.ANSWERED,
    ),
    Criterion("ecog", "ECOG 0 to {ecog_to}", _IN),
    Criterion(
        "histology",
        "B-cell non-Hodgkin lymphoma (WHO 2016): DLBCL, PMBCL, transformed follicular lymphoma "
        "or high-grade B-cell lymphoma",
        _IN,
    ),
    Criterion(
        "relapsed_refractory",
        "Relapsed or refractory: at least one relapse, no PR after 2-3 cycles of first-line therapy, no CR "
        "after 4-6 cycles, primary refractory, secondary refractory, or progression after the last line",
        _IN,
    ),
    Criterion("venous_access", "Venous access for leukapheresis", _IN, SettledBy.ANSWERED),
    Criterion(
        "haemoglobin",
        "Haemoglobin at least {haemoglobin_g_per_l_from} g/L" + _COLLECTION,
        _IN,
        SettledBy.COMPUTED_OR_JUDGED,
    ),
    Criterion(
        "anc",
        "Neutrophils at least {anc_10e9_per_l_from} x 10^9/L" + _COLLECTION,
        _IN,
        SettledBy.COMPUTED_OR_JUDGED,
    ),
    Criterion(
        "platelets",
        "Platelets at least {platelets_10e9_per_l_from} x 10^9/L" + _COLLECTION,
        _IN,
        SettledBy.COMPUTED_OR_JUDGED,
    ),
    Criterion("measurable_lesion", "At least {measurable_lesions_from} measurable lesion (Lugano 2014)", _IN),
    Criterion(
        "creatinine",
        "Creatinine at most {creatinine_uln_to} x ULN, or clearance at least {clearance_ml_per_min_from} "
        "mL/min (Cockcroft-Gault)",
        _IN,
    ),
    Criterion("lvef", "LVEF above {lvef_percent_above} %", _IN),
    Criterion("spo2", "SpO2 above {spo2_percent_above} % on room air", _IN),
    Criterion(
        "bilirubin",
        "Bilirubin at most {bilirubin_uln_to} x ULN (at most {bilirubin_uln_to_gilbert} x ULN in Gilbert "
        "syndrome)",
        _IN,
    ),
    Criterion(
        "alt",
        "ALT at most {transaminases_uln_to} x ULN (at most {transaminases_uln_to_hepatic} x ULN with hepatic "
        "involvement)",
        _IN,
    ),
    Criterion(
        "ast",
        "AST at most {transaminases_uln_to} x ULN (at most {transaminases_uln_to_hepatic} x ULN with hepatic "
        "involvement)",
        _IN,
    ),
    Criterion(
        "pregnancy",
        "Negative serum pregnancy test for women of childbearing potential (exempt: at least "
        "{years_since_menses_from} years since the last menses, or surgically sterilised)",
        _IN,
    ),
    Criterion(
        "other_malignancy",
        "Another malignancy within {other_malignancy_years} years, except adequately treated cervical "
        "carcinoma in situ, basal or squamous cell skin cancer, localised prostate cancer after definitive "
        "resection, ductal carcinoma in situ after curative surgery, thyroid cancer after radical treatment",
        _EX,
    ),
    Criterion("active_infection", "Active infection other than localised", _EX),
    Criterion("unstable_angina", "Unstable angina", _EX, SettledBy.ANSWERED),
    Criterion("stroke_or_tia", "Stroke or TIA within {stroke_months} months", _EX),
    Criterion("infarction", "Myocardial infarction within {infarction_months} months", _EX),
    Criterion("heart_failure", "Congestive heart failure NYHA class {nyha_class_from} or more", _EX),
    Criterion("arrhythmia", "Severe arrhythmia needing drugs", _EX, SettledBy.ANSWERED),
    Criterion("organ_disorder", "Unstable hepatic, renal or metabolic disorder", _EX, SettledBy.ANSWERED),
    Criterion("consent", "Anything that impairs consent or compliance", _EX, SettledBy.JUDGED),
    Criterion("prior_toxicity", "CRS or ICANS of grade {barring_grade} or more after prior axi-cel", _EX),
    Criterion("uncontrolled_infection", "Active uncontrolled serious infection", _EX),
    Criterion("comorbidity", "Uncontrolled comorbidity that precludes participation", _EX, SettledBy.JUDGED),
    Criterion(
        "other_risk", "Another unacceptable risk in the investigator's judgement", _EX, SettledBy.JUDGED
    ),
)

BY_ID: Final[dict[str, Criterion]] = {criterion.id: criterion for criterion in CRITERIA}
