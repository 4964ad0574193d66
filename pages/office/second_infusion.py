"""The gate for the second infusion of one patient: verdict, rules with their facts, judgements, the bar."""

import streamlit as st

from actions import context
from actions.permissions import Action, Page, may
from clock import utc_now
from db.queries.office import PatientRecord, load_patients
from db.roles import Actor
from db.session import reading
from pages.office.office_parts.patients import about_words, choose_patient, infusions_words, patient_link
from pages.office.second_infusion_parts.bar import draw_bar
from pages.office.second_infusion_parts.exclusions import draw_exclusions
from pages.office.second_infusion_parts.judging import draw_judgements
from pages.office.second_infusion_parts.lines import draw_lines
from pages.office.second_infusion_parts.loaded import LoadedGate, load_gate_page
from pages.office.second_infusion_parts.verdict import draw_verdict
from pages.parts import tiles
from pages.parts.access import page_address, require_role
from pages.parts.sheet import show_said
from pages.parts.wording import zone_words


def main() -> None:
    """One run of the page. `code` in the address names the patient."""
    actor = require_role(Page.SECOND_INFUSION)
    now, zone = utc_now(), context.settings().zone
    with reading() as session:
        patients = load_patients(session)
    st.title("Second infusion", anchor=False)
    st.html(tiles.soft(f"Times of the hospital {zone_words(now, zone)}."))
    show_said()
    if not patients:
        st.text("Nobody is enrolled yet.")
        return
    patient = choose_patient(patients)
    if patient is None:
        return
    with reading() as session:
        loaded = load_gate_page(session, patient, now)
    st.html(tiles.line(*_ways(actor, patient)))
    st.text(f"{about_words(patient)} {infusions_words(patient)}")
    if loaded is None:
        st.text("The gate is asked after the first infusion.")
        return
    _draw(actor, loaded)


def _ways(actor: Actor, patient: PatientRecord) -> list[str]:
    """The pages of this patient that the person may open."""
    ways = [patient_link(patient, f"Open the page of {patient.study_code}")]
    if may(actor.role, Action.RECORD_INFUSION):
        address = f"{page_address(Page.INFUSIONS)}?code={patient.study_code}"
        ways.append(tiles.link("Record an infusion", address))
    return ways


def _draw(actor: Actor, loaded: LoadedGate) -> None:
    draw_verdict(loaded)
    draw_lines(loaded)
    draw_exclusions(actor, loaded)
    draw_judgements(actor, loaded, judges=may(actor.role, Action.JUDGE_GATE))
    draw_bar(actor, loaded, releases=may(actor.role, Action.RELEASE_BAR))


main()
