"""The top of the gate page: how the gate stands, why, and until when it could open."""

from datetime import date

import streamlit as st

from actions import context
from actions.gate import VERDICT_WORDS, AskedGate
from pages.office.second_infusion_parts.loaded import LoadedGate
from pages.parts import tiles
from pages.parts.wording import counted, date_and_time, date_words, sentence_case
from trial.second_infusion import Gate, GateVerdict

_MEANS = {
    GateVerdict.OPEN: "A second infusion may be recorded.",
    GateVerdict.CLOSED: "A second infusion is refused.",
    GateVerdict.UNDECIDED: "A second infusion is refused until what is missing is known.",
    GateVerdict.FOR_INVESTIGATOR: "A second infusion is refused until an investigator has judged.",
}


def draw_verdict(loaded: LoadedGate) -> None:
    """The verdict and what it rests on; for an infusion that was given, how it stood on that day."""
    code = loaded.patient.study_code
    if loaded.asked is None:
        st.header(f"The gate of {code} cannot be asked", anchor=False)
        for sentence in loaded.problems:
            st.html(tiles.problem(sentence))
        return
    verdict = VERDICT_WORDS[loaded.asked.gate.verdict]
    stood = f"was {verdict} on {date_words(loaded.asked.on)}" if loaded.is_over else f"is {verdict} today"
    st.header(f"The gate of {code} {stood}", anchor=False)
    st.html(_banner(loaded, loaded.asked))
    st.text(" ".join(_times(loaded, loaded.asked)))


def _banner(loaded: LoadedGate, asked: AskedGate) -> str:
    lead = _given(loaded) if loaded.is_over else _MEANS[asked.gate.verdict]
    reasons = [tiles.piece("li", text=reason) for reason in asked.reasons]
    listed = tiles.piece("ul", *reasons, classes="vigil-text") if reasons else ""
    return tiles.piece("div", tiles.piece("div", text=lead), listed, classes="vigil-banner")


def _given(loaded: LoadedGate) -> str:
    given = f"The second infusion was given on {date_and_time(loaded.at, context.settings().zone)}."
    recorded = loaded.recorded
    if recorded is None or recorded.verdict is GateVerdict.OPEN:
        return given
    verdict = VERDICT_WORDS[recorded.verdict]
    return f"{given} Deviation: when that was recorded, the gate of the day was {verdict}."


def _times(loaded: LoadedGate, asked: AskedGate) -> list[str]:
    first_at = loaded.records.first_infused_at
    days = (asked.on - asked.records.facts.first_infused_on).days
    given = date_and_time(first_at, context.settings().zone)
    day = f"{sentence_case(counted(days, 'day', 'days'))} after the first infusion, of {given}."
    return [day, *last_day_words(asked.gate, asked.on)] if loaded.is_asked else [day]


def last_day_words(gate: Gate, on: date) -> list[str]:
    """Until when the gate could open, and which of the two limits says so."""
    last = gate.last_open_on
    if last is None:
        return ["The protocol sets no last day."]
    limits = (("finding (PET/CT, ctDNA)", gate.last_finding_on), ("infusion", gate.last_infusion_on))
    both = [f"the {what} by {date_words(day)}" for what, day in limits if day is not None]
    left = (last - on).days
    if left < 0:
        could = f"The last day on which it could have opened was {date_words(last)}."
    else:
        could = f"The last day on which it could open is {date_words(last)}, {_left(left)}."
    return [could, f"{sentence_case(' and '.join(both))}."]


def _left(days: int) -> str:
    return "today" if days == 0 else f"in {counted(days, 'day', 'days')}"
