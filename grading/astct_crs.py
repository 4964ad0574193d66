"""Cytokine release syndrome: the ASTCT consensus table.

Lee DW, Santomasso BD, Locke FL, et al. ASTCT Consensus Grading for Cytokine Release Syndrome
and Neurologic Toxicity Associated with Immune Effector Cells.
Biol Blood Marrow Transplant 2019;25(4):625-638, table 2.

The worse of hypotension and hypoxia decides. Fever, hypotension and hypoxia count only where
not attributable to another cause. Organ toxicity is graded by CTCAE and never moves the grade.
READINGS are the places where the paper leaves room and this project chose.
"""

from enum import IntEnum
from typing import Final

from grading.cells import Cell
from grading.charted import FeverMaskingDrug, OxygenDevice, Vasopressor

REFERENCE: Final = (
    "Lee DW, Santomasso BD, Locke FL, et al. ASTCT Consensus Grading for Cytokine Release Syndrome and "
    "Neurologic Toxicity Associated with Immune Effector Cells. Biol Blood Marrow Transplant "
    "2019;25(4):625-638."
)

LOW_FLOW_AT_MOST_L_PER_MIN: Final = 6.0
"""A nasal cannula at 6 L/min is low flow, above it high flow (published footnote)."""


class FeverCell(Cell):
    """Temperature >= 38.0 C, in grades 1 to 4 alike; alone it makes grade 1."""

    NONE = 0, "below 38.0 °C"
    PRESENT = 1, "temperature ≥ 38.0 °C"


class Hypotension(Cell):
    """Low blood pressure and the vasopressors it needs."""

    NONE = 0, "none"
    NO_VASOPRESSOR = 2, "not requiring vasopressors"
    ONE_VASOPRESSOR = 3, "requiring a vasopressor with or without vasopressin"
    SEVERAL_VASOPRESSORS = 4, "requiring multiple vasopressors (excluding vasopressin)"


class Hypoxia(Cell):
    """Low oxygen and the support it needs. A nasal cannula is placed by its flow."""

    NONE = 0, "none", OxygenDevice.ROOM_AIR
    LOW_FLOW = (
        2,
        "requiring low-flow nasal cannula (≤ 6 L/min) or blow-by",
        OxygenDevice.NASAL_CANNULA,
        OxygenDevice.BLOW_BY,
    )
    HIGH_FLOW_OR_MASK = (
        3,
        "requiring high-flow nasal cannula (> 6 L/min), facemask, nonrebreather mask, or Venturi mask",
        OxygenDevice.HIGH_FLOW_NASAL_CANNULA,
        OxygenDevice.FACE_MASK,
        OxygenDevice.VENTURI_MASK,
        OxygenDevice.NON_REBREATHER_MASK,
        OxygenDevice.TRACHEOSTOMY_MASK,
    )
    POSITIVE_PRESSURE = (
        4,
        "requiring positive pressure (CPAP, BiPAP, intubation and mechanical ventilation)",
        OxygenDevice.CPAP,
        OxygenDevice.BIPAP,
        OxygenDevice.MECHANICAL_VENTILATION,
        OxygenDevice.ECMO,
    )


DEATH: Final = 5
"""Grade 5 is death due to CRS."""


class Counting(IntEnum):
    """How a running agent is counted in the hypotension row."""

    NEVER = 0
    ONCE_AT_MOST = 1
    EACH = 2


COUNTED_AS: Final[dict[Vasopressor, Counting]] = {
    Vasopressor.NOREPINEPHRINE: Counting.EACH,
    Vasopressor.EPINEPHRINE: Counting.EACH,
    Vasopressor.PHENYLEPHRINE: Counting.EACH,
    Vasopressor.DOPAMINE: Counting.EACH,
    Vasopressor.VASOPRESSIN: Counting.ONCE_AT_MOST,
    Vasopressor.ANGIOTENSIN_II: Counting.EACH,
    Vasopressor.METARAMINOL: Counting.EACH,
    Vasopressor.TERLIPRESSIN: Counting.EACH,
    Vasopressor.OTHER: Counting.EACH,
    Vasopressor.DOBUTAMINE: Counting.NEVER,
}

KEEPS_COURSE_OPEN: Final[dict[FeverMaskingDrug, bool]] = {
    FeverMaskingDrug.ACETAMINOPHEN: False,
    FeverMaskingDrug.IBUPROFEN: False,
    FeverMaskingDrug.METAMIZOLE: False,
    FeverMaskingDrug.TOCILIZUMAB: True,
    FeverMaskingDrug.SILTUXIMAB: True,
    FeverMaskingDrug.ANAKINRA: True,
    FeverMaskingDrug.DEXAMETHASONE: True,
    FeverMaskingDrug.METHYLPREDNISOLONE: True,
    FeverMaskingDrug.HYDROCORTISONE: True,
    FeverMaskingDrug.OTHER: True,
}
"""Steroids and anticytokine drugs keep a course open (reading 12); antipyretics do not."""

READINGS: Final[tuple[str, ...]] = (
    "Fever is a stored temperature of {fever_c} °C or more, compared unrounded: 37.96 is no fever, "
    "38.0 is. 100.4 °F is 38.0 °C.",
    "Vasopressin alone counts as one vasopressor. Beside another agent it is not counted.",
    "Dobutamine is recorded and not counted. Terlipressin and an agent charted as `other` are counted. "
    "The dose never matters.",
    "Where nobody judged it, a systolic pressure below {low_systolic_mmhg} mmHg, or fluid given for low "
    "blood pressure, is hypotension without a vasopressor. The limit is a setting.",
    "A systolic pressure at or above the limit with vasopressors charted as `none` is no hypotension, also "
    "where the fluid bolus is blank. This is the only blank that counts as no.",
    "`hypotension: no` sets the row to none and overrides a low systolic pressure, with a note. It yields "
    "to a vasopressor or a fluid bolus.",
    "On room air, `hypoxia: yes` or an SpO2 below {low_spo2_percent} % counts as low flow. The limit is "
    "a setting. A nasal cannula at 0 L/min is read as room air.",
    "The device decides before the flow: a high-flow cannula or any mask, a tracheostomy mask included, "
    "is grade 3 at any charted flow. ECMO counts as positive pressure.",
    "`hypoxia: no` sets the row to none (oxygen for comfort, home oxygen or CPAP unchanged, airway "
    "protection), with a note where the SpO2 is low. A device charted as `other` is at least low flow.",
    "A course opens with the first fever or with the judgement `crs`. Drugs given before that, such as "
    "prophylaxis, open nothing. Each infusion has its own course.",
    "Fever is waived in every course of CRS that is not yet over, whether or not a drug was charted, so that "
    "a missing drug entry never hides a grade 3. The paper names the drugs and sets no hour limit.",
    "A course closes at a settled grade 0, {clear_hours} h or more after its last sign and {drug_hours} h or "
    "more after the last steroid or anticytokine drug. Antipyretics do not prolong it. A drug charted as "
    "`other` does: it may be either.",
    "A sign after a clear stretch, in a course that only the drugs keep open, is a new episode and is noted "
    "as recurrence under treatment. A stretch is clear once a settled grade 0 stands {clear_hours} h or more "
    "after the last sign.",
    "CRS that begins after day {late_after_day} is graded alike and flagged as late: look for infection.",
    "A sign attributed to another cause counts 0 only where a column of its row is filled: temperature; "
    "systolic pressure, vasopressors, bolus or judgement; device, flow, SpO2 or judgement.",
    "`not_crs` makes the row grade 0, and the course passes over the row: it neither opens, treats nor ends "
    "anything. Only an investigator may enter it; from a file it is unconfirmed and closes no alert.",
    "A steroid or anticytokine drug recorded as a treatment counts for the end of the course as a row that "
    "lists it would: each dose at its time, a drug that runs until it ends. It opens no course, fills no box "
    "and changes no finding; where box and treatment disagree, the page asks (J).",
)
"""Numbered readings of this project, in the order of the table, then of the course."""
