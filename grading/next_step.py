"""What would make a grade one step higher, in a sentence for the bedside.

It names findings of the next published cell; it is no forecast and no advice.
"""

from typing import Final

from grading.astct_crs import COUNTED_AS, Counting, Hypotension, Hypoxia
from grading.astct_icans import (
    DOMAINS,
    DepressedConsciousness,
    Ice,
    MotorFindings,
    RaisedPressure,
    Seizures,
    icans_findings,
)
from grading.cells import Cell
from grading.charted import CrsJudgement, Sign, YesNo
from grading.crs_course import GradedAssessment
from grading.crs_row import Fever, read_crs_row
from grading.scale import Toxicity
from grading.settings import DEFAULT_SETTINGS, GradingSettings
from grading.stored_values import write_temperature

HIGHEST_LIVING: Final = 4

WORDS: Final[dict[Cell, str]] = {
    Hypotension.NO_VASOPRESSOR: "low blood pressure",
    Hypotension.ONE_VASOPRESSOR: "a vasopressor",
    Hypotension.SEVERAL_VASOPRESSORS: "two vasopressors other than vasopressin",
    Hypoxia.LOW_FLOW: "low-flow oxygen",
    Hypoxia.HIGH_FLOW_OR_MASK: "oxygen by mask or at more than 6 L/min",
    Hypoxia.POSITIVE_PRESSURE: "CPAP, BiPAP or ventilation",
    Ice.FROM_7: "an ICE score of 7 to 9",
    Ice.FROM_3: "an ICE score of 3 to 6",
    Ice.FROM_0: "an ICE score of 0 to 2",
    DepressedConsciousness.SPONTANEOUSLY: "awakening spontaneously without being alert",
    DepressedConsciousness.TO_VOICE: "awakening only to voice",
    DepressedConsciousness.TO_TOUCH: "awakening only to touch",
    DepressedConsciousness.UNAROUSABLE: "being unarousable",
    Seizures.RESOLVED: "a seizure",
    Seizures.LIFE_THREATENING: "a seizure over 5 minutes or repetitive ones",
    MotorFindings.DEEP_FOCAL: "deep focal weakness",
    RaisedPressure.FOCAL: "focal edema",
    RaisedPressure.DIFFUSE: "diffuse edema or raised pressure",
}
"""What each cell above grade 0 asks for, as a part of a sentence."""


def what_would_raise(
    graded: GradedAssessment,
    scale: Toxicity = Toxicity.CRS,
    settings: GradingSettings = DEFAULT_SETTINGS,
) -> str | None:
    """Name what would raise the grade that is proved: "A second vasopressor, or CPAP ..., would make it 4.".

    None where nothing charted alive would: at grade 4 and 5, after `not_crs`, or where every
    open row has another cause.
    """
    grade = graded.crs if scale is Toxicity.CRS else graded.icans
    if grade.at_least >= HIGHEST_LIVING or graded.charted.death_due_to is not None:
        return None
    return _next_crs(graded, settings) if scale is Toxicity.CRS else _next_icans(graded)


def _next_crs(graded: GradedAssessment, settings: GradingSettings) -> str | None:
    if graded.charted.crs_judgement is CrsJudgement.NOT_CRS:
        return None
    proved = graded.crs.at_least
    has_other_cause = Sign.FEVER in (graded.charted.attributed_elsewhere or ())
    needs_fever = graded.crs_state.fever in (Fever.ABSENT, Fever.UNKNOWN)
    if needs_fever or (proved == 0 and not has_other_cause):
        signs = read_crs_row(graded.charted, settings).signs
        raised = max(1, *(finding.least for finding in signs))
        warm = f"A temperature of {write_temperature(settings.fever_c)} °C or more"
        return f"{'Fever without another cause' if has_other_cause else warm} would make it {raised}."
    raised = max(2, proved + 1)
    return _sentence([_hypotension(graded, raised), _hypoxia(graded, raised)], raised)


def _hypotension(graded: GradedAssessment, raised: int) -> str | None:
    charted = graded.charted
    if Sign.HYPOTENSION in (charted.attributed_elsewhere or ()):
        return None
    if raised == Hypotension.NO_VASOPRESSOR.grade and charted.hypotension is YesNo.NO:
        return "fluid given for low blood pressure"
    counted = [agent for agent in charted.vasopressors or () if COUNTED_AS[agent] is Counting.EACH]
    if raised == Hypotension.SEVERAL_VASOPRESSORS.grade and counted:
        return "a second vasopressor other than vasopressin"
    return _of_grade(Hypotension, raised)


def _hypoxia(graded: GradedAssessment, raised: int) -> str | None:
    charted = graded.charted
    if charted.hypoxia is YesNo.NO or Sign.HYPOXIA in (charted.attributed_elsewhere or ()):
        return None
    return _of_grade(Hypoxia, raised)


def _next_icans(graded: GradedAssessment) -> str | None:
    findings = icans_findings(graded.charted)
    free = [
        cells for cells, finding in zip(DOMAINS.values(), findings, strict=True) if not finding.attributed
    ]
    above = [cell.grade for cells in free for cell in cells if cell.grade > graded.icans.at_least]
    raised = min(above, default=HIGHEST_LIVING)
    return _sentence([_of_grade(cells, raised) for cells in free], raised)


def _of_grade(cells: type[Cell], grade: int) -> str | None:
    return next((WORDS[cell] for cell in cells if cell.grade == grade), None)


def _sentence(parts: list[str | None], raised: int) -> str | None:
    named = [part for part in parts if part]
    if not named:
        return None
    joined = ", ".join((*named[:-1], f"or {named[-1]},")) if len(named) > 1 else named[0]
    return f"{joined[0].upper()}{joined[1:]} would make it {raised}."
