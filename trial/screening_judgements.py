"""The investigator's judgements among the facts of a screening, and which of them a change takes back.

A judgement speaks about what was known when it was given. Blood counts or grades that change take back the
judgement that rested on them; nothing else does.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from trial.criteria import CRITERIA, SettledBy
from trial.screening_facts import Judgement, ScreeningFacts, WorstGrade

COLLECTION: Final = "collection_acceptable"
CRS_GAPS: Final = "crs_gaps"
ICANS_GAPS: Final = "icans_gaps"
JUDGED_CRITERIA: Final[tuple[str, ...]] = tuple(
    criterion.id for criterion in CRITERIA if criterion.settled_by is SettledBy.JUDGED
)
JUDGEABLE: Final[tuple[str, ...]] = (*JUDGED_CRITERIA, COLLECTION, CRS_GAPS, ICANS_GAPS)
"""Everything an investigator may judge, in the order of the form."""

_BLOOD_COUNTS: Final = ("haemoglobin_g_per_l", "anc_10e9_per_l", "platelets_10e9_per_l")


def judgement_of(facts: ScreeningFacts, name: str) -> Judgement | None:
    """What was judged of one of `JUDGEABLE`, or None."""
    return judgements_of(facts).get(name)


def judgements_of(facts: ScreeningFacts) -> dict[str, Judgement]:
    """Every judgement that was given."""
    others = {
        COLLECTION: facts.collection_acceptable,
        CRS_GAPS: facts.worst_crs.gaps_judged if facts.worst_crs else None,
        ICANS_GAPS: facts.worst_icans.gaps_judged if facts.worst_icans else None,
    }
    return {**facts.judgements, **{name: one for name, one in others.items() if one is not None}}


def with_judgements(facts: ScreeningFacts, judgements: Mapping[str, Judgement]) -> ScreeningFacts:
    """The facts with these judgements beside, or in the place of, those given before.

    Raises:
        ValueError: a name that nobody judges, or gaps where no grade with unsettled days is recorded.
    """
    for name in judgements:
        if name not in JUDGEABLE:
            raise ValueError(f"Nobody judges {name!r}; the judgements are {', '.join(JUDGEABLE)}.")
    own = {name: one for name, one in judgements.items() if name in JUDGED_CRITERIA}
    return replace(
        facts,
        judgements={**facts.judgements, **own},
        collection_acceptable=judgements.get(COLLECTION, facts.collection_acceptable),
        worst_crs=_with_gaps("CRS", facts.worst_crs, judgements.get(CRS_GAPS)),
        worst_icans=_with_gaps("ICANS", facts.worst_icans, judgements.get(ICANS_GAPS)),
    )


def carry_judgements(before: ScreeningFacts, after: ScreeningFacts) -> ScreeningFacts:
    """The facts after a change, with the judgements of before whose ground has not changed."""
    given = judgements_of(before)
    if any(getattr(before, name) != getattr(after, name) for name in _BLOOD_COUNTS):
        given.pop(COLLECTION, None)
    for name, was, now in (
        (CRS_GAPS, before.worst_crs, after.worst_crs),
        (ICANS_GAPS, before.worst_icans, after.worst_icans),
    ):
        if _without_judgement(was) != _without_judgement(now):
            given.pop(name, None)
    return with_judgements(after, given)


def taken_back(before: ScreeningFacts, after: ScreeningFacts) -> tuple[str, ...]:
    """The judgements that stood before and do not stand any more, in the order of the form."""
    return tuple(
        name for name in JUDGEABLE if name in judgements_of(before) and name not in judgements_of(after)
    )


def _with_gaps(toxicity: str, worst: WorstGrade | None, judgement: Judgement | None) -> WorstGrade | None:
    if judgement is None:
        return worst
    if worst is None or not worst.unsettled_days:
        raise ValueError(f"No day on which {toxicity} is not settled is recorded; there is nothing to judge.")
    return replace(worst, gaps_judged=judgement)


def _without_judgement(worst: WorstGrade | None) -> WorstGrade | None:
    return None if worst is None else replace(worst, gaps_judged=None)
