"""Where an entry and the treatments disagree: a question with the way to the entry; nothing is filled in."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple, TypeVar
from urllib.parse import quote

import streamlit as st

from db.charted_columns import list_words
from db.queries.charted_entries import Entry
from db.readers import NONE
from grading.charted import Charted, FeverMaskingDrug, Vasopressor
from pages.parts import tiles
from pages.parts.wording import counted, when
from pages.ward.patient_parts.loaded import Facts, Loaded
from trial.charted_and_treated import disagreements

_SHOWN: Final = 8
W = TypeVar("W", Vasopressor, FeverMaskingDrug)


class Asked(NamedTuple):
    """One question about one entry."""

    entry: Entry
    sentence: str


def show_asked(loaded: Loaded) -> None:
    """The questions, newest entry first; nothing where box and treatment agree.

    Of a patient of whom no treatment is recorded at all, one question stands for all entries.
    """
    if not loaded.facts.treatments:
        _show_none_recorded(loaded)
        return
    asked = loaded.facts.once("asked", lambda: list(questions_of(loaded.facts)))
    if not asked:
        return
    st.header(f"Do entry and treatment agree? ({len(asked)})", anchor=False)
    lines = [_line(loaded, one) for one in asked[:_SHOWN]]
    st.html(tiles.piece("ul", *lines, classes="vigil-text"))
    if len(asked) > _SHOWN:
        st.html(tiles.soft(f"And {len(asked) - _SHOWN} earlier ones."))


def _show_none_recorded(loaded: Loaded) -> None:
    columns = ("vasopressors", "fever_masking_drugs")
    naming = sum(
        any(entry.values.get(column, NONE) != NONE for column in columns) for entry in loaded.entries
    )
    if naming:
        st.header("Do entry and treatment agree?", anchor=False)
        entries = counted(naming, "entry names", "entries name")
        st.text(f"{entries} a drug, and no treatment of this patient is recorded. Are treatments missing?")


def questions_of(facts: Facts) -> Iterator[Asked]:
    """Every disagreement of the entries that stand, newest entry first."""
    before: list[datetime | None] = [None, *(entry.assessed_at for entry in facts.entries)]
    for entry, since in reversed(list(zip(facts.entries, before, strict=False))):
        charted = Charted(
            assessed_at=entry.assessed_at,
            vasopressors=_box(entry, "vasopressors", Vasopressor),
            fever_masking_drugs=_box(entry, "fever_masking_drugs", FeverMaskingDrug),
        )
        hours = facts.protocol.grading.drug_hours
        for found in disagreements(charted, facts.treatments, since=since, acting_hours=hours):
            yield Asked(entry, found.sentence)


def _box(entry: Entry, column: str, choices: type[W]) -> frozenset[W] | None:
    words = list_words(entry.values.get(column), choices)
    return None if words is None else frozenset(choices(word) for word in words)


def _line(loaded: Loaded, asked: Asked) -> str:
    at = when(asked.entry.assessed_at, loaded.now, loaded.zone)
    code = quote(loaded.patient.study_code)
    link = tiles.link(at, f"/patient?code={code}&a={asked.entry.stable_id}")
    return tiles.piece("li", link, tiles.piece("span", text=f" {asked.sentence}"))
