"""The terms of CTCAE v5.0 that this trial needs, read from `ctcae_terms.toml`.

Any other term is recorded by its name and its grade.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

VERSION: Final = "5.0"
GRADES: Final = (1, 2, 3, 4, 5)
INFECTIONS: Final = "Infections and infestations"
"""The system organ class whose terms are infections."""

_FILE: Final = Path(__file__).with_name("ctcae_terms.toml")


@dataclass(frozen=True, slots=True)
class CtcaeTerm:
    """One row of CTCAE v5.0.

    also   another name it is looked for by, "" for none
    words  grade -> the published words; a grade that is absent does not exist for the term
    """

    name: str
    organ_class: str
    also: str
    words: Mapping[int, str]

    @property
    def grades(self) -> tuple[int, ...]:
        """The grades that exist for the term."""
        return tuple(sorted(self.words))

    @property
    def is_infection(self) -> bool:
        """Whether it stands among the infections."""
        return self.organ_class == INFECTIONS

    @property
    def label(self) -> str:
        """The name with the other one: "Shingles (herpes zoster)"."""
        return f"{self.name} ({self.also})" if self.also else self.name


def find_term(name: str) -> CtcaeTerm | None:
    """The term of this name, whatever its capitals and spaces; None for a term that is not listed."""
    return _BY_NAME.get(_plain(name))


def grades_of(name: str) -> tuple[int, ...]:
    """The grades that a term can have: those published, or all where it is not listed."""
    term = find_term(name)
    return GRADES if term is None else term.grades


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _read(organ_class: str, name: str, row: Mapping[str, Any]) -> CtcaeTerm:
    words = {int(key): str(text) for key, text in row.items() if key != "also"}
    return CtcaeTerm(name, organ_class, str(row.get("also", "")), words)


def _load() -> tuple[CtcaeTerm, ...]:
    content = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    terms = (_read(soc, name, row) for soc, rows in content.items() for name, row in rows.items())
    return tuple(sorted(terms, key=lambda term: term.name.casefold()))


TERMS: Final = _load()
"""Every listed term, by name."""

_BY_NAME: Final = {_plain(term.name): term for term in TERMS}
