"""Questions to the ward: the committee's list, and what stands at the entry for those who answer."""

from collections.abc import Sequence
from urllib.parse import quote

import streamlit as st

from actions import context
from actions.errors import Refused
from actions.permissions import Action, may
from actions.review import answer_question, ask_ward, close_question, reopen_question
from clock import utc_now
from db.queries.review import Question
from db.roles import Actor
from db.session import SaveRefused
from pages.parts import tiles
from pages.parts.sheet import Sheet, say
from pages.parts.wording import date_and_time

_STATES = {"open": "Open", "answered": "Answered", "closed": "Closed"}
_STEPS = {"answered": "answered", "closed": "closed the question", "reopened": "asked on"}


def draw_questions(actor: Actor, questions: Sequence[Question]) -> None:
    """The committee's list, the newest first."""
    if not questions:
        st.text("No question was asked. Open an entry on a patient's page to ask about it.")
    for question in questions:
        with st.container(border=True):
            address = f"/patient?code={quote(question.study_code)}&a={question.assessment_stable_id}"
            st.html(tiles.line(tiles.link(f"Open the entry of {question.study_code}", address)))
            draw_question(actor, question)


def draw_questions_of_entry(actor: Actor, stable_id: str, questions: Sequence[Question]) -> None:
    """What was asked about an entry, with the box to answer it, and the committee's box to ask."""
    if questions:
        st.subheader("Questions of the safety committee", anchor=False)
    for question in questions:
        draw_question(actor, question)
    if may(actor.role, Action.ASK_WARD):
        _draw_ask(actor, stable_id)


def draw_question(actor: Actor, question: Question) -> None:
    """One question with everything that followed, and what this person may do."""
    zone = context.settings().zone
    st.text(f"{_STATES[question.state]}. {question.by}, {date_and_time(question.at, zone)}: {question.text}")
    for step in question.steps:
        words = f": {step.text}" if step.text else "."
        st.text(f"{step.by} {_STEPS[step.kind]}, {date_and_time(step.at, zone)}{words}")
    if may(actor.role, Action.ANSWER_QUESTION) and question.state != "closed":
        _draw_answer(actor, question)
    if may(actor.role, Action.ASK_WARD):
        _draw_committee(actor, question)


def _draw_answer(actor: Actor, question: Question) -> None:
    sheet = Sheet(f"answer_{question.id}")
    with sheet.form():
        text = sheet.words("answer", "Answer", "Read by the committee. Never a name.")

        def answer(_form: Sheet) -> str:
            answer_question(question.id, text, by=actor, now=utc_now())
            return "The answer is kept; the committee reads it."

        sheet.submit("Answer the committee", answer)


def _draw_committee(actor: Actor, question: Question) -> None:
    if question.state != "closed" and st.button("Close this question", key=f"close-{question.id}"):
        try:
            close_question(question.id, by=actor, now=utc_now())
            say("The question is closed.")
        except (Refused, SaveRefused) as refusal:
            say(str(refusal))
        st.rerun()
    if question.state == "open":
        return
    sheet = Sheet(f"reopen_{question.id}")
    folded = st.expander("Ask on", expanded=sheet.is_open, key=f"fold_reopen_{question.id}")
    with folded, sheet.form():
        text = sheet.words("question", "What is still to be answered", "The ward reads it at the entry.")

        def ask_on(_form: Sheet) -> str:
            reopen_question(question.id, text, by=actor, now=utc_now())
            return "The question is open again."

        sheet.submit("Ask on", ask_on)


def _draw_ask(actor: Actor, stable_id: str) -> None:
    sheet = Sheet(f"ask_{stable_id}")
    folded = st.expander("Ask the ward about this entry", expanded=sheet.is_open, key=f"fold_ask_{stable_id}")
    with folded, sheet.form():
        text = sheet.words("question", "Question", "The ward reads it at the entry and on the board.")

        def ask(_form: Sheet) -> str:
            ask_ward(stable_id, text, by=actor, now=utc_now())
            return "The question stands at the entry and on the board."

        sheet.submit("Ask the ward", ask)
