"""Alerts: those that are open first, who was told, and the answer of a named person."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import streamlit as st

from actions import context
from actions.permissions import Page, may_see
from alerts.posting import active_recipients
from clock import utc_now
from db.queries.alert_thread import Answer, load_answers_of_the_over
from db.queries.alerts import AlertRow, AlertStory, list_alerts, load_stories
from db.roles import Actor
from db.session import reading
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.mail_check import show_confirmation
from pages.parts.who_is_told import would_be_told
from pages.parts.wording import clock_time, counted, zone_words
from pages.ward.alerts_parts.answer import forget_problems
from pages.ward.alerts_parts.card import ComingOf, past_table, show_card
from pages.ward.alerts_parts.coming import load_coming

REFRESH_S: Final = 30
CARDS_AT_ONCE: Final = 20
OVER_AT_ONCE: Final = 50
_ORDER: Final = "alerts_order"
_SHOWN: Final = "alerts_shown"
_OVER: Final = "alerts_over_shown"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page draws its cards from."""

    stories: Mapping[int, AlertStory]
    coming: ComingOf
    actor: Actor
    now: datetime


def main() -> None:
    """One run of the page. `a` in the address names an alert, which then stands first; `t` a test mail."""
    actor = require_role(Page.ALERTS)
    st.session_state.pop(_ORDER, None)
    forget_problems()
    st.session_state[_SHOWN], st.session_state[_OVER] = CARDS_AT_ONCE, OVER_AT_ONCE
    st.title("Alerts", anchor=False)
    show_confirmation(actor)
    show_alerts()


@st.fragment(run_every=REFRESH_S)
def show_alerts() -> None:
    """All of it, read again every 30 s. Cards keep their places; a new one comes last and is announced."""
    actor = require_role(Page.ALERTS, touch=False)
    now, zone, protocol = utc_now(), context.settings().zone, context.protocol()
    named = st.query_params.get("a", "")
    with reading() as session:
        alerts = {alert.id: alert for alert in list_alerts(session)}
        first = int(named) if named.isascii() and named.isdigit() and int(named) in alerts else None
        order, announced = _in_order(alerts, first)
        rows = [alerts[alert_id] for alert_id in order[: st.session_state[_SHOWN]]]
        shown = Shown(
            load_stories(session, rows, rise_within=timedelta(hours=protocol.rise_within_hours)),
            load_coming(session, rows, now, protocol, zone),
            actor,
            now,
        )
        answers = load_answers_of_the_over(session)
    _show_head(alerts.values(), announced, now)
    if named and first is None:
        st.text("The alert of this link is not known here. These are the alerts that are.")
    opened_by_link = [first] if first is not None and not _is_open(alerts[first]) else []
    if opened_by_link:
        st.header("The alert you opened", anchor=False)
        _show_cards(opened_by_link, shown)
    # Counted over all of them: not every one has its card yet.
    st.header(f"Open ({sum(map(_is_open, alerts.values()))})", anchor=False)
    _show_open([alert_id for alert_id in order if alert_id not in opened_by_link], shown)
    _show_over([one for one in alerts.values() if not one.live and not one.historical], answers)
    _show_history([alert for alert in alerts.values() if alert.historical])
    _show_who_is_told(actor, now)


def _is_open(alert: AlertRow) -> bool:
    return alert.live and not alert.historical


def _in_order(alerts: Mapping[int, AlertRow], first: int | None) -> tuple[list[int], int]:
    """The cards' places: worked out once a visit, so that nothing moves; and how many came since."""
    live = [alert for alert in alerts.values() if _is_open(alert)]
    live.sort(key=lambda alert: (alert.state != "open", alert.urgency, -alert.opened_at.timestamp()))
    kept: list[int] | None = st.session_state.get(_ORDER)
    if kept is None:
        kept = [alert.id for alert in live]
        if first is not None:
            kept = [first, *(alert_id for alert_id in kept if alert_id != first)]
        st.session_state[_ORDER] = kept
    came = [alert.id for alert in live if alert.id not in kept]
    return [alert_id for alert_id in kept if alert_id in alerts] + came, len(came)


def _show_head(alerts: Iterable[AlertRow], announced: int, now: datetime) -> None:
    zone = context.settings().zone
    waiting = sum(alert.state == "open" and not alert.historical for alert in alerts)
    head = (
        f"{counted(waiting, 'alert waits', 'alerts wait')} for an answer." if waiting else "No alert waits."
    )
    new = (
        f" {counted(announced, 'new alert', 'new alerts')} at the end, come since you opened this page."
        if announced
        else ""
    )
    words = (
        f"{head}{new} As of {clock_time(now, zone)} {zone_words(now, zone)}. Refreshes every {REFRESH_S} s."
    )
    st.html(tiles.piece("p", text=words, classes="vigil-soft", role="status"))


def _show_open(order: Sequence[int], shown: Shown) -> None:
    if not order:
        st.text(
            "No alert is open. One opens at grade 3, a rise by two grades, support without a CRS grade, a "
            "grade that stays unsettled, a missed assessment, and when the program itself is unwell."
        )
    _show_cards(order, shown)
    more = sum(alert_id not in shown.stories for alert_id in order)
    if more:
        st.button(f"Show {more} more", key="alerts-more", on_click=_show_more, args=(_SHOWN, CARDS_AT_ONCE))


def _show_cards(order: Sequence[int], shown: Shown) -> None:
    for alert_id in order:
        if alert_id in shown.stories:
            zone = context.settings().zone
            show_card(shown.stories[alert_id], shown.coming, shown.actor, shown.now, zone)


def _show_more(key: str, step: int) -> None:
    st.session_state[key] += step


def _show_over(over: Sequence[AlertRow], answers: Mapping[int, Answer]) -> None:
    if not over:
        return
    st.header(f"Over ({len(over)})", anchor=False)
    some, zone = over[: st.session_state[_OVER]], context.settings().zone
    st.html(past_table("Alerts that are over, the newest first", some, zone, answers))
    more = len(over) - len(some)
    if more:
        words = f"Show {min(more, OVER_AT_ONCE)} more that are over"
        st.button(words, key="alerts-more-over", on_click=_show_more, args=(_OVER, OVER_AT_ONCE))


def _show_history(historical: Sequence[AlertRow]) -> None:
    if not historical:
        return
    st.header(f"From imported history ({len(historical)})", anchor=False)
    folded = st.expander("Show them", key="alerts-history", on_change="rerun")
    if folded.open:
        with folded:
            st.html(past_table("Never mailed one by one", historical, context.settings().zone))


def _show_who_is_told(actor: Actor, now: datetime) -> None:
    st.header("Who would be told now", anchor=False)
    folded = st.expander("Show the steps of every signal", key="alerts-who", on_change="rerun")
    if not folded.open:
        return
    with reading() as session:
        people = active_recipients(session, now)
    with folded:
        st.html(would_be_told(people, context.protocol(), now, context.settings().zone))
        if may_see(actor.role, Page.RECIPIENTS):
            st.html(tiles.link("Change the recipients", "/recipients", classes="vigil-link vigil-link-block"))


main()
