"""The protocol's limits: of screening, of the gate for the second infusion, and of reports of serious events.

`trial.protocol` builds them from the protocol file. A name ends with how its limit is meant: `_from` and
`_to` count, `_above` does not; units stand in the name.
"""

from dataclasses import dataclass


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
