"""The protocol's limits: of screening, of the gate for the second infusion, and of reports of serious events.

`trial.protocol` builds them from the protocol file. A name ends with how its limit is meant: `_from` and
`_to` count, `_above` does not; units stand in the name.
"""

from dataclasses import dataclass

from grading.units import Analyte


@dataclass(frozen=True, slots=True, kw_only=True)
class EligibilityLimits:
    """Limits of the inclusion and exclusion criteria. ULN is the site's upper limit of normal.

    barring_grade  CRS or ICANS of this grade after prior axi-cel excludes, and bars the second infusion
    """

    age_years_from: int
    life_expectancy_weeks_above: float
    ecog_to: int
    haemoglobin_g_per_l_from: float
    anc_10e9_per_l_from: float
    platelets_10e9_per_l_from: float
    measurable_lesions_from: int
    creatinine_uln_to: float
    clearance_ml_per_min_from: float
    lvef_percent_above: float
    spo2_percent_above: float
    bilirubin_uln_to: float
    bilirubin_uln_to_gilbert: float
    transaminases_uln_to: float
    transaminases_uln_to_hepatic: float
    years_since_menses_from: int
    other_malignancy_years: int
    stroke_months: int
    infarction_months: int
    nyha_class_from: int
    barring_grade: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondInfusionLimits:
    """Limits of the gate for the second infusion; days are counted from the first, which is day 0.

    within_days       the last day that counts
    finding_within    whether the finding (ctDNA, PET/CT) must fall within these days
    infusion_within   whether the second infusion itself must
    positive_samples  so many positive ctDNA samples in a row are "persistently positive"
    """

    within_days: int
    finding_within: bool
    infusion_within: bool
    positive_samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SaeClock:
    """By when a serious adverse event is reported, in hours from when the site became aware of it.

    clock_hours           the report is overdue from here on
    reminder_hours        reminded of the report this long after awareness, earliest first
    overdue_repeat_hours  once overdue, told again this often
    """

    clock_hours: float
    reminder_hours: tuple[float, ...]
    overdue_repeat_hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentLimits:
    """Limits of tocilizumab, which warn and never forbid, and how lymphodepletion is known.

    tocilizumab_hours_apart  the least time between two doses
    lymphodepletion_days     fludarabine and cyclophosphamide of so many days before an infusion belong to it
    """

    tocilizumab_mg_per_kg: float
    tocilizumab_max_mg: float
    tocilizumab_hours_apart: float
    tocilizumab_in_24_h: int
    tocilizumab_in_all: int
    lymphodepletion_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLimit:
    """The laboratory's limits of normal for one analyte in one unit.

    sex       "F", "M", or "both"
    lln, uln  None where the laboratory gives no such limit
    """

    analyte: Analyte
    sex: str
    unit: str
    lln: float | None = None
    uln: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratorySettings:
    """How laboratory results are read together, and the limits of normal that the form offers.

    hematotox_days  results of so many days before lymphodepletion count for CAR-HEMATOTOX
    together_hours  results taken within so many hours of each other are read together for the IEC-HS flag
    """

    hematotox_days: int
    together_hours: float
    limits: tuple[SiteLimit, ...]
