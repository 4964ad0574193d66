"""The page `docs/adverse-events.md`: the terms of CTCAE v5.0 as the program knows them."""

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from grading.ctcae_tables import REFERENCE
from grading.markdown import SIGNATURE, page, table
from trial.ctcae_terms import GRADES, TERMS, CtcaeTerm

PATH: Final = "docs/adverse-events.md"
_HEAD: Final = ("Term", *(f"Grade {grade}" for grade in GRADES))


def render_terms() -> str:
    """The text of the page."""
    by_class = sorted(TERMS, key=lambda term: (term.organ_class, term.name.casefold()))
    sections = [_section(name, terms) for name, terms in groupby(by_class, key=lambda term: term.organ_class)]
    return page(
        "Adverse events: the terms of CTCAE v5.0",
        f"{REFERENCE} A dash is a grade that does not exist for the term; the program refuses it. Any other "
        "term is recorded by its name, with a grade from 1 to 5.",
        "CRS and ICANS are never entered as events: their episodes come from the assessments, by ASTCT 2019.",
        *sections,
        SIGNATURE,
    )


def _section(name: str, terms: Iterable[CtcaeTerm]) -> str:
    rows = [[term.label, *(term.words.get(grade, "-") for grade in GRADES)] for term in terms]
    return f"## {name}\n\n{table(_HEAD, rows)}"
