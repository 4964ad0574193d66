"""Review: what changed since a member last looked, what is reviewed, comments, questions to the ward."""

from datetime import datetime

import streamlit as st

from actions import context
from actions.permissions import Page
from actions.review import note_look
from clock import utc_now
from db.queries.review import (
    last_look_at,
    load_comments,
    load_items,
    load_questions,
    load_reviews,
)
from db.roles import Actor
from db.session import reading
from pages.committee.review_parts.items import draw_items
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.questions import draw_questions
from pages.parts.sheet import say, show_said
from pages.parts.wording import counted, date_and_time, zone_words
from trial.review import Mark, MarkedItem, marked


def main() -> None:
    """One run of the page."""
    actor = require_role(Page.REVIEW)
    now, zone = utc_now(), context.settings().zone
    with reading() as session:
        looked_at = last_look_at(session, actor.user_id or 0)
        found = marked(load_items(session), load_reviews(session, actor.user_id or 0), looked_at)
        comments = load_comments(session)
        questions = load_questions(session)
    st.title("Review", anchor=False)
    st.html(tiles.soft(f"Data as of {date_and_time(now, zone)} {zone_words(now, zone)}."))
    show_said()
    _draw_look(actor, found, looked_at, now)
    st.header(f"To review ({sum(one.mark is not Mark.REVIEWED for one in found)})", anchor=False)
    draw_items(actor, [one for one in found if one.mark is not Mark.REVIEWED], comments)
    st.header(f"Reviewed ({sum(one.mark is Mark.REVIEWED for one in found)})", anchor=False)
    draw_items(actor, [one for one in found if one.mark is Mark.REVIEWED], comments)
    st.header("Questions to the ward", anchor=False)
    draw_questions(actor, questions)


def _draw_look(actor: Actor, found: list[MarkedItem], looked_at: datetime | None, now: datetime) -> None:
    """What changed since the last look. The member says when they have looked, as of what the page showed."""
    since = sum(one.is_since_last_look for one in found)
    zone = context.settings().zone
    last = "You have not looked before." if looked_at is None else ""
    if looked_at is not None:
        last = f"You last looked on {date_and_time(looked_at, zone)}."
    st.text(f"{last} {counted(since, 'item has', 'items have')} changed since then.".strip())
    # A touch runs the page again: what the member has seen is what the run before it showed.
    seen_at = st.session_state.get("review_shown_at", now)
    st.session_state["review_shown_at"] = now
    if since and st.button("I have seen what changed", key="review-look"):
        note_look(seen_at, by=actor, now=utc_now())
        say("Kept: what changes from now on is marked as changed since your last look.")
        st.rerun()


main()
