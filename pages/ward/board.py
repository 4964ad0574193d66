"""The ward board: everyone in a monitoring window, who needs somebody first."""

from datetime import datetime
from typing import Final, Literal

import streamlit as st

from actions import context
from actions.permissions import Action, Page, may, may_see
from clock import utc_now
from db.queries.board import load_board, load_missing
from db.queries.board_alerts import load_board_alerts
from db.queries.review import count_open_questions
from db.roles import Actor
from db.session import reading
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.wording import clock_time, counted, zone_words
from pages.ward.board_parts.cards import Card, Place, in_order, write_card
from pages.ward.board_parts.saved import show_saved

REFRESH_S: Final = 30
CARDS_AT_ONCE: Final = 24
"""More cards than anybody reads are shown only when asked for."""

_SHOWN: Final = "board_cards_shown"


def main() -> None:
    """One run of the page."""
    require_role(Page.BOARD)
    st.session_state.setdefault(_SHOWN, CARDS_AT_ONCE)
    show_board()


@st.fragment(run_every=REFRESH_S)
def show_board() -> None:
    """The whole board; drawn again every 30 s, which never counts as a person's use."""
    actor = require_role(Page.BOARD, touch=False)
    now = utc_now()
    places, cards = _load(now)
    _head(len(places), now)
    show_saved({card.code: card.next_due for card in cards})
    if not places:
        st.text("Nobody is in monitoring. A patient appears here from the day of infusion.")
        return
    urgent = sum(place.needs_you_now for place in places)
    waiting = [card for card in cards if card.needs_you_now]
    on_schedule = [card for card in cards if not card.needs_you_now]
    _section(f"Needs you now ({urgent})", waiting, actor, is_first=True)
    _section(f"On schedule ({len(places) - urgent})", on_schedule, actor, is_first=not waiting)
    if len(places) > len(cards):
        left = len(places) - len(cards)
        st.button(f"Show more ({left} not shown)", on_click=_show_more, key="board-more")


def _load(now: datetime) -> tuple[list[Place], list[Card]]:
    protocol, zone = context.protocol(), context.settings().zone
    with reading() as session:
        patients = load_board(session, now, protocol, zone=zone)
        places = in_order(patients, load_board_alerts(session, now), now, protocol, zone=zone)
        shown = places[: st.session_state[_SHOWN]]
        latest = [place.patient.points[-1].assessment_id for place in shown if place.patient.points]
        missing = load_missing(session, latest)
        questions = count_open_questions(session)
    return places, [
        write_card(place, missing, now, zone, questions=questions.get(place.patient.patient_id, 0))
        for place in shown
    ]


def _head(patients: int, now: datetime) -> None:
    zone = context.settings().zone
    words = (
        f"{counted(patients, 'patient', 'patients')} in monitoring. As of {clock_time(now, zone)} "
        f"{zone_words(now, zone)}. Refreshes every {REFRESH_S} s."
    )
    st.html(
        tiles.piece(
            "div",
            tiles.piece("h1", text="Ward board"),
            tiles.piece("span", text=words, classes="vigil-soft"),
            classes="vigil-page-head",
        )
    )


def _section(title: str, cards: list[Card], actor: Actor, *, is_first: bool) -> None:
    """A heading and its cards; the first heading on the page has the way to the handover sheet beside it."""
    if not cards:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header(title, anchor=False)
        may_hand_over = is_first and may_see(actor.role, Page.HANDOVER)
        if may_hand_over and st.button("Handover sheet", key="board-handover"):
            st.switch_page("ward/handover.py")
    grid = st.grid("auto", min_column_width=360)
    for card in cards:
        with grid, st.container(border=True, height="stretch", key=f"board-card-{card.patient_id}"):
            st.html(tiles.Ready(card.html))
            _buttons(card, actor)


def _buttons(card: Card, actor: Actor) -> None:
    """Real buttons, each leading to a page; a wall display has none."""
    if not may_see(actor.role, Page.PATIENT):
        return
    with st.container(horizontal=True, gap="xsmall"):
        if may(actor.role, Action.RECORD_ASSESSMENT):
            kind: Literal["primary", "secondary"] = "primary" if card.needs_you_now else "secondary"
            if st.button(f"Assess {card.code}", type=kind, key=f"board-assess-{card.patient_id}"):
                st.switch_page("ward/assess.py", query_params={"code": card.code})
        waits = card.urgent_alert_id is not None and may(actor.role, Action.ACKNOWLEDGE_ALERT)
        if waits and st.button("Acknowledge", key=f"board-acknowledge-{card.patient_id}"):
            st.switch_page("ward/alerts.py", query_params={"a": str(card.urgent_alert_id)})
        if st.button("Open", key=f"board-open-{card.patient_id}"):
            st.switch_page("ward/patient.py", query_params={"code": card.code})


def _show_more() -> None:
    st.session_state[_SHOWN] += CARDS_AT_ONCE


main()
