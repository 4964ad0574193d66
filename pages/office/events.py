"""Adverse events: what waits for a report, the list, one event opened, and the forms to record them.

An investigator and the coordinator enter; the committee reads.
"""

import streamlit as st

from actions import context
from actions.permissions import Action, Page, may
from clock import utc_now
from db.session import reading
from pages.office.event_parts.clocks import draw_clocks
from pages.office.event_parts.entry import draw_new_event
from pages.office.event_parts.listing import draw_list, draw_orphans
from pages.office.event_parts.loaded import list_link, load_all
from pages.office.event_parts.opened import draw_episode, draw_event
from pages.office.office_parts.patients import choose_patient
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.sheet import show_said
from pages.parts.wording import clock_time, zone_words


def main() -> None:
    """One run of the page. In the address: `code` a patient, `event` or `episode` what is opened."""
    actor = require_role(Page.EVENTS)
    now = utc_now()
    zone = context.settings().zone
    st.title("Adverse events", anchor=False)
    st.html(tiles.soft(f"As of {clock_time(now, zone)}. Times of the hospital {zone_words(now, zone)}."))
    show_said()
    with reading() as session:
        loaded = load_all(session)
    opened, episode = st.query_params.get("event"), st.query_params.get("episode")
    if opened:
        derived = loaded.derived.of_record(opened)
        if derived is None:
            draw_event(actor, loaded, opened, now)
        else:
            draw_episode(actor, loaded, derived, now)
        return
    if episode:
        found = loaded.episode(episode)
        if found is not None:
            draw_episode(actor, loaded, found, now)
            return
        st.text("The assessments show no such episode any more. Open it from the list.")
        st.html(list_link(None))
    draw_clocks(loaded, now)
    draw_orphans(loaded)
    if not loaded.patients:
        st.text("Nobody is in the trial yet. Screen a patient first.")
        return
    patient = choose_patient(loaded.patients)
    if may(actor.role, Action.RECORD_EVENT):
        if patient is None:
            st.text("Choose a patient to record an event.")
        else:
            draw_new_event(actor, patient)
    draw_list(loaded, patient, now)


main()
