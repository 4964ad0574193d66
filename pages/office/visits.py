"""Visits: the calendar of all patients, and of one patient the visits, what happened, and the endpoints."""

from datetime import date

import streamlit as st

from actions import context
from actions.permissions import Action, Page, may
from clock import utc_now
from db.queries.endpoints import load_followed
from db.roles import Actor
from db.session import reading
from pages.office.office_parts.patients import about_words, choose_patient, infusions_words, patient_link
from pages.office.visits_parts.calendar import draw_calendar
from pages.office.visits_parts.endpoints import draw_endpoints
from pages.office.visits_parts.event_forms import draw_events, event_history
from pages.office.visits_parts.loaded import FollowUp, load_follow_ups
from pages.office.visits_parts.visit_forms import draw_visits, visit_history
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.sheet import show_said
from pages.parts.wording import zone_words
from trial.endpoints import endpoint_rows


def main() -> None:
    """One run of the page. `code` in the address names the patient."""
    actor = require_role(Page.VISITS)
    now, zone, protocol = utc_now(), context.settings().zone, context.protocol()
    today = now.astimezone(zone).date()
    sees_efficacy = may(actor.role, Action.SEE_EFFICACY)
    with reading() as session:
        follow_ups = load_follow_ups(session, today, protocol.follow_up, zone)
        followed = load_followed(session, zone) if sees_efficacy else ()
    st.title("Visits", anchor=False)
    st.html(tiles.soft(f"Dates of the hospital {zone_words(now, zone)}."))
    show_said()
    draw_calendar(follow_ups, today)
    if follow_ups:
        _draw_one(actor, follow_ups, today)
    if sees_efficacy:
        rows = {
            number: endpoint_rows(followed, protocol.endpoints, today, from_infusion=number)
            for number in (1, 2)
        }
        draw_endpoints(rows)


def _draw_one(actor: Actor, follow_ups: list[FollowUp], today: date) -> None:
    st.header("One patient", anchor=False)
    patient = choose_patient([one.patient for one in follow_ups])
    if patient is None:
        return
    (follow_up,) = [one for one in follow_ups if one.patient.id == patient.id]
    st.html(tiles.line(patient_link(patient, f"Open the page of {patient.study_code}")))
    st.text(f"{about_words(patient)} {infusions_words(patient)}")
    draw_visits(actor, follow_up, today, enters=may(actor.role, Action.RECORD_VISIT))
    draw_events(actor, follow_up, enters=may(actor.role, Action.RECORD_FOLLOW_UP))
    history = [
        table
        for table in (
            visit_history(follow_up.visit_versions),
            event_history(follow_up.event_versions),
        )
        if table
    ]
    if history:
        with st.expander(f"Corrections and withdrawals of {patient.study_code}"):
            for table in history:
                st.html(table)


main()
