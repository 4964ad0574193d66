"""What is recorded of a patient's follow-up: visits, and what happens to the disease and the patient.

Dates are the hospital's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from grading.charted import DeathDueTo


class VisitStatus(StrEnum):
    """Whether a planned visit took place."""

    DONE = "done"
    MISSED = "missed"


class VisitTest(StrEnum):
    """What a visit is for; the word is the column of `visit` that says whether it was done."""

    BLOOD_TESTS = "blood_tests"
    CTDNA = "ctdna"
    PET_CT = "pet_ct"


class DoneOrNot(StrEnum):
    """Whether a test of a visit was done."""

    DONE = "done"
    NOT_DONE = "not_done"


class FollowUpKind(StrEnum):
    """What ends or changes a patient's follow-up."""

    PROGRESSION = "progression"
    RELAPSE = "relapse"
    NEW_THERAPY = "new_therapy"
    DEATH = "death"
    WITHDRAWAL = "withdrawal"
    LOST = "lost_to_follow_up"


class DeathCause(StrEnum):
    """Why a patient died."""

    LYMPHOMA = "lymphoma"
    CRS = "crs"
    ICANS = "icans"
    INFECTION = "infection"
    OTHER = "other"
    UNKNOWN = "unknown"


TEST_WORDS: Final[dict[VisitTest, str]] = {
    VisitTest.BLOOD_TESTS: "blood tests",
    VisitTest.CTDNA: "ctDNA",
    VisitTest.PET_CT: "PET/CT",
}
TEST_LABELS: Final[Mapping[VisitTest, str]] = TEST_WORDS | {VisitTest.BLOOD_TESTS: "Blood tests"}
"""The same at the beginning of a sentence, or of a column."""
KIND_WORDS: Final[Mapping[FollowUpKind, str]] = {
    FollowUpKind.PROGRESSION: "progression",
    FollowUpKind.RELAPSE: "relapse",
    FollowUpKind.NEW_THERAPY: "new lymphoma therapy",
    FollowUpKind.DEATH: "death",
    FollowUpKind.WITHDRAWAL: "withdrawal",
    FollowUpKind.LOST: "lost to follow-up",
}
CAUSE_WORDS: Final[Mapping[DeathCause, str]] = {
    DeathCause.LYMPHOMA: "lymphoma",
    DeathCause.CRS: "CRS",
    DeathCause.ICANS: "ICANS",
    DeathCause.INFECTION: "infection",
    DeathCause.OTHER: "another cause",
    DeathCause.UNKNOWN: "an unknown cause",
}

ENDS: Final = (FollowUpKind.DEATH, FollowUpKind.WITHDRAWAL, FollowUpKind.LOST)
"""What ends the visits; of one day, the first of these names the end."""
ONCE: Final = frozenset(ENDS)
"""What can stand for a patient once only."""


@dataclass(frozen=True, slots=True)
class FollowUpFact:
    """One thing that happened; `cause` belongs to a death."""

    kind: FollowUpKind
    on: date
    cause: DeathCause | None = None


def end_of_follow_up(events: Iterable[FollowUpFact], on: date) -> FollowUpFact | None:
    """The first of death, withdrawal and loss to follow-up up to this day, or None."""
    ends = [event for event in events if event.kind in ENDS and event.on <= on]
    return min(ends, key=lambda event: (event.on, ENDS.index(event.kind)), default=None)


def cause_agrees(due_to: DeathDueTo, cause: DeathCause) -> bool:
    """Whether the cause charted in an assessment and the one of the follow-up can both be right.

    The assessment knows CRS, ICANS and other only: lymphoma, an infection or an unknown cause are its other.
    """
    toxic = {DeathDueTo.CRS: DeathCause.CRS, DeathDueTo.ICANS: DeathCause.ICANS}
    if due_to in toxic:
        return cause is toxic[due_to]
    return cause not in toxic.values()
