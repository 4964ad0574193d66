"""The answer to an alert: one touch says what was done, for the grade and the version that were shown."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import streamlit as st

from actions.alerts import acknowledge_alert
from actions.errors import Refused
from actions.permissions import ROLE_WORDS, Action, may
from alerts.answers import answers_to
from alerts.model import SignalKind
from clock import utc_now
from db.inputs_alerts import ActionTaken
from db.queries.alerts import AlertStory
from db.roles import Actor, Role
from db.session import SaveRefused
from pages.parts import tiles
from pages.parts.access import current_actor
from pages.parts.wording import sentence_case, when
from pages.ward.alerts_parts.why import question_words

_PROBLEM: Final = "alerts-problem-{}"
_TRIES: Final = "alerts-tries-{}"
_TOUCHED: Final = "alerts-touched-{}"
_NOT_RECORDED: Final = "Your answer was not recorded"


def show_answer(story: AlertStory, actor: Actor, now: datetime, zone: ZoneInfo) -> None:
    """The question, for those who may answer; for others, who does. And what became of the last touch."""
    alert = story.alert
    is_asked = alert.state == "open" and not alert.historical
    question = _question(story)
    touched = st.session_state.pop(_TOUCHED.format(alert.id), None)
    if touched is not None and (not is_asked or touched != question):
        st.session_state[_PROBLEM.format(alert.id)] = _not_recorded(story, now, zone)
    problem = st.session_state.get(_PROBLEM.format(alert.id))
    if problem:
        st.html(tiles.problem(problem))
    if not is_asked:
        return
    if not may(actor.role, Action.ACKNOWLEDGE_ALERT):
        st.html(tiles.soft(f"An {ROLE_WORDS[Role.INVESTIGATOR]} acknowledges it."))
        return
    key = f"{question}-{st.session_state.get(_TRIES.format(alert.id), 0)}"
    if alert.signal == SignalKind.SYSTEM:
        _show_remark(story, key)  # nothing is done at a bedside
        return
    done = st.pills(
        f"What was done? A touch acknowledges {question_words(story)}.",
        answers_to(SignalKind(alert.signal)),
        format_func=lambda action: sentence_case(action.label),
        key=key,
        wrap=True,
        on_change=_note_touch,
        args=(alert.id, question),
    )
    if done is ActionTaken.OTHER:
        _show_remark(story, key)
    elif done is not None:
        _acknowledge(story, done, None)


def forget_problems() -> None:
    """A new visit of the page begins without what an earlier one was told."""
    for key in [key for key in st.session_state if str(key).startswith(_PROBLEM.format(""))]:
        del st.session_state[key]


def _question(story: AlertStory) -> str:
    """What is shown, as part of the key: a touch meant for what has changed since is no answer to this."""
    alert = story.alert
    return f"alerts-answer-{alert.id}-{alert.level}-{alert.urgency}-{_seen(story)}"


def _note_touch(alert_id: int, question: str) -> None:
    """Which question a touch was meant for. It runs even where that question is no longer drawn."""
    st.session_state[_TOUCHED.format(alert_id)] = question


def _not_recorded(story: AlertStory, now: datetime, zone: ZoneInfo) -> str:
    """Why a touch was no answer: what happened to the alert after it was shown."""
    alert, answers = story.alert, story.answers
    if alert.closed_at is not None:
        ended = "withdrawn" if alert.state == "retracted" else "closed"
        return f"{_NOT_RECORDED}: this alert was {ended} at {when(alert.closed_at, now, zone)}."
    if alert.state != "open" and answers:
        last = answers[-1]
        return f"{_NOT_RECORDED}: already acknowledged by {last.by} at {when(last.at, now, zone)}."
    changed_at = max([alert.updated_at, *([story.shown.entered_at] if story.shown else [])])
    return f"{_NOT_RECORDED}: this alert changed at {when(changed_at, now, zone)}. Read it again."


def _seen(story: AlertStory) -> int | None:
    """The version that the card shows; None for an alert without assessments."""
    return story.shown.assessment_id if story.shown else None


def _show_remark(story: AlertStory, key: str) -> None:
    noted = (story.alert.id, _question(story))
    remark = st.text_input(
        "In a few words, what was done?", key=f"{key}-remark", on_change=_note_touch, args=noted
    )
    words = f"Acknowledge {story.alert.study_code or 'the alert'}"
    if st.button(words, type="primary", key=f"{key}-send", on_click=_note_touch, args=noted):
        _acknowledge(story, ActionTaken.OTHER, remark or None)


def _acknowledge(story: AlertStory, done: ActionTaken, remark: str | None) -> None:
    """Record it; a refusal stands on the card in its own words, and nothing typed is lost."""
    alert = story.alert
    problem = _PROBLEM.format(alert.id)
    st.session_state.pop(problem, None)
    try:
        acknowledge_alert(
            alert.id,
            alert.level,
            _seen(story),
            done.value,
            remark,
            by=current_actor(),
            now=utc_now(),
            seen_urgency=alert.urgency,
        )
    except (Refused, SaveRefused) as error:
        st.session_state[problem] = error.sentence if isinstance(error, Refused) else str(error)
        if done is not ActionTaken.OTHER:
            tries = _TRIES.format(alert.id)
            st.session_state[tries] = st.session_state.get(tries, 0) + 1
    st.rerun(scope="fragment")
