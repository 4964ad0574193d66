"""Safety: where the trial stands in one minute, then every picture behind a tab.

The address holds the whole view: filter, tab, sheet of patients, and a day that is opened.
"""

import streamlit as st

from actions.permissions import Page
from pages.committee.safety_parts.tabs import TABS
from pages.committee.safety_parts.top import open_view
from pages.committee.safety_parts.view import View
from pages.parts import tiles
from pages.parts.access import is_fragment_run, require_role


def main() -> None:
    """One run of the page."""
    require_role(Page.SAFETY)
    st.title("Safety", anchor=False)
    view = open_view(Page.SAFETY)
    if view is not None:
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


main()
