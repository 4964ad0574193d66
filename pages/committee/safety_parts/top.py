"""The head of a page of the committee: the data cut-off, the filters, why there may be nothing to show."""

from datetime import datetime
from typing import Final

import streamlit as st

from actions import context
from actions.permissions import Page
from clock import utc_now
from db.session import reading
from pages.committee.safety_parts.filters import choose, filter_words
from pages.committee.safety_parts.view import View, load_view
from pages.parts import tiles
from pages.parts.access import page_address
from pages.parts.saving import allow_saving
from pages.parts.wording import counted, date_and_time, date_words, zone_words
from trial.safety_filter import Asked, read_filter

_IN_ADDRESS: Final = ("tab", "sheet")


def open_view(page: Page, *, with_toxicity: bool = True) -> View | None:
    """Draw the head and return what is shown; None where there is nothing, which is said in a sentence."""
    zone = context.settings().zone
    now = utc_now()
    asked = read_filter(st.query_params.to_dict(), now.astimezone(zone).date())
    view = _load(asked, now)
    st.html(tiles.piece("p", text=_header_words(view), classes="vigil-text"))
    choose(asked, with_toxicity=with_toxicity)
    allow_saving()
    nobody = _nobody_words(view)
    if not nobody:
        return view
    st.text(nobody)
    st.html(tiles.link("Show everyone", page_address(page), classes="vigil-link vigil-link-block"))
    return None


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
