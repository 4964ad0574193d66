"""Response and ctDNA of one patient: both series with every version, and the forms to record and correct."""

import streamlit as st

from actions import context
from actions.permissions import Action, Page, may
from clock import utc_now
from db.queries.office import load_everyone
from db.queries.response import load_ctdna, load_scans
from db.session import reading
from pages.office.office_parts.patients import about_words, choose_patient, infusions_words, patient_link
from pages.office.response_parts.ctdna import draw_ctdna
from pages.office.response_parts.scans import draw_scans
from pages.parts import tiles
from pages.parts.access import page_address, require_role
from pages.parts.sheet import show_said
from pages.parts.wording import zone_words


def main() -> None:
    """One run of the page. `code` in the address names the patient."""
    actor = require_role(Page.RESPONSE)
    now, zone = utc_now(), context.settings().zone
    with reading() as session:
        patients = load_everyone(session)
    st.title("Response and ctDNA", anchor=False)
    st.html(tiles.soft(f"Dates of the hospital {zone_words(now, zone)}."))
    show_said()
    if not patients:
        st.text("Nobody is in screening or enrolled yet. Begin on the page Enrolment.")
        return
    patient = choose_patient(patients)
    if patient is None:
        return
    with reading() as session:
        scans, samples = load_scans(session, patient.id), load_ctdna(session, patient.id)
    gate = f"{page_address(Page.SECOND_INFUSION)}?code={patient.study_code}"
    ways = [patient_link(patient, f"Open the page of {patient.study_code}")]
    ways.append(tiles.link("Open the gate for the second infusion", gate))
    st.html(tiles.line(*ways))
    st.text(f"{about_words(patient)} {infusions_words(patient)}")
    writes = may(actor.role, Action.RECORD_RESPONSE)
    draw_scans(actor, patient, scans, writes=writes)
    draw_ctdna(actor, patient, samples, writes=writes)


main()
