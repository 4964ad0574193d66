"""What the gate leaves to an investigator: SD and PD, and days on which a grade is not settled."""

from typing import Final

import streamlit as st

from actions import context
from actions.gate import judge_question
from clock import utc_now
from db.queries.gate import JudgementRecord
from db.roles import Actor
from pages.office.second_infusion_parts.loaded import LoadedGate
from pages.parts import tiles
from pages.parts.sheet import Sheet, shown_value
from trial.screening_facts import WorstGrade
from trial.second_infusion import latest_response
from trial.second_infusion_facts import GateQuestion, Response

_HEADS: Final = ("Question", "Answer", "Reason", "By", "Counts")


def draw_judgements(actor: Actor, loaded: LoadedGate, *, judges: bool) -> None:
    """What was judged, and a form for each question that is open to judgement."""
    asked = open_questions(loaded)
    if not asked and not loaded.records.judgements:
        return
    st.header("Judgements of an investigator", anchor=False)
    if loaded.records.judgements:
        rows = [_row(one) for one in loaded.records.judgements]
        st.html(tiles.table("Judgements, oldest first", _HEADS, rows))
    if not judges and asked:
        st.html(tiles.soft("An investigator judges this, with a reason."))
    for question in asked if judges else ():
        _draw_form(actor, loaded, question)


def open_questions(loaded: LoadedGate) -> list[GateQuestion]:
    """What there is to judge, whether or not it was judged before; nothing once it is decided."""
    if not loaded.is_asked:
        return []
    facts = loaded.records.facts
    asked = [GateQuestion.RESPONSE] if latest_response(facts) in (Response.SD, Response.PD) else []
    gaps = ((GateQuestion.CRS_GAPS, facts.worst_crs), (GateQuestion.ICANS_GAPS, facts.worst_icans))
    return asked + [question for question, worst in gaps if worst is not None and _is_open(worst)]


def _is_open(worst: WorstGrade) -> bool:
    return bool(worst.unsettled_days) and worst.at_least < context.protocol().eligibility.barring_grade


def question_words(question: GateQuestion, loaded: LoadedGate) -> str:
    """The question as it is asked."""
    facts, bar = loaded.records.facts, context.protocol().eligibility.barring_grade
    if question is GateQuestion.RESPONSE:
        response = latest_response(facts)
        return f"May a second infusion be given in {response.value if response else 'SD or PD'}?"
    is_crs = question is GateQuestion.CRS_GAPS
    worst = facts.worst_crs if is_crs else facts.worst_icans
    days = ", ".join(str(day) for day in worst.unsettled_days) if worst else ""
    return f"Did {'CRS' if is_crs else 'ICANS'} stay below grade {bar} on the days not settled ({days})?"


def _draw_form(actor: Actor, loaded: LoadedGate, question: GateQuestion) -> None:
    code = loaded.patient.study_code
    sheet = Sheet(f"gate_{question.value}_{loaded.patient.id}_{len(loaded.records.judgements)}")
    with st.container(border=True), sheet.form():
        asked = question_words(question, loaded)
        st.subheader(asked, anchor=False)
        holds = sheet.yes_no("holds", "Your judgement", "Yes speaks for the second infusion.")
        why = sheet.words("reason", "Reason", "What was seen, and why it speaks for or against.")

        def judge(_form: Sheet) -> str:
            judge_question(code, question, holds, why, by=actor, now=utc_now())
            return f"Your judgement on {code} is recorded."

        sheet.submit(f"Record judgement on {_SHORT[question]}", judge)


_SHORT: Final = {
    GateQuestion.RESPONSE: "the response",
    GateQuestion.CRS_GAPS: "CRS",
    GateQuestion.ICANS_GAPS: "ICANS",
}


def _row(one: JudgementRecord) -> list[str]:
    counts = "yes" if one.counts else "no: newer facts or a newer judgement"
    by = f"{one.by}, {shown_value(one.at)}"
    about = {
        GateQuestion.RESPONSE: "Second infusion in SD or PD",
        GateQuestion.CRS_GAPS: "CRS stayed below the bar",
        GateQuestion.ICANS_GAPS: "ICANS stayed below the bar",
    }[one.question]
    return [tiles.cell(words) for words in (about, "Yes" if one.holds else "No", one.reason, by, counts)]
