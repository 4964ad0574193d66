"""Safety: where the trial stands in one minute, then every picture behind a tab.

The address holds the whole view: filter, tab, sheet of patients, and a day that is opened.
"""

from datetime import datetime
from typing import Final

import streamlit as st

from actions import context
from actions.permissions import Page
from clock import utc_now
from db.session import reading
from pages.committee.safety_parts.filters import choose, filter_words
from pages.committee.safety_parts.picture import allow_saving
from pages.committee.safety_parts.tabs import TABS
from pages.committee.safety_parts.view import View, load_view
from pages.parts import tiles
from pages.parts.access import is_fragment_run, require_role
from pages.parts.wording import counted, date_and_time, date_words, zone_words
from trial.safety_filter import Asked, read_filter

_IN_ADDRESS: Final = ("tab", "sheet")


def main() -> None:
    """One run of the page."""
    require_role(Page.SAFETY)
    st.title("Safety", anchor=False)
    zone = context.settings().zone
    now = utc_now().replace(second=0, microsecond=0)
    asked = read_filter(st.query_params.to_dict(), now.astimezone(zone).date())
    view = _load(asked, now)
    st.html(tiles.piece("p", text=_header_words(view), classes="vigil-text"))
    choose(asked)
    allow_saving()
    nobody = _nobody_words(view)
    if nobody:
        st.text(nobody)
        st.html(tiles.link("Show everyone", "/safety", classes="vigil-link vigil-link-block"))
        return
    show_tabs(view)


@st.fragment
def show_tabs(view: View) -> None:
    """The tabs; only the one that is open is read and drawn, and opening another draws nothing else anew."""
    if is_fragment_run():
        require_role(Page.SAFETY)
    asked = st.query_params.get("tab", "")
    opened = TABS.get(asked, TABS["overview"])
    if asked and asked not in TABS:
        st.html(tiles.problem(f"There is no part “{asked[:30]}” of this page. The overview is shown."))
    tabs = st.tabs(
        [tab.words for tab in TABS.values()], default=opened.words, key="safety-tab", on_change=_to_address
    )
    for tab, drawn in zip(TABS.values(), tabs, strict=True):
        if drawn.open:
            with drawn:
                tab.show(view)


def _to_address() -> None:
    words = st.session_state["safety-tab"]
    st.query_params["tab"] = next(name for name, tab in TABS.items() if tab.words == words)
    # A day that was opened from a link belongs to what was shown then.
    for name in ("code", "opened", "number", "day"):
        st.query_params.pop(name, None)


def _load(asked: Asked, now: datetime) -> View:
    at = tuple((name, st.query_params[name]) for name in _IN_ADDRESS if name in st.query_params)
    with reading() as session:
        return load_view(
            session, asked, now=now, protocol=context.protocol(), zone=context.settings().zone, at=at
        )


def _header_words(view: View) -> str:
    """ "Data up to 8 Mar 2026 06:00 (UTC+08:00), as known now. Shown: women: 5 of 15 patients. ..."."""
    until = f"{date_and_time(view.cut_off, view.zone)} {zone_words(view.cut_off, view.zone)}"
    known = ", as known now" if view.filter.cut_off_on else ""
    words = [f"Data up to {until}{known}.", filter_words(view.filter, len(view.people), view.enrolled)]
    return " ".join(part for part in words if part)


def _nobody_words(view: View) -> str:
    """Why there is nothing to show, or ""."""
    on = date_words(view.cut_off.astimezone(view.zone).date())
    if view.filter.narrows and view.enrolled and not view.people:
        return f"Nobody of {counted(view.enrolled, 'patient', 'patients')} fits this choice."
    if not view.infused:
        return f"No infusion recorded before the cut-off of {on}."
    if view.filter.infusions == (2,) and not view.infused_with(2):
        return f"No second infusion recorded before the cut-off of {on}."
    return ""


main()
