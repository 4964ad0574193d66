"""Laboratory results of one patient: entering a sample, grades with their reasons, trends, scores.

/laboratory?code=CART-007                 everything of this patient
/laboratory?code=CART-007&r=<stable id>   with one result opened
"""

import streamlit as st

from actions import context
from actions.permissions import Page
from clock import utc_now
from db.queries.lab_results import load_lab_versions
from db.queries.office import load_patients
from db.session import reading
from pages.parts.access import require_role
from pages.parts.sheet import show_said
from pages.ward.laboratory_parts.entering import draw_entering
from pages.ward.laboratory_parts.grades import (
    draw_icaht,
    draw_newest,
    draw_scores,
    draw_suspicion,
    draw_trend,
)
from pages.ward.laboratory_parts.loaded import load_laboratory
from pages.ward.laboratory_parts.opened import draw_opened
from pages.ward.record_parts.choosing import chosen_patient, died_words


def main() -> None:
    """One run of the page."""
    actor = require_role(Page.LABORATORY)
    now = utc_now()
    with reading() as session:
        patients = load_patients(session)
    patient = chosen_patient(patients, "Laboratory", now)
    if patient is None:
        return
    show_said()
    opened = st.query_params.get("r")
    protocol, zone = context.protocol(), context.settings().zone
    with reading() as session:
        laboratory = load_laboratory(session, patient, now=now, protocol=protocol, zone=zone)
        versions = load_lab_versions(session, opened, patient.id) if opened else []
    if opened and not versions:
        st.text("The result of this link is not among this patient's results.")
    if versions:
        draw_opened(actor, laboratory, versions)
    if patient.died_at is not None:
        st.text(died_words(patient, zone))
    draw_entering(actor, laboratory)
    if not laboratory.records:
        st.text("No laboratory result is recorded yet.")
        return
    draw_newest(laboratory)
    draw_trend(laboratory)
    draw_icaht(laboratory)
    draw_scores(laboratory)
    draw_suspicion(laboratory)


main()
