"""What is asked and refused of an adverse event."""

from itertools import product

import pytest

from grading.scale import Toxicity
from trial.adverse_events import (
    derived_toxicity,
    infection_question,
    is_infection,
    refuse_derived,
    refuse_fatal,
    refuse_fatal_as_not_serious,
    refuse_grade,
    serious_questions,
)
from trial.event_facts import InfectionTreatment, Outcome, SeriousCriterion

DEATH = SeriousCriterion.DEATH
HOSPITAL = SeriousCriterion.HOSPITALISATION


@pytest.mark.parametrize(
    ("typed", "toxicity"),
    [
        ("CRS", Toxicity.CRS),
        ("crs", Toxicity.CRS),
        ("C.R.S.", Toxicity.CRS),
        ("Grade 2 CRS", Toxicity.CRS),
        ("Cytokine release syndrome", Toxicity.CRS),
        ("Cytokine-release syndrome (CRS)", Toxicity.CRS),
        ("late cytokine release syndrome", Toxicity.CRS),
        ("ICANS", Toxicity.ICANS),
        ("ICANS, grade 1", Toxicity.ICANS),
        ("Immune effector cell-associated neurotoxicity syndrome", Toxicity.ICANS),
        ("CRES", Toxicity.ICANS),
        ("Encephalopathy", None),
        ("Dacryocystitis", None),
        ("Increased sweating", None),
        ("Fever", None),
        ("", None),
    ],
)
def test_crs_and_icans_are_recognised_however_they_are_written(typed: str, toxicity: Toxicity | None) -> None:
    assert derived_toxicity(typed) is toxicity


def test_the_sentence_says_where_crs_comes_from() -> None:
    sentence = refuse_derived("cytokine release syndrome")
    assert sentence is not None
    assert sentence.startswith("CRS is not entered here: its episodes come from the assessments.")
    assert refuse_derived("Tremor") is None


@pytest.mark.parametrize(
    ("term", "grade", "sentence"),
    [
        ("Tremor", 3, None),
        ("Tremor", 4, "Tremor has no grade 4 in CTCAE v5.0; its grades are 1, 2 and 3."),
        ("Bacteremia", 3, "Bacteremia has no grade 3 in CTCAE v5.0; its grade is 2."),
        ("Fungemia", 1, "Fungemia has no grade 1 in CTCAE v5.0; its grades are 2 and 3."),
        ("Hiccups", 5, None),
    ],
)
def test_a_grade_that_the_term_does_not_have_is_refused(term: str, grade: int, sentence: str | None) -> None:
    assert refuse_grade(term, grade) == sentence


def test_grade_5_fatal_and_serious_go_together() -> None:
    outcomes = (None, *Outcome)
    for grade, outcome in product(range(1, 6), outcomes):
        contradiction = outcome is not None and (grade == 5) is not (outcome is Outcome.FATAL)
        assert (refuse_fatal(grade, outcome) is not None) is contradiction, (grade, outcome)
    for grade, serious in product(range(1, 6), (None, True, False)):
        contradiction = grade == 5 and serious is False
        assert (refuse_fatal_as_not_serious(grade, serious) is not None) is contradiction, (grade, serious)
    assert "choose the outcome fatal" in str(refuse_fatal(5, Outcome.RECOVERED))
    assert "choose grade 5" in str(refuse_fatal(4, Outcome.FATAL))


@pytest.mark.parametrize(
    ("grade", "outcome", "serious", "criteria", "words"),
    [
        (3, None, False, [], []),
        (4, None, False, [], ["Grade 4 is life-threatening"]),
        (4, None, True, [HOSPITAL], []),
        (5, Outcome.FATAL, True, [HOSPITAL], ["death is not among the criteria"]),
        (5, None, True, [DEATH], []),
        (3, None, True, [DEATH], ["the grade is not 5"]),
        (2, Outcome.RECOVERED, True, [DEATH, HOSPITAL], ["the grade is not 5"]),
    ],
)
def test_what_is_unusual_about_seriousness_is_asked(
    grade: int,
    outcome: Outcome | None,
    serious: bool,
    criteria: list[SeriousCriterion],
    words: list[str],
) -> None:
    questions = serious_questions(grade, outcome, serious, criteria)
    assert len(questions) == len(words)
    assert all(part in question for part, question in zip(words, questions, strict=True))


EXPECTED = {
    InfectionTreatment.NONE: {1},
    InfectionTreatment.LOCAL: {1, 2},
    InfectionTreatment.ORAL: {2},
    InfectionTreatment.INTRAVENOUS: {3},
    InfectionTreatment.INVASIVE: {3},
}


@pytest.mark.parametrize(("treatment", "grade"), list(product(InfectionTreatment, range(1, 6))))
def test_an_infection_s_grade_is_asked_about_where_the_treatment_says_otherwise(
    treatment: InfectionTreatment, grade: int
) -> None:
    asked = infection_question(grade, treatment)
    assert (asked is None) is (grade in EXPECTED[treatment] | {4, 5})


def test_the_question_names_treatment_and_grades() -> None:
    assert infection_question(2, InfectionTreatment.INTRAVENOUS) == (
        "CTCAE grades an infection with intravenous treatment 3; 2 is chosen. Is it right?"
    )
    assert infection_question(2, None) is None


def test_whether_it_is_an_infection_is_known_of_listed_terms_only() -> None:
    assert is_infection("Lung infection") is True
    assert is_infection("Fever") is False
    assert is_infection("Pneumonitis fungal") is None
