"""What is asked and refused of an adverse event, pure: terms, grades, seriousness, infections.

CRS and ICANS are not entered: their episodes come from the assessments (`trial.toxicity_episodes`).
Nothing is filled in for a person; what is unusual is asked once more.
"""

import re
from collections.abc import Collection
from typing import Final

from grading.ctcae_tables import Infection
from grading.ctcae_v5 import grade_infection
from grading.scale import Toxicity
from trial.ctcae_terms import find_term, grades_of
from trial.event_facts import InfectionTreatment, Outcome, SeriousCriterion

DERIVED_VERSION: Final = "ASTCT 2019"
"""What stands in place of the version of CTCAE where a person adds to a derived episode."""

FATAL_GRADE: Final = 5
LIFE_THREATENING_GRADE: Final = 4

_DERIVED_NAMES: Final = {
    Toxicity.CRS: ("crs", "cytokinereleasesyndrome", "cytokinestorm"),
    Toxicity.ICANS: (
        "icans",
        "immuneeffectorcellassociatedneurotoxicity",
        "immuneeffectorcellassociatedneurotoxicitysyndrome",
        "cartcellrelatedencephalopathysyndrome",
        "cres",
    ),
}
_NO_LETTERS: Final = re.compile(r"[^a-z]")

_TREATED_AS: Final = {
    InfectionTreatment.NONE: Infection.NOT_TREATED,
    InfectionTreatment.LOCAL: Infection.ORAL,
    InfectionTreatment.ORAL: Infection.ORAL,
    InfectionTreatment.INTRAVENOUS: Infection.INTRAVENOUS,
    InfectionTreatment.INVASIVE: Infection.INTRAVENOUS,
}
"""CTCAE v5.0 prints local treatment among the grades 1 and 2; more than its grade is never asked of it."""


def derived_toxicity(term: str) -> Toxicity | None:
    """CRS or ICANS where the term means one of them, however it is written."""
    plain = _NO_LETTERS.sub("", term.casefold())
    # "CRS (cytokine release syndrome)" and "grade 2 CRS" mean the same.
    words = {_NO_LETTERS.sub("", word) for word in re.split(r"[\s(),;/]+", term.casefold())}
    for toxicity, names in _DERIVED_NAMES.items():
        if plain in names or words & set(names) or any(len(name) > 8 and name in plain for name in names):
            return toxicity
    return None


def refuse_derived(term: str) -> str | None:
    """The sentence for a term that is never typed; None where it may be."""
    toxicity = derived_toxicity(term)
    if toxicity is None:
        return None
    return (
        f"{toxicity.label} is not entered here: its episodes come from the assessments. Record or correct "
        "the assessment; what is serious about an episode is added to it in the list below."
    )


def refuse_grade(term: str, grade: int) -> str | None:
    """The sentence for a grade that CTCAE v5.0 does not have for this term; None where it has."""
    grades = grades_of(term)
    if grade in grades:
        return None
    known = " and ".join(", ".join(map(str, grades)).rsplit(", ", 1))
    verb = "are" if len(grades) > 1 else "is"
    noun = "grades" if len(grades) > 1 else "grade"
    return f"{term} has no grade {grade} in CTCAE v5.0; its {noun} {verb} {known}."


def refuse_fatal(grade: int, outcome: Outcome | None) -> str | None:
    """The sentence where grade 5 and the outcome contradict each other."""
    fatal = outcome is Outcome.FATAL
    if grade == FATAL_GRADE and outcome is not None and not fatal:
        return "Grade 5 is death due to the event: choose the outcome fatal, or another grade."
    if fatal and grade != FATAL_GRADE:
        return "Fatal means that the patient died of this event: choose grade 5, or another outcome."
    return None


def refuse_fatal_as_not_serious(grade: int, is_serious: bool | None) -> str | None:
    """The sentence where the patient died of an event that is said not to be serious."""
    if grade != FATAL_GRADE or is_serious is not False:
        return None
    return "An event that the patient died of is serious. Choose yes, and the criterion death."


def serious_questions(
    grade: int, outcome: Outcome | None, is_serious: bool, criteria: Collection[SeriousCriterion]
) -> list[str]:
    """What is asked once more about seriousness."""
    fatal = grade == FATAL_GRADE or outcome is Outcome.FATAL
    questions = []
    if grade == LIFE_THREATENING_GRADE and not is_serious:
        questions.append(
            "Grade 4 is life-threatening in the words of CTCAE. Is it right that it is not serious?"
        )
    if is_serious and fatal and SeriousCriterion.DEATH not in criteria:
        questions.append("The patient died of it, and death is not among the criteria. Is it right?")
    if is_serious and not fatal and SeriousCriterion.DEATH in criteria:
        questions.append("Death is a criterion, and the grade is not 5. Is it right?")
    return questions


def is_infection(term: str) -> bool | None:
    """Whether the term is an infection; None for a term that is not listed."""
    known = find_term(term)
    return None if known is None else known.is_infection


def infection_question(grade: int, treatment: InfectionTreatment | None) -> str | None:
    """What is asked where the grade and the treatment of an infection do not go together in CTCAE v5.0.

    Grades 4 and 5 are judged by what the infection caused, whatever its treatment.
    """
    if treatment is None or grade >= LIFE_THREATENING_GRADE:
        return None
    expected = grade_infection(_TREATED_AS[treatment]).at_least
    if grade == expected or (treatment is InfectionTreatment.LOCAL and grade < expected):
        return None
    words = treatment.phrase
    return f"CTCAE grades an infection with {words} {expected}; {grade} is chosen. Is it right?"
