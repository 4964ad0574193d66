"""Where the boxes of an assessment and the treatments disagree: a question, never filled in or refused."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from grading.charted import Charted, FeverMaskingDrug, Vasopressor, Word
from trial.drugs import ACTS_LONG, CHARTED_AS_FEVER_MASKING, CHARTED_AS_VASOPRESSOR
from trial.treatment_facts import Drug
from trial.treatments import Treatment


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What to ask about one box.

    column    `vasopressors` or `fever_masking_drugs`
    treated   True where treatments name what the box does not, False where the box names more
    sentence  the question
    """

    column: str
    treated: bool
    sentence: str


def disagreements(
    charted: Charted, treatments: Sequence[Treatment], *, since: datetime | None, acting_hours: float
) -> list[Disagreement]:
    """Compare the two boxes of an assessment with the treatments at its time.

    since         the assessment before it; None where there is none
    acting_hours  so long after its last dose a drug may still be charted as acting; antibodies act longer
    """
    at, acting = charted.assessed_at, timedelta(hours=acting_hours)
    treated = treated_at(treatments, at, since=since, acting_hours=acting_hours)
    still_acting = [one for one in treatments if _still_acts(one, at, acting)]
    return [
        *_compare("vasopressors", charted.vasopressors, treated["vasopressors"], treated["vasopressors"]),
        *_compare(
            "fever_masking_drugs", charted.fever_masking_drugs, treated["fever_masking_drugs"], still_acting
        ),
    ]


def treated_at(
    treatments: Sequence[Treatment], at: datetime, *, since: datetime | None, acting_hours: float
) -> dict[str, list[Treatment]]:
    """Box -> the treatments that belong into it at a moment: what runs, or was given since the last entry."""
    from_at = at - timedelta(hours=acting_hours) if since is None else since
    running = [one for one in treatments if one.goes_on_at(at)]
    given = [one for one in treatments if one.goes_on_at(at) or from_at < one.started_at <= at]
    return {
        "vasopressors": [one for one in running if one.drug in CHARTED_AS_VASOPRESSOR],
        "fever_masking_drugs": [one for one in given if one.drug in CHARTED_AS_FEVER_MASKING],
    }


def _still_acts(treatment: Treatment, at: datetime, acting: timedelta) -> bool:
    last_at = treatment.given.last_until(at)
    return last_at is not None and (treatment.drug in ACTS_LONG or at - last_at <= acting)


def _compare(
    column: str,
    box: Collection[Word] | None,
    expected: Iterable[Treatment],
    enough: Iterable[Treatment],
) -> list[Disagreement]:
    """expected  treatments that the box ought to name; `enough`: those that explain what it names"""
    charted_as = _CHARTED_AS[column]
    words = {one.drug: one.words for one in expected}
    unnamed = [word for drug, word in words.items() if charted_as[drug] not in (box or ())]
    explained = {charted_as[one.drug] for one in enough if one.drug in charted_as}
    untreated = [
        word.phrase
        for word in box or ()
        if word not in explained and word not in (Vasopressor.OTHER, FeverMaskingDrug.OTHER)
    ]
    found = []
    if unnamed:
        is_are, it = ("is", "it") if len(unnamed) == 1 else ("are", "them")
        stands = "the box is empty" if box is None else f"the box does not name {it}"
        found.append(
            Disagreement(
                column,
                True,
                f"{_named(unnamed)} {is_are} recorded as a treatment at this time, and {stands}. "
                "Is the entry right?",
            )
        )
    if untreated:
        found.append(
            Disagreement(
                column,
                False,
                f"{_named(sorted(untreated))}: charted, and no such treatment is recorded at this time. "
                "Is a treatment missing?",
            )
        )
    return found


_CHARTED_AS: Final[Mapping[str, Mapping[Drug, Word]]] = {
    "vasopressors": CHARTED_AS_VASOPRESSOR,
    "fever_masking_drugs": CHARTED_AS_FEVER_MASKING,
}


def _named(words: Sequence[str]) -> str:
    first, *rest = words
    capital = first[0].upper() + first[1:]
    return capital if not rest else f"{', '.join([capital, *rest[:-1]])} and {rest[-1]}"
