"""The items of the review, each with its mark in words, its comments, and the tick that it was reviewed."""

from collections.abc import Mapping, Sequence

import streamlit as st

from actions import context
from actions.errors import Refused
from actions.review import comment, mark_reviewed
from clock import utc_now
from db.queries.review import Comment
from db.roles import Actor
from db.session import SaveRefused
from pages.parts import tiles
from pages.parts.sheet import Sheet, say
from pages.parts.wording import counted, date_and_time
from trial.review import Mark, MarkedItem

_SHOWN_AT_ONCE = 20


def draw_items(actor: Actor, found: Sequence[MarkedItem], comments: Mapping[str, Sequence[Comment]]) -> None:
    """The newest data first; the rest when it is asked for."""
    if not found:
        st.text("Nothing here.")
        return
    key = f"review-all-{found[0].mark is Mark.REVIEWED}"
    shown = found if st.session_state.get(key) else found[:_SHOWN_AT_ONCE]
    for one in shown:
        _draw(actor, one, comments.get(one.item.key, ()))
    if len(shown) < len(found):
        st.checkbox(f"Show {len(found) - len(shown)} more", key=key)


def _draw(actor: Actor, one: MarkedItem, comments: Sequence[Comment]) -> None:
    item, zone = one.item, context.settings().zone
    with st.container(border=True):
        st.html(
            tiles.line(
                tiles.piece("b", text=f"{item.study_code} "),
                tiles.piece("span", text=f"{item.words} "),
                tiles.link(f"Open {item.study_code}", item.link),
            )
            + tiles.soft(f"{mark_words(one)} Data of {date_and_time(item.changed_at, zone)}.")
        )
        for said in comments:
            st.text(f"{said.by}, {date_and_time(said.at, zone)}: {said.text}")
        if one.mark is not Mark.REVIEWED and st.button(
            f"Reviewed: {item.study_code}, {item.words[:40]}", key=f"review-{item.key}"
        ):
            _review(actor, one)
        _draw_comment(actor, one, len(comments))


def mark_words(one: MarkedItem) -> str:
    """ "New since your last look.", "Changed since your review of 2 Mar 2026 10:00.", "Reviewed ..."."""
    if one.reviewed_at is None:
        return "New since your last look." if one.is_since_last_look else "Not reviewed yet."
    since = " New since your last look." if one.is_since_last_look else ""
    at = date_and_time(one.reviewed_at, context.settings().zone)
    return f"Reviewed {at}." if one.mark is Mark.REVIEWED else f"Changed since your review of {at}.{since}"


def _review(actor: Actor, one: MarkedItem) -> None:
    try:
        mark_reviewed(one.item.key, one.item.data_hash, by=actor, now=utc_now())
        say(f"Reviewed: {one.item.study_code}, {one.item.words}. It stays so until its data change.")
    except (Refused, SaveRefused) as refusal:
        say(str(refusal))
    st.rerun()


def _draw_comment(actor: Actor, one: MarkedItem, said: int) -> None:
    sheet = Sheet(f"comment_{one.item.key}")
    title = f"Comment ({counted(said, 'comment', 'comments')} so far)" if said else "Comment"
    folded = st.expander(title, expanded=sheet.is_open, key=f"fold_{one.item.key}", on_change="rerun")
    if not folded.open:
        return
    with folded, sheet.form():
        text = sheet.words("text", "Comment", "Read by the committee and investigators. Changes no state.")

        def keep(_form: Sheet) -> str:
            comment(one.item.key, text, by=actor, now=utc_now())
            return f"The comment on {one.item.study_code} is kept."

        sheet.submit("Keep comment", keep)
