"""Every rule of the gate with its facts beside it, in the order in which people think of them."""

from collections.abc import Iterable
from typing import Final

import streamlit as st

from actions import context
from actions.permissions import Page
from actions.words import dates_in_words
from db.queries.screening import ScreeningRecord
from pages.office.second_infusion_parts.loaded import LoadedGate
from pages.parts import tiles
from pages.parts.access import page_address
from pages.parts.sheet import shown_value
from pages.parts.wording import date_words, sentence_case
from trial.screening_facts import WorstGrade
from trial.second_infusion import GateLine, Stand

STAND_WORDS: Final = {
    Stand.FOR: "For",
    Stand.AGAINST: "Against",
    Stand.NOT_YET_KNOWN: "Not yet known",
    Stand.FOR_INVESTIGATOR: "For the investigator",
    Stand.NOT_ASKED: "Not asked",
}
_HEADS: Final = ("Rule", "How it stands", "Facts")
_FINDING: Final = ("ended", "days", "response", "ctdna")
_TOXICITY: Final = ("crs", "icans")


def draw_lines(loaded: LoadedGate) -> None:
    """Three tables: time and finding, toxicity of the first infusion, the exclusion criteria asked again."""
    if loaded.asked is None:
        return
    lines = {line.id: line for line in loaded.asked.gate.lines}
    rest = [line for name, line in lines.items() if name not in (*_FINDING, *_TOXICITY)]
    st.header("Time and response", anchor=False)
    st.html(_table("Days, PET/CT and ctDNA", (lines[name] for name in _FINDING if name in lines)))
    for note in loaded.asked.gate.notes:
        st.text(dates_in_words(note))
    address = f"{page_address(Page.RESPONSE)}?code={loaded.patient.study_code}"
    st.html(tiles.link("Open PET/CT and ctDNA with every version", address))
    st.header("CRS and ICANS after the first infusion", anchor=False)
    st.html(_toxicity_table(loaded, [lines[name] for name in _TOXICITY]))
    st.header("Exclusion criteria asked again", anchor=False)
    st.text(asked_words(loaded.records.asked_again))
    if rest and loaded.records.asked_again is not None:
        st.html(_table("None of these may hold", rest))


def asked_words(record: ScreeningRecord | None) -> str:
    """When the exclusion criteria were asked again, and by whom."""
    if record is None:
        return "They have not been asked again since the first infusion."
    who = record.entered_by or "the program"
    entered = f"version {record.version}, entered {shown_value(record.entered_at)} by {who}"
    return f"Asked again on {date_words(record.judged_on)}, {entered}."


def _table(caption: str, lines: Iterable[GateLine]) -> str:
    return _wide(tiles.table(caption, _HEADS, [[*_rule(line), _facts(line)] for line in lines]))


def _wide(table: str) -> str:
    return tiles.piece("div", table, classes="vigil-rules")


def _toxicity_table(loaded: LoadedGate, lines: list[GateLine]) -> str:
    facts = loaded.records.facts
    worst = {"crs": facts.worst_crs, "icans": facts.worst_icans}
    rows = [
        [*_rule(line), tiles.line(_tile(line.id, worst[line.id]), tiles.piece("div", _facts(line)))]
        for line in lines
    ]
    return _wide(tiles.table("Worst grade, and days that are not settled", _HEADS, rows))


def _rule(line: GateLine) -> list[str]:
    words = STAND_WORDS[line.stand]
    stand = tiles.piece("b", text=words) if line.stand is Stand.AGAINST else tiles.cell(words)
    return [tiles.cell(line.words), stand]


def _tile(name: str, worst: WorstGrade | None) -> str:
    """The worst grade; it is settled where no day could still hide the bar."""
    if worst is None:
        return tiles.grade_tile(None, None, toxicity=name.upper(), small=True)
    bar = context.protocol().eligibility.barring_grade
    is_settled = not worst.unsettled_days or worst.at_least >= bar
    grade = worst.at_least if is_settled else None
    return tiles.grade_tile(grade, worst.at_least, toxicity=name.upper(), small=True)


def _facts(line: GateLine) -> str:
    """Each fact on a line of its own, and the judgement that decided."""
    facts = [sentence_case(dates_in_words(fact)) for fact in line.facts]
    if line.judgement is not None:
        facts.append(f"Judged: {line.judgement.reason}")
    return "".join(tiles.piece("div", text=fact) for fact in facts)
