"""The published grading tables, typed a second time, keyed by the values of the assessment file.

Source: Lee et al., ASTCT Consensus Grading for CRS and Neurologic Toxicity, Biol Blood Marrow
Transplant 2019;25:625-638, tables 2 (CRS), 4 (ICE) and 5 (ICANS, 12 years and over). Lines marked (J) are
this project's reading where the paper leaves room.
"""

from decimal import Decimal
from typing import Final

FEVER_C: Final = Decimal("38.0")
"""A temperature of this many degrees Celsius, or more, is fever."""
LOW_SYSTOLIC_MMHG: Final = Decimal(90)
"""Systolic pressure under this is hypotension (J)."""
LOW_SPO2_PERCENT: Final = Decimal(90)
"""SpO2 under this on room air counts as low flow (J)."""
LOW_FLOW_L_PER_MIN: Final = Decimal(6)
"""The highest flow on a plain cannula that is still low flow."""
CLEAR_HOURS: Final = 24
"""Hours after the last sign, and after the last steroid or anticytokine drug, before a course closes (J)."""

# --- CRS (table 2) ---------------------------------------------------------------------------------------

CRS_FEVER: Final[dict[str, int]] = {"absent": 0, "present": 1}

CRS_HYPOTENSION: Final[dict[str, int]] = {
    "none": 0,
    "no_vasopressor": 2,
    "one_vasopressor": 3,
    "several_vasopressors": 4,
}

CRS_HYPOXIA: Final[dict[str, int]] = {
    "none": 0,
    "low_flow": 2,
    "high_flow_or_mask": 3,
    "positive_pressure": 4,
}

OXYGEN_DEVICE: Final[dict[str, str]] = {
    "room_air": "none",
    "nasal_cannula": "low_flow",  # up to 6 L/min; above, high flow
    "blow_by": "low_flow",
    "high_flow_nasal_cannula": "high_flow_or_mask",
    "face_mask": "high_flow_or_mask",
    "venturi_mask": "high_flow_or_mask",
    "non_rebreather_mask": "high_flow_or_mask",
    "tracheostomy_mask": "high_flow_or_mask",
    "cpap": "positive_pressure",
    "bipap": "positive_pressure",
    "mechanical_ventilation": "positive_pressure",
    "ecmo": "positive_pressure",
    "other": "low_flow",  # at least
}
"""What each device proves by itself, whatever the flow."""

VASOPRESSOR_COUNTS: Final[dict[str, str]] = {
    "norepinephrine": "as one of several",
    "epinephrine": "as one of several",
    "phenylephrine": "as one of several",
    "dopamine": "as one of several",
    "angiotensin_ii": "as one of several",
    "metaraminol": "as one of several",
    "terlipressin": "as one of several",
    "other": "as one of several",
    "vasopressin": "as one only when alone",  # (J)
    "dobutamine": "never",  # (J)
}

FEVER_MASKING_DRUG: Final[dict[str, str]] = {
    "acetaminophen": "antipyretic",
    "ibuprofen": "antipyretic",
    "metamizole": "antipyretic",
    "tocilizumab": "anticytokine",
    "siltuximab": "anticytokine",
    "anakinra": "anticytokine",
    "dexamethasone": "steroid",
    "methylprednisolone": "steroid",
    "hydrocortisone": "steroid",
    "other": "unknown",
}

# --- ICE (table 4) ---------------------------------------------------------------------------------------

ICE_MAXIMUM: Final[dict[str, int]] = {
    "ice_orientation": 4,
    "ice_naming": 3,
    "ice_commands": 1,
    "ice_writing": 1,
    "ice_attention": 1,
}

ICE_GRADE: Final[dict[int, int]] = {10: 0, 9: 1, 8: 1, 7: 1, 6: 2, 5: 2, 4: 2, 3: 2, 2: 3, 1: 3, 0: 3}

# --- ICANS (table 5) -------------------------------------------------------------------------------------

CONSCIOUSNESS: Final[dict[str, int]] = {
    "alert": 0,
    "awakens_spontaneously": 1,
    "awakens_to_voice": 2,
    "awakens_to_touch": 3,
    "unarousable": 4,
}

SEIZURE: Final[dict[str, int]] = {
    "none": 0,
    "brief": 3,
    "nonconvulsive_resolved": 3,
    "prolonged": 4,
    "repetitive": 4,
}

MOTOR_WEAKNESS: Final[dict[str, int]] = {"none": 0, "deep_focal": 4}

EDEMA_OR_RAISED_ICP: Final[dict[str, int]] = {
    "none": 0,
    "focal_edema": 3,
    "diffuse_edema": 4,
    "posturing": 4,
    "cranial_nerve_vi_palsy": 4,
    "papilledema": 4,
    "cushings_triad": 4,
}

ICANS: Final[dict[str, dict[str, int]]] = {
    "consciousness": CONSCIOUSNESS,
    "seizure": SEIZURE,
    "motor_weakness": MOTOR_WEAKNESS,
    "edema_or_raised_icp": EDEMA_OR_RAISED_ICP,
}
"""The four domains beside ICE, by column."""

DEATH: Final = 5
"""Death due to CRS, or to ICANS."""

# --- The assessment file ---------------------------------------------------------------------------------

COLUMNS: Final[tuple[str, ...]] = (
    "patient_id",
    "infusion_number",
    "assessed_at",
    "temperature_c",
    "systolic_mmhg",
    "diastolic_mmhg",
    "heart_rate_per_min",
    "respiratory_rate_per_min",
    "spo2_percent",
    "oxygen_device",
    "oxygen_l_per_min",
    "hypoxia",
    "vasopressors",
    "iv_fluid_bolus",
    "hypotension",
    "fever_masking_drugs",
    "crs_judgement",
    *ICE_MAXIMUM,
    "ice_score",
    "ice_not_done",
    "consciousness",
    "seizure",
    "motor_weakness",
    "edema_or_raised_icp",
    "attributed_elsewhere",
    "death_due_to",
    "comment",
)

FINDING_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "fever": ("temperature_c",),
    "hypotension": ("systolic_mmhg", "vasopressors", "iv_fluid_bolus", "hypotension"),
    "hypoxia": ("spo2_percent", "oxygen_device", "oxygen_l_per_min", "hypoxia"),
    "ice": (*ICE_MAXIMUM, "ice_score"),
    "consciousness": ("consciousness",),
    "seizure": ("seizure",),
    "motor_weakness": ("motor_weakness",),
    "edema_or_raised_icp": ("edema_or_raised_icp",),
}
"""The columns of which at least one must be filled before a sign can be attributed elsewhere."""

ICE_NOT_DONE: Final = ("unarousable", "sedated", "intubated", "asleep", "refused", "language", "other")
