"""Every criterion on its own line: the words under the limits in force, how it stands, the facts used."""

from collections.abc import Iterable
from typing import Final

import streamlit as st

from actions.words import dates_in_words
from pages.parts import tiles
from trial.criteria import Kind
from trial.eligibility import Line, Status

STATUS_WORDS: Final = {
    Status.MET: "Met",
    Status.NOT_MET: "Not met",
    Status.NOT_YET_KNOWN: "Not yet known",
    Status.JUDGEMENT: "Investigator's judgement",
}
_CAPTIONS: Final = {
    Kind.INCLUSION: "Inclusion criteria, each to be met",
    Kind.EXCLUSION: "Exclusion criteria, none to be met",
}


def draw_criteria(lines: Iterable[Line]) -> None:
    """One table for each kind, in the order of the protocol."""
    known = list(lines)
    for kind, caption in _CAPTIONS.items():
        rows = [_row(line) for line in known if line.criterion.kind is kind]
        if rows:
            st.html(tiles.table(caption, ["Criterion", "How it stands", "Facts"], rows))


def stand_of(line: Line) -> str:
    """ "Met", "Not met", "Investigator's judgement: not met"; with what it means where that is against."""
    words = STATUS_WORDS[line.status]
    if line.status is Status.JUDGEMENT:
        words = f"{words}: {'met' if line.holds else 'not met'}"
    return f"{words}. Speaks against." if line.allows is False else f"{words}."


def _row(line: Line) -> list[str]:
    stand = tiles.piece("b", text=stand_of(line)) if line.allows is False else tiles.cell(stand_of(line))
    facts = dates_in_words("; ".join(line.facts))
    if line.judgement is not None:
        facts = f"{facts}. Reason: {line.judgement.reason}"
    return [tiles.cell(line.words), stand, tiles.cell(facts)]
