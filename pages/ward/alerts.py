"""Alerts: those that are open first, who was told, and the answer of a named person."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import streamlit as st

from actions import context
from actions.permissions import Page
from clock import utc_now
from db.queries.alerts import AlertRow, AlertStory, list_alerts, load_stories
from db.roles import Actor
from db.session import reading
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.wording import clock_time, counted, zone_words
from pages.ward.alerts_parts.card import past_table, show_card

REFRESH_S: Final = 30
CARDS_AT_ONCE: Final = 20
_ORDER: Final = "alerts_order"
_SHOWN: Final = "alerts_shown"


def main() -> None:
    """One run of the page. `a` in the address names an alert, which then stands first."""
    require_role(Page.ALERTS)
    st.session_state.pop(_ORDER, None)
    st.session_state[_SHOWN] = CARDS_AT_ONCE
    st.title("Alerts", anchor=False)
    show_alerts()


@st.fragment(run_every=REFRESH_S)
def show_alerts() -> None:
    """All of it, read again every 30 s. Cards keep their places; a new one comes last and is announced."""
    actor = require_role(Page.ALERTS, touch=False)
    now, zone = utc_now(), context.settings().zone
    named = st.query_params.get("a", "")
    with reading() as session:
        alerts = {alert.id: alert for alert in list_alerts(session)}
        first = int(named) if named.isascii() and named.isdigit() and int(named) in alerts else None
        shown, announced = _in_order(alerts, first)
        cards = load_stories(session, [alerts[alert_id] for alert_id in shown[: st.session_state[_SHOWN]]])
    _show_head(alerts.values(), announced, now)
    if named and first is None:
        st.text("The alert of this link is not known here. These are the alerts that are.")
    opened_by_link = [first] if first is not None and not _is_open(alerts[first]) else []
    if opened_by_link:
        st.header("The alert you opened", anchor=False)
        _show_cards(opened_by_link, cards, actor, now)
    # Counted over all of them: not every one has its card yet.
    st.header(f"Open ({sum(map(_is_open, alerts.values()))})", anchor=False)
    _show_open([alert_id for alert_id in shown if alert_id not in opened_by_link], cards, actor, now)
    over = [alert for alert in alerts.values() if not alert.live and not alert.historical]
    if over:
        st.header(f"Over ({len(over)})", anchor=False)
        st.html(past_table("Alerts that are over, the newest first", over, zone))
    _show_history([alert for alert in alerts.values() if alert.historical])


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


def _show_open(order: Sequence[int], cards: Mapping[int, AlertStory], actor: Actor, now: datetime) -> None:
    if not order:
        st.text("No alert is open. One opens when CRS or ICANS reaches grade 3.")
    _show_cards(order, cards, actor, now)
    more = sum(alert_id not in cards for alert_id in order)
    if more:
        st.button(f"Show {more} more", key="alerts-more", on_click=_show_more)


def _show_cards(order: Sequence[int], cards: Mapping[int, AlertStory], actor: Actor, now: datetime) -> None:
    for alert_id in order:
        if alert_id in cards:
            show_card(cards[alert_id], actor, now, context.settings().zone)


def _show_more() -> None:
    st.session_state[_SHOWN] += CARDS_AT_ONCE


def _show_history(historical: Sequence[AlertRow]) -> None:
    if not historical:
        return
    st.header(f"From imported history ({len(historical)})", anchor=False)
    folded = st.expander("Show them", key="alerts-history", on_change="rerun")
    if folded.open:
        with folded:
            st.html(past_table("Never mailed one by one", historical, context.settings().zone))


main()
