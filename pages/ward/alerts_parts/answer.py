"""The answer to an alert: one touch says what was done, for the grade and the version that were shown."""

from typing import Final

import streamlit as st

from actions.alerts import acknowledge_alert
from actions.errors import Refused
from actions.permissions import ROLE_WORDS, Action, may
from alerts.model import SignalKind
from clock import utc_now
from db.inputs_alerts import ActionTaken
from db.queries.alerts import AlertStory
from db.roles import Actor, Role
from db.session import SaveRefused
from pages.parts import tiles
from pages.parts.access import current_actor
from pages.ward.alerts_parts.why import question_words

_PROBLEM: Final = "alerts-problem-{}"
_TRIES: Final = "alerts-tries-{}"


def show_answer(story: AlertStory, actor: Actor) -> None:
    """The question, for those who may answer; for others, who does."""
    alert = story.alert
    problem = st.session_state.get(_PROBLEM.format(alert.id))
    if problem:
        st.html(tiles.problem(problem))
    if alert.state != "open" or alert.historical:
        return
    if not may(actor.role, Action.ACKNOWLEDGE_ALERT):
        st.html(tiles.soft(f"An {ROLE_WORDS[Role.INVESTIGATOR]} acknowledges it."))
        return
    # What was shown is part of the key: a touch meant for what has changed since then finds no question.
    tries = st.session_state.get(_TRIES.format(alert.id), 0)
    key = f"alerts-answer-{alert.id}-{alert.level}-{alert.urgency}-{_seen(story)}-{tries}"
    if alert.signal == SignalKind.SYSTEM:
        _show_remark(story, key)  # nothing is done at a bedside
        return
    done = st.pills(
        f"What was done? A touch acknowledges {question_words(story)}.",
        list(ActionTaken),
        format_func=lambda action: action.label.capitalize(),
        key=key,
        wrap=True,
    )
    if done is ActionTaken.OTHER:
        _show_remark(story, key)
    elif done is not None:
        _acknowledge(story, done, None)


def _seen(story: AlertStory) -> int | None:
    """The version that the card shows; None for an alert without assessments."""
    return story.shown.assessment_id if story.shown else None


def _show_remark(story: AlertStory, key: str) -> None:
    remark = st.text_input("In a few words, what was done?", key=f"{key}-remark")
    if st.button(f"Acknowledge {story.alert.study_code or 'the alert'}", type="primary", key=f"{key}-send"):
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
