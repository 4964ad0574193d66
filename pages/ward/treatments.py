"""Treatments of one patient: what goes on, what was given, recording, ending, correcting and withdrawing.

/treatments?code=CART-007                 everything of this patient
/treatments?code=CART-007&t=<stable id>   with one treatment opened
"""

import streamlit as st

from actions import context
from actions.permissions import Page
from clock import utc_now
from db.queries.office import load_patients
from db.queries.treatments import load_treatment_records, load_treatment_versions
from db.session import reading
from pages.parts.access import require_role
from pages.parts.sheet import show_said
from pages.ward.record_parts.choosing import chosen_patient, died_words
from pages.ward.treatments_parts.opened import draw_opened
from pages.ward.treatments_parts.recording import draw_recording
from pages.ward.treatments_parts.so_far import (
    draw_going_on,
    draw_list,
    draw_steroids,
    draw_tocilizumab,
)


def main() -> None:
    """One run of the page."""
    actor = require_role(Page.TREATMENTS)
    now = utc_now()
    with reading() as session:
        patients = load_patients(session)
    patient = chosen_patient(patients, "Treatments", now)
    if patient is None:
        return
    show_said()
    opened = st.query_params.get("t")
    with reading() as session:
        records = load_treatment_records(session, patient.id)
        versions = load_treatment_versions(session, opened, patient.id) if opened else []
    if opened and not versions:
        st.text("The treatment of this link is not among this patient's treatments.")
    if versions:
        draw_opened(actor, patient, versions, now)
    facts = sorted((record.fact for record in records), key=lambda one: one.started_at)
    draw_going_on(actor, records, now)
    if patient.died_at is not None:
        st.text(died_words(patient, context.settings().zone))
    draw_tocilizumab(patient, facts, now)
    draw_recording(actor, patient, now)
    draw_steroids(facts, now)
    draw_list(patient, records, now)


main()
