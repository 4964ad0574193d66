"""Infusions and stays of one patient: list, add, correct (coordinator)."""

import streamlit as st

from actions import context
from actions.permissions import Page
from clock import utc_now
from db.queries.office import load_patients, load_stays
from db.session import reading
from pages.office.office_parts.infusion_forms import draw_infusions, load_infusions
from pages.office.office_parts.patients import about_words, choose_patient, patient_link
from pages.office.office_parts.stay_forms import draw_stays
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.going_home import load_going_home
from pages.parts.sheet import show_said
from pages.parts.wording import zone_words


def main() -> None:
    """One run of the page. `code` in the address names the patient."""
    actor = require_role(Page.INFUSIONS)
    now = utc_now()
    st.title("Infusions and stays", anchor=False)
    st.html(tiles.soft(f"Times of the hospital {zone_words(now, context.settings().zone)}."))
    show_said()
    with reading() as session:
        patients = load_patients(session)
    if not patients:
        st.text("Nobody is enrolled yet. An enrolment is signed on the page Enrolment, after a screening.")
        return
    patient = choose_patient(patients)
    if patient is None:
        return
    with reading() as session:
        stays = load_stays(session, patient.id)
        infusions = load_infusions(session, patient, stays, now)
        going_home = load_going_home(session, patient, now)
    st.html(tiles.line(patient_link(patient, f"Open the page of {patient.study_code}")))
    st.text(about_words(patient))
    draw_infusions(actor, infusions)
    draw_stays(actor, patient, stays, going_home)


main()
