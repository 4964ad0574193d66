"""What a grade is, whatever the scale.

A grade says what the recorded signs prove (`at_least`), how far what was not recorded
could still raise it (`at_most`), what would settle it (`missing`) and which signs decided
(`reasons`). Not recorded is never normal: `grade` is None until nothing that is missing
could change it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol

from typing_extensions import TypeVar

RULESET = "ASTCT 2019, rules 1.0"
"""Edition of the consensus and version of this project's numbered readings of it."""


class Toxicity(StrEnum):
    """The two toxicities graded here."""

    CRS = "crs"
    ICANS = "icans"

    @property
    def label(self) -> str:
        """The name on screens and in mails."""
        return self.value.upper()


class Scale(Protocol):
    """Anything that is graded: a toxicity, a blood count over time, a term of CTCAE."""

    @property
    def label(self) -> str:
        """The name on screens and in mails."""


ScaleT = TypeVar("ScaleT", bound=Scale, default=Toxicity)
"""`Grade` alone is a grade of CRS or ICANS; `Grade[Term]` one of another scale."""


@dataclass(frozen=True, slots=True)
class Grade(Generic[ScaleT]):
    """One grade: of an assessment, or of laboratory results.

    scale     what is graded
    grade     0 to 5, or None while something not recorded could still raise it
    at_least  the grade already proved; alerts, worst-of-day and counts use this one
    missing   what could still raise the grade if it were known: names of file columns, in file order;
              for laboratory results the names of the inputs, or the days without a count
    reasons   which signs decided, as phrases with the stored values
    notes     full sentences for the clinician that do not change the grade
    ruleset   edition and version of the rules
    at_most   the highest grade that what is missing leaves possible
    """

    scale: ScaleT
    grade: int | None
    at_least: int
    missing: tuple[str, ...]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    ruleset: str
    at_most: int

    @property
    def settled(self) -> bool:
        """True when nothing that is missing could change the grade."""
        return self.grade is not None

    def sentence(self) -> str:
        """The decision in one English sentence, followed by the notes."""
        return grade_sentence(self.scale, self.grade, self.at_least, self.reasons, self.notes)


def grade_sentence(
    scale: Scale,
    grade: int | None,
    at_least: int,
    reasons: tuple[str, ...],
    notes: tuple[str, ...],
) -> str:
    """Write a grade as a sentence: "CRS at least grade 3: temperature 38.6 °C, norepinephrine."."""
    if grade is not None:
        head = f"grade {grade}"
    else:
        # "At least grade 0" would read as a 0 where nobody looked.
        head = f"at least grade {at_least}" if at_least else "not graded yet"
    return " ".join((f"{scale.label} {head}: {', '.join(reasons)}.", *notes))
