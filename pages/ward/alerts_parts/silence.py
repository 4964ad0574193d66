"""Silencing an alert: a reason and a few hours, folded away under the card."""

from datetime import timedelta
from typing import Final

import streamlit as st

from actions.alerts import NEVER_SILENT, silence_alert
from actions.errors import Refused
from actions.permissions import Action, may
from clock import utc_now
from db.queries.alerts import AlertStory
from db.roles import Actor
from db.session import SaveRefused
from pages.parts import tiles
from pages.parts.access import current_actor

HOURS: Final = (1, 4, 12, 24)
_PROBLEM: Final = "alerts-silence-problem-{}"
_SAID: Final = "alerts-silence-said-{}"
_ROUND: Final = "alerts-silence-round-{}"


def show_silence(story: AlertStory, actor: Actor) -> None:
    """The fold, where the alert may be silenced by this person; and what the last touch came to."""
    alert = story.alert
    if said := st.session_state.pop(_SAID.format(alert.id), None):
        st.html(tiles.piece("p", text=said, classes="vigil-text", role="status"))
    # Nobody else is told of an alert that has its answer: there is nothing to silence.
    if alert.urgency <= NEVER_SILENT or alert.state != "open" or alert.historical:
        return
    if not may(actor.role, Action.SILENCE_ALERT):
        return
    key = f"alerts-silence-{alert.id}-{st.session_state.get(_ROUND.format(alert.id), 0)}"
    folded = st.expander(f"Silence {alert.study_code or 'the alert'}", key=key, on_change="rerun")
    if folded.open:
        with folded:
            _show_form(story, key)


def _show_form(story: AlertStory, key: str) -> None:
    alert = story.alert
    st.html(tiles.soft("No next step and no repeat until then. News of it is told all the same."))
    hours = st.pills(
        "For how long?", HOURS, format_func=lambda hours: f"{hours} h", key=f"{key}-h", wrap=True
    )
    reason = st.text_input("Why does nobody else need to be told for now?", key=f"{key}-why")
    if problem := st.session_state.get(_PROBLEM.format(alert.id)):
        st.html(tiles.problem(problem))
    if st.button(f"Silence {alert.study_code or 'the alert'} now", key=f"{key}-send"):
        _silence(story, hours, reason)


def _silence(story: AlertStory, hours: int | None, reason: str) -> None:
    """Record it; a refusal stands at the form, and nothing typed is lost."""
    alert_id, now = story.alert.id, utc_now()
    st.session_state.pop(_PROBLEM.format(alert_id), None)
    try:
        if hours is None:
            raise Refused("Choose for how long.")
        said = silence_alert(alert_id, reason, now + timedelta(hours=hours), by=current_actor(), now=now)
        st.session_state[_SAID.format(alert_id)] = said
        rounds = _ROUND.format(alert_id)
        st.session_state[rounds] = st.session_state.get(rounds, 0) + 1
    except (Refused, SaveRefused) as error:
        st.session_state[_PROBLEM.format(alert_id)] = (
            error.sentence if isinstance(error, Refused) else str(error)
        )
    st.rerun(scope="fragment")
