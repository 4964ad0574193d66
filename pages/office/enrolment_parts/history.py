"""Every version of a patient's facts: who, when, why, what changed, and the result."""

from collections.abc import Sequence
from dataclasses import fields
from itertools import pairwise

import streamlit as st

from actions import context
from db.queries.screening import ScreeningRecord
from pages.office.office_parts.fact_words import fact_label
from pages.parts import tiles
from pages.parts.eligibility_words import VERDICT_WORDS
from pages.parts.wording import date_and_time, date_words, sentence_case
from trial.screening_facts import ScreeningFacts
from trial.screening_judgements import JUDGEABLE, judgement_of

_HEADS = ["Version", "Entered", "Why", "What changed", "Result", "Judged for"]
_MAPPINGS = frozenset({"answers", "judgements", "collection_acceptable"})


def draw_history(versions: Sequence[ScreeningRecord]) -> None:
    """The table of the versions, newest first; nothing before the second."""
    if len(versions) < 2:
        return
    changed = ["first facts", *(_changed_words(old.facts, new.facts) for old, new in pairwise(versions))]
    rows = [_row(one, what) for one, what in zip(versions, changed, strict=True)]
    with st.expander(f"All {len(versions)} versions of the facts"):
        st.html(tiles.table("Versions of the facts, newest first", _HEADS, reversed(rows)))


def changed_facts(old: ScreeningFacts, new: ScreeningFacts) -> list[str]:
    """The names of the facts, answers and judgements that differ."""
    names = [one.name for one in fields(ScreeningFacts) if one.name not in _MAPPINGS]
    found = [name for name in names if getattr(old, name) != getattr(new, name)]
    answers = sorted({*old.answers, *new.answers})
    found += [name for name in answers if old.answers.get(name) != new.answers.get(name)]
    return found + [name for name in JUDGEABLE if judgement_of(old, name) != judgement_of(new, name)]


def _changed_words(old: ScreeningFacts, new: ScreeningFacts) -> str:
    return "; ".join(fact_label(name) for name in changed_facts(old, new)) or "judged again"


def _row(one: ScreeningRecord, changed: str) -> list[str]:
    entered = date_and_time(one.entered_at, context.settings().zone)
    words = (
        str(one.version),
        f"{entered} by {one.entered_by or 'the program'}",
        one.reason or "",
        changed,
        sentence_case(VERDICT_WORDS[one.verdict]),
        date_words(one.judged_on),
    )
    return [tiles.cell(word) for word in words]
