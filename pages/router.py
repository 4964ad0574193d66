"""The one script Streamlit is given: style, guard, navigation by role, banner, then the page.

All pages are registered for everybody, hidden where the role has no right: the page itself then says so
in a sentence, and a deep link works as the first request of a fresh server.
"""

from pathlib import Path
from typing import Final, NamedTuple

import streamlit as st
from streamlit.navigation.page import Page as StreamlitPage

from actions.permissions import PAGES, Page, first_page, may_see
from db.roles import Role
from pages.parts.access import current_actor, known_in_this_run
from pages.parts.banner import show_head
from pages.parts.style import show_style
from pages.parts.watch import keep_watch

FOLDER: Final = Path(__file__).parent


class Screen(NamedTuple):
    """Where a page's script stands below `pages/`, and its words in the navigation."""

    script: str
    title: str


SCREENS: Final = {
    Page.BOARD: Screen("ward/board.py", "Board"),
    Page.ASSESS: Screen("ward/assess.py", "Assess"),
    Page.PATIENT: Screen("ward/patient.py", "Patient"),
    Page.ALERTS: Screen("ward/alerts.py", "Alerts"),
    Page.HANDOVER: Screen("ward/handover.py", "Handover"),
    Page.TREATMENTS: Screen("ward/treatments.py", "Treatments"),
    Page.LABORATORY: Screen("ward/laboratory.py", "Laboratory"),
    Page.SAFETY: Screen("committee/safety.py", "Safety"),
    Page.EFFICACY: Screen("committee/efficacy.py", "Efficacy"),
    Page.STOPPING: Screen("committee/stopping.py", "Stopping"),
    Page.REVIEW: Screen("committee/review.py", "Review"),
    Page.REPORT: Screen("committee/report.py", "Report"),
    Page.OVERSIGHT: Screen("committee/oversight.py", "Oversight"),
    Page.ENROLMENT: Screen("office/enrolment.py", "Enrolment"),
    Page.INFUSIONS: Screen("office/infusions.py", "Infusions"),
    Page.EVENTS: Screen("office/events.py", "Events"),
    Page.RESPONSE: Screen("office/response.py", "Response"),
    Page.SECOND_INFUSION: Screen("office/second_infusion.py", "Second infusion"),
    Page.VISITS: Screen("office/visits.py", "Visits"),
    Page.RECIPIENTS: Screen("office/recipients.py", "Recipients"),
    Page.ACCOUNTS: Screen("office/accounts.py", "Accounts"),
}

SECTIONS: Final = {
    Page.TREATMENTS: "Chart",
    Page.LABORATORY: "Chart",
    Page.SAFETY: "Committee",
    Page.EFFICACY: "Committee",
    Page.STOPPING: "Committee",
    Page.REVIEW: "Committee",
    Page.REPORT: "Committee",
    Page.OVERSIGHT: "Committee",
    Page.ENROLMENT: "Trial",
    Page.INFUSIONS: "Trial",
    Page.EVENTS: "Trial",
    Page.RESPONSE: "Trial",
    Page.SECOND_INFUSION: "Trial",
    Page.VISITS: "Trial",
    Page.RECIPIENTS: "Office",
    Page.ACCOUNTS: "Office",
}
"""The word of the navigation behind which a page stands where a role has many; others stand alone."""

MOST_SIDE_BY_SIDE: Final = 6
"""So many pages have room beside the person's name on a tablet."""


def main() -> None:
    """One run of the app."""
    st.set_page_config(page_title="Vigil", layout="wide")
    show_style()
    actor = current_actor()
    pages = build_pages(actor.role)
    chosen = st.navigation(in_sections(pages, actor.role), position="top")
    with known_in_this_run(actor):
        show_head(actor, in_header=_has_navigation(pages))
        keep_watch()
        if chosen.url_path == "" and not may_see(actor.role, Page.BOARD):
            st.switch_page(pages[first_page(actor.role)])
        chosen.run()


def _has_navigation(pages: dict[Page, StreamlitPage]) -> bool:
    # Streamlit draws none for a single visible page.
    return sum(page.visibility == "visible" for page in pages.values()) > 1


def in_sections(
    pages: dict[Page, StreamlitPage], role: Role
) -> list[StreamlitPage] | dict[str, list[StreamlitPage]]:
    """The pages side by side where they have room, else those of a section behind its word."""
    if len(PAGES[role]) <= MOST_SIDE_BY_SIDE:
        return list(pages.values())
    sections: dict[str, list[StreamlitPage]] = {"": []}
    for page, drawn in pages.items():
        own = SECTIONS.get(page, "") if may_see(role, page) else ""
        sections.setdefault(own, []).append(drawn)
    return sections


def build_pages(role: Role) -> dict[Page, StreamlitPage]:
    """Every screen as Streamlit's page; the board stands at "/", the role's own come first."""
    order = [*PAGES[role], *(page for page in SCREENS if not may_see(role, page))]
    return {page: _page(page, may_see(role, page)) for page in order}


def _page(page: Page, is_visible: bool) -> StreamlitPage:
    screen = SCREENS[page]
    return st.Page(
        FOLDER / screen.script,
        title=screen.title,
        url_path=page.value,
        default=page is Page.BOARD,
        visibility="visible" if is_visible else "hidden",
    )


main()
