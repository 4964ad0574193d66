"""The page `docs/treatments.md`, written from the tables of drugs and steroids and from the protocol file."""

from typing import Final

from grading.markdown import SIGNATURE, numbered, page, table
from grading.units import write_decimal
from trial import steroids
from trial.drugs import (
    ACTS_LONG,
    CHARTED_AS_FEVER_MASKING,
    CHARTED_AS_VASOPRESSOR,
    DRUGS,
    drug_words,
    keeps_course_open,
    units_of,
)
from trial.limits import TreatmentLimits
from trial.treatment_facts import Drug

PATH: Final = "docs/treatments.md"
_HEAD: Final = ("Drug", "Class", "Units", "Its box in an assessment", "A CRS course waits for it")


def treatments_page(limits: TreatmentLimits) -> str:
    """Drugs with what they do to a CRS course, the limits of tocilizumab, and steroids that act alike."""
    return page(
        "Treatments",
        "Drugs that are recorded apart from the assessments. A treatment never fills a box of an assessment; "
        "where a box and the treatments disagree, the pages ask.",
        table(
            ("Drug", "Class", "Units", "Its box in an assessment", "A CRS course waits for it"), _drug_rows()
        ),
        "## Tocilizumab",
        "Each limit warns and none forbids: a dose beyond it is recorded once a person has confirmed it. The "
        "values stand in the protocol file, section `[treatments]`.",
        table(("Limit", "Value"), _limit_rows(limits)),
        "## Steroids that act alike",
        f"{steroids.SOURCE}",
        table(("Steroid", "mg"), _steroid_rows()),
        "## Readings of this project",
        numbered(steroids.READINGS),
        SIGNATURE,
    )


def _drug_rows() -> list[list[str]]:
    return [
        [drug_words(drug), of.label, ", ".join(units_of(drug)), _box(drug), _waits(drug)]
        for of, drugs in DRUGS.items()
        for drug in drugs
    ]


def _box(drug: Drug) -> str:
    if drug in CHARTED_AS_VASOPRESSOR:
        return f"`vasopressors`: {CHARTED_AS_VASOPRESSOR[drug]}"
    if drug in CHARTED_AS_FEVER_MASKING:
        return f"`fever_masking_drugs`: {CHARTED_AS_FEVER_MASKING[drug]}"
    return ""


def _waits(drug: Drug) -> str:
    if not keeps_course_open(drug):
        return "no"
    return "yes; may be charted as acting for weeks" if drug in ACTS_LONG else "yes"


def _limit_rows(limits: TreatmentLimits) -> list[list[str]]:
    return [
        ["dose for each kg", f"{limits.tocilizumab_mg_per_kg:g} mg/kg"],
        ["one dose", f"{limits.tocilizumab_max_mg:g} mg"],
        ["hours between doses", f"{limits.tocilizumab_hours_apart:g} h at least"],
        ["doses within 24 h", f"{limits.tocilizumab_in_24_h} at most"],
        ["doses in all", f"{limits.tocilizumab_in_all} at most"],
    ]


def _steroid_rows() -> list[list[str]]:
    return [[drug_words(drug), write_decimal(mg)] for drug, mg in steroids.EQUIVALENT_MG.items()]
