"""Immune effector cell-associated neurotoxicity syndrome: the ASTCT consensus table for adults.

Lee DW, Santomasso BD, Locke FL, et al. ASTCT Consensus Grading for Cytokine Release Syndrome
and Neurologic Toxicity Associated with Immune Effector Cells.
Biol Blood Marrow Transplant 2019;25(4):625-638, table 5 (12 years and over).

The most severe domain decides; a domain with another cause counts 0. Tremor, myoclonus and
intracranial haemorrhage never count. READINGS are the choices of this project.
"""

from functools import cache
from typing import Final

from grading.cells import Cell, Finding, Gap, attribute_elsewhere, deciding, fill
from grading.charted import (
    FILE_COLUMNS,
    Charted,
    Consciousness,
    DeathDueTo,
    EdemaOrRaisedIcp,
    IceNotDone,
    MotorWeakness,
    Seizure,
    Sign,
)
from grading.ice import FULL_SCORE, IceScore, ice_score, item_points
from grading.scale import RULESET, Grade, Toxicity
from grading.settings import DEFAULT_SETTINGS, GradingSettings
from grading.stored_values import stored_values


class Ice(Cell):
    """ICE score. ICE 0 in an unarousable patient is grade 4 through the next row."""

    FULL = 0, "10"
    FROM_7 = 1, "7-9"
    FROM_3 = 2, "3-6"
    FROM_0 = 3, "0-2"


LOWEST_SCORE: Final[dict[Ice, int]] = {Ice.FULL: 10, Ice.FROM_7: 7, Ice.FROM_3: 3, Ice.FROM_0: 0}
"""The lowest score of each cell, best cell first."""


class DepressedConsciousness(Cell):
    """Level of consciousness, not attributable to another cause such as sedation."""

    ALERT = 0, "alert", Consciousness.ALERT
    SPONTANEOUSLY = 1, "awakens spontaneously", Consciousness.AWAKENS_SPONTANEOUSLY
    TO_VOICE = 2, "awakens to voice", Consciousness.AWAKENS_TO_VOICE
    TO_TOUCH = 3, "awakens only to tactile stimulus", Consciousness.AWAKENS_TO_TOUCH
    UNAROUSABLE = (
        4,
        "unarousable or requires vigorous or repetitive tactile stimuli to arouse; stupor or coma",
        Consciousness.UNAROUSABLE,
    )


class Seizures(Cell):
    """Seizures, clinical or on EEG."""

    NONE = 0, "none", Seizure.NONE
    RESOLVED = (
        3,
        "any clinical seizure, focal or generalized, that resolves rapidly; or nonconvulsive seizures on EEG "
        "that resolve with intervention",
        Seizure.BRIEF,
        Seizure.NONCONVULSIVE_RESOLVED,
    )
    LIFE_THREATENING = (
        4,
        "life-threatening prolonged seizure (> 5 min); or repetitive clinical or electrical seizures without "
        "return to baseline in between",
        Seizure.PROLONGED,
        Seizure.REPETITIVE,
    )


class MotorFindings(Cell):
    """Motor findings. Tremor and myoclonus are graded by CTCAE and never count here."""

    NONE = 0, "none", MotorWeakness.NONE
    DEEP_FOCAL = (
        4,
        "deep focal motor weakness such as hemiparesis or paraparesis",
        MotorWeakness.DEEP_FOCAL,
    )


class RaisedPressure(Cell):
    """Elevated intracranial pressure or cerebral edema. Haemorrhage is not counted."""

    NONE = 0, "none"
    FOCAL = 3, "focal or local edema on neuroimaging", EdemaOrRaisedIcp.FOCAL_EDEMA
    DIFFUSE = (
        4,
        "diffuse cerebral edema on neuroimaging; decerebrate or decorticate posturing; or cranial nerve VI "
        "palsy; or papilledema; or Cushing's triad",
        EdemaOrRaisedIcp.DIFFUSE_EDEMA,
        EdemaOrRaisedIcp.POSTURING,
        EdemaOrRaisedIcp.CRANIAL_NERVE_VI_PALSY,
        EdemaOrRaisedIcp.PAPILLEDEMA,
        EdemaOrRaisedIcp.CUSHINGS_TRIAD,
    )


DOMAINS: Final[dict[Sign, type[Cell]]] = {
    Sign.ICE: Ice,
    Sign.CONSCIOUSNESS: DepressedConsciousness,
    Sign.SEIZURE: Seizures,
    Sign.MOTOR_WEAKNESS: MotorFindings,
    Sign.EDEMA_OR_RAISED_ICP: RaisedPressure,
}
"""The rows of the table, in the paper's order."""

DEATH: Final = 5
"""Grade 5 is death due to ICANS."""

READINGS: Final[tuple[str, ...]] = (
    "ICE 10 in an alert patient is grade 0. `alert` is its own choice before `awakens spontaneously`, which "
    "is grade 1.",
    "ICE 0 in a patient who is awake (global aphasia) is grade 3; unarousable is grade 4.",
    "ICE partly done: the best score still possible decides what is proved, the worst how far the grade "
    "could still rise. A total given beside items is the score.",
    "ICE not done, with whatever reason, is missing. A patient who is awake and cannot answer scores 0. "
    "With an unarousable patient nothing more is needed.",
    "`ice_not_done: unarousable` with consciousness blank means unarousable, and counts as recorded.",
    "Blank consciousness could be unarousable whatever the ICE score: each domain is bounded on its own.",
    "While the ICE leaves the grade open, each blank item and a blank total are named as missing; the reason "
    "why it was not done is never asked for.",
    "Consciousness is rated after waking, off sedation and outside the minutes after a seizure.",
    "A domain attributed to another cause counts 0 only where it is recorded: for ICE the total or an item "
    "(a reason why it was not done is no finding), for the others their own column.",
    "The grade is absolute: the ICE score before the infusion is shown beside it and changes nothing.",
)
"""Numbered readings of this project."""


def ice_cell(score: int) -> Ice:
    """Find the cell of an ICE score of 0 to 10."""
    return next(cell for cell, lowest in LOWEST_SCORE.items() if score >= lowest)


def ice_finding(score: IceScore, attributed: bool) -> Finding:
    """Read the ICE row: the best score still possible is proved, the worst is the most it could be."""
    least, most = ice_cell(score.best).grade, ice_cell(score.worst).grade
    exact = "ICE score {ice_score}"
    phrase = exact if score.worst == score.best else f"{exact} of {FULL_SCORE} at best ({{ice_items}})"
    finding = Finding(least, most, tuple(Gap(column, most) for column in score.missing), phrase)
    return attribute_elsewhere(finding, "ICE score", score.recorded) if attributed else finding


def consciousness_of(charted: Charted) -> Consciousness | None:
    """The level of consciousness; an ICE not done because unarousable says it, too."""
    if charted.consciousness is None and charted.ice_not_done is IceNotDone.UNAROUSABLE:
        return Consciousness.UNAROUSABLE
    return charted.consciousness


@cache
def domain_finding(sign: Sign, cell: Cell | None, attributed: bool) -> Finding:
    """Read one of the other rows from its cell; a blank column leaves it open up to its last cell."""
    column = sign.value
    if cell is None:
        most = max(each.grade for each in DOMAINS[sign])
        finding = Finding(0, most, (Gap(column, most),))
    else:
        finding = Finding(cell.grade, cell.grade, phrase=f"{{{column}}}")
    return attribute_elsewhere(finding, sign.phrase, cell is not None) if attributed else finding


def edema_cell(signs: frozenset[EdemaOrRaisedIcp] | None) -> RaisedPressure | None:
    """The worst cell among the listed signs; an empty list is the lowest cell."""
    if signs is None:
        return None
    return max(
        (RaisedPressure.of(sign) for sign in signs), key=lambda cell: cell.grade, default=RaisedPressure.NONE
    )


def icans_findings(charted: Charted) -> tuple[Finding, ...]:
    """Read the five rows of one assessment, in the paper's order."""
    elsewhere = charted.attributed_elsewhere or frozenset()
    score = ice_score(item_points(charted), charted.ice_score)
    alertness = consciousness_of(charted)
    cells: dict[Sign, Cell | None] = {
        Sign.CONSCIOUSNESS: None if alertness is None else DepressedConsciousness.of(alertness),
        Sign.SEIZURE: None if charted.seizure is None else Seizures.of(charted.seizure),
        Sign.MOTOR_WEAKNESS: None
        if charted.motor_weakness is None
        else MotorFindings.of(charted.motor_weakness),
        Sign.EDEMA_OR_RAISED_ICP: edema_cell(charted.edema_or_raised_icp),
    }
    others = (domain_finding(sign, cell, sign in elsewhere) for sign, cell in cells.items())
    return (ice_finding(score, Sign.ICE in elsewhere), *others)


def icans_reasons(findings: tuple[Finding, ...], not_done: bool, died: bool) -> tuple[str, ...]:
    """Say which domains decided, as templates; ICE not done is named while it still matters."""
    proved = max(finding.least for finding in findings)
    reasons = deciding(findings, proved)
    if not_done and findings[0].most > proved:
        reasons = ("ICE not done ({ice_not_done})", *reasons)
    if died:
        reasons = ("death due to ICANS", *reasons)
    return reasons or ("nothing recorded that proves a grade",)


def grade_icans(charted: Charted, settings: GradingSettings = DEFAULT_SETTINGS) -> Grade:
    """Grade ICANS of one assessment; it needs no memory of earlier ones."""
    findings = icans_findings(charted)
    died = charted.death_due_to is DeathDueTo.ICANS
    at_least = DEATH if died else max(finding.least for finding in findings)
    at_most = DEATH if died else max(finding.most for finding in findings)
    open_columns = {gap.column for finding in findings for gap in finding.gaps if gap.reach > at_least}
    values = stored_values(charted, settings) | {
        "consciousness": getattr(consciousness_of(charted), "phrase", "")
    }
    return Grade(
        scale=Toxicity.ICANS,
        grade=at_least if at_least == at_most else None,
        at_least=at_least,
        missing=tuple(column for column in FILE_COLUMNS if column in open_columns),
        reasons=fill(icans_reasons(findings, charted.ice_not_done is not None, died), values),
        notes=fill(tuple(note for finding in findings for note in finding.notes), values),
        ruleset=RULESET,
        at_most=at_most,
    )
