"""The facts of a screening in the words of the screen: the label of each box, units included."""

from collections.abc import Iterable
from typing import Final

from actions import context
from trial.criteria import BY_ID
from trial.screening_judgements import COLLECTION, CRS_GAPS, ICANS_GAPS

LABELS: Final = {
    "age_years": "Age in years",
    "sex": "Sex",
    "weight_kg": "Weight, kg",
    "ecog": "ECOG",
    "histology": "Histology (WHO 2016)",
    "relapsed_refractory": "Course so far",
    "measurable_lesions": "Measurable lesions, number",
    "haemoglobin_g_per_l": "Haemoglobin, g/L",
    "anc_10e9_per_l": "Neutrophils, 10^9/L",
    "platelets_10e9_per_l": "Platelets, 10^9/L",
    "creatinine_umol_per_l": "Creatinine, umol/L",
    "creatinine_uln_umol_per_l": "ULN of creatinine, umol/L",
    "bilirubin_umol_per_l": "Bilirubin, umol/L",
    "bilirubin_uln_umol_per_l": "ULN of bilirubin, umol/L",
    "gilbert_syndrome": "Gilbert syndrome",
    "alt_u_per_l": "ALT, U/L",
    "alt_uln_u_per_l": "ULN of ALT, U/L",
    "ast_u_per_l": "AST, U/L",
    "ast_uln_u_per_l": "ULN of AST, U/L",
    "hepatic_involvement": "Lymphoma in the liver",
    "lvef_percent": "LVEF, %",
    "spo2_room_air_percent": "SpO2 on room air, %",
    "nyha_class": "Congestive heart failure (NYHA)",
    "stroke_or_tia": "Stroke or TIA, ever",
    "stroke_or_tia_on": "Date of the last stroke or TIA",
    "infarction": "Myocardial infarction, ever",
    "infarction_on": "Date of the last infarction",
    "pregnancy_test": "Serum pregnancy test",
    "last_menses_on": "Date of the last menses",
    "surgically_sterilised": "Surgically sterilised",
    "other_malignancies": "Another malignancy, now or before",
    "infections": "Active infection",
    "prior_axi_cel": "Axi-cel before this trial",
    "worst_crs": "Worst CRS after it, highest grade proved",
    "worst_icans": "Worst ICANS after it, highest grade proved",
    "crs_unsettled_days": "Days after it on which grade 3 CRS is not ruled out",
    "icans_unsettled_days": "Days after it on which grade 3 ICANS is not ruled out",
}
JUDGED_LABELS: Final = {
    COLLECTION: "Collection is acceptable although a blood count is below its limit",
    CRS_GAPS: "CRS stayed below the barring grade on the days not settled",
    ICANS_GAPS: "ICANS stayed below the barring grade on the days not settled",
}
REASON_LABELS: Final = {
    "consent": "Reason, on consent and compliance",
    "comorbidity": "Reason, on comorbidity",
    "other_risk": "Reason, on another risk",
    COLLECTION: "Reason, on the collection",
    CRS_GAPS: "Reason, on CRS",
    ICANS_GAPS: "Reason, on ICANS",
}


def fact_label(name: str) -> str:
    """The words of a fact, an answer, a judgement or a criterion that is not yet known."""
    known = LABELS.get(name) or JUDGED_LABELS.get(name)
    return known or BY_ID[name].in_words(context.protocol().eligibility)


def criterion_hint(name: str) -> str:
    """The criterion itself, under the box of the fact that settles it."""
    return f"{BY_ID[name].in_words(context.protocol().eligibility)}."


def missing_words(names: Iterable[str]) -> str:
    """What is still to be recorded, one after the other."""
    return "; ".join(fact_label(name) for name in names)
