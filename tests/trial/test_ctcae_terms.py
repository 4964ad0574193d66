"""The terms of CTCAE v5.0: which grades exist, typed a second time from the publication."""

import pytest

from grading.ctcae_tables import Term
from trial.ctcae_document import render_terms
from trial.ctcae_terms import GRADES, INFECTIONS, TERMS, find_term, grades_of

GRADES_THAT_EXIST = """
Activated partial thromboplastin time prolonged | 123
Acute kidney injury | 345
Alanine aminotransferase increased | 1234
Anemia | 12345
Aspartate aminotransferase increased | 1234
Atrial fibrillation | 12345
Bacteremia | 2
Blood bilirubin increased | 1234
Capillary leak syndrome | 12345
Cardiac arrest | 45
Catheter related infection | 2345
Chills | 123
Confusion | 1234
Creatinine increased | 1234
Cytomegalovirus infection reactivation | 12345
Death NOS | 5
Delirium | 12345
Depressed level of consciousness | 12345
Diarrhea | 12345
Disseminated intravascular coagulation | 2345
Dysphasia | 123
Dyspnea | 12345
Encephalopathy | 12345
Enterocolitis infectious | 2345
Epstein-Barr virus infection reactivation | 12345
Fatigue | 123
Febrile neutropenia | 345
Fever | 12345
Fibrinogen decreased | 1234
Fungemia | 23
Headache | 123
Hepatitis B reactivation | 12345
Herpes simplex reactivation | 12345
Hypertension | 12345
Hypotension | 12345
Hypoxia | 2345
Infusion related reaction | 12345
Intracranial hemorrhage | 12345
Left ventricular systolic dysfunction | 345
Lung infection | 2345
Lymphocyte count decreased | 1234
Movements involuntary | 123
Mucositis oral | 12345
Multi-organ failure | 345
Nausea | 123
Neutrophil count decreased | 1234
Platelet count decreased | 1234
Pleural effusion | 12345
Seizure | 12345
Sepsis | 345
Shingles | 12345
Sinus tachycardia | 123
Skin infection | 12345
Somnolence | 12345
Thromboembolic event | 12345
Tremor | 123
Tumor lysis syndrome | 345
Upper respiratory infection | 2345
Urinary tract infection | 2345
Viremia | 23
Vomiting | 12345
White blood cell decreased | 1234
"""
INFECTIONS_BY_HAND = {
    "Bacteremia",
    "Catheter related infection",
    "Cytomegalovirus infection reactivation",
    "Enterocolitis infectious",
    "Epstein-Barr virus infection reactivation",
    "Fungemia",
    "Hepatitis B reactivation",
    "Herpes simplex reactivation",
    "Lung infection",
    "Sepsis",
    "Shingles",
    "Skin infection",
    "Upper respiratory infection",
    "Urinary tract infection",
    "Viremia",
}


def by_hand() -> dict[str, str]:
    lines = [line.partition(" | ") for line in GRADES_THAT_EXIST.strip().splitlines()]
    return {name: grades for name, _, grades in lines}


def test_each_term_has_the_grades_of_the_publication_and_no_other() -> None:
    assert {term.name: "".join(map(str, term.grades)) for term in TERMS} == by_hand()


def test_every_grade_has_words_and_grade_5_is_always_death() -> None:
    assert all(words.strip() for term in TERMS for words in term.words.values())
    assert {term.words[5] for term in TERMS if 5 in term.words} == {"Death"}


def test_the_infections_are_those_of_the_organ_class() -> None:
    assert {term.name for term in TERMS if term.is_infection} == INFECTIONS_BY_HAND
    assert {term.organ_class for term in TERMS if term.is_infection} == {INFECTIONS}


@pytest.mark.parametrize("term", [term for term in Term if term is not Term.INFECTION])
def test_what_the_program_grades_by_itself_is_among_the_terms(term: Term) -> None:
    assert find_term(term.value) is not None


def test_a_term_is_found_whatever_its_capitals_and_spaces() -> None:
    found = find_term("  lung   INFECTION ")
    assert found is not None
    assert (found.name, found.label) == ("Lung infection", "Lung infection (pneumonia)")
    tremor = find_term("Tremor")
    assert tremor is not None
    assert tremor.label == "Tremor"


def test_a_term_that_is_not_listed_may_have_any_grade() -> None:
    assert find_term("Hiccups") is None
    assert grades_of("Hiccups") == GRADES
    assert grades_of("bacteremia") == (2,)


def test_the_page_shows_every_term_and_a_dash_where_a_grade_does_not_exist() -> None:
    text = render_terms()
    rows = {
        line.split(" | ")[0].removeprefix("| "): line for line in text.splitlines() if line.startswith("| ")
    }
    assert {term.label for term in TERMS} <= rows.keys()
    assert (
        rows["Bacteremia"]
        == "| Bacteremia | - | Blood culture positive with no signs or symptoms | - | - | - |"
    )
    assert [line for line in text.splitlines() if line.startswith("## ")][:2] == [
        "## Blood and lymphatic system disorders",
        "## Cardiac disorders",
    ]
