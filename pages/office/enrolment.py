"""Enrolment: the coordinator records facts, an investigator judges and signs; each criterion has its line."""

import streamlit as st

from actions import context
from actions.permissions import Action, Page, may
from clock import utc_now
from db.roles import Actor
from db.session import reading
from pages.office.enrolment_parts.baseline import draw_baseline, draw_start
from pages.office.enrolment_parts.findings import draw_findings
from pages.office.enrolment_parts.history import draw_history
from pages.office.enrolment_parts.lists import counts_words, draw_lists, findings_words, stand_words
from pages.office.enrolment_parts.loaded import (
    Everybody,
    Screened,
    load_everybody,
    load_history,
)
from pages.office.enrolment_parts.signing import draw_enrolment
from pages.office.office_parts.criteria_table import draw_criteria
from pages.office.office_parts.fact_words import missing_words
from pages.office.office_parts.facts_form import draw_facts_form, facts_sheet
from pages.office.office_parts.judgement_form import draw_judgements, questions
from pages.office.office_parts.patients import about_words, choose_patient
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.eligibility_words import since_enrolled
from pages.parts.sheet import show_said
from pages.parts.wording import date_and_time, date_words, zone_words
from trial.screening_facts import Purpose


def main() -> None:
    """One run of the page. `code` in the address names the patient."""
    actor = require_role(Page.ENROLMENT)
    now = utc_now()
    with reading() as session:
        everybody = load_everybody(session, now)
    st.title("Enrolment", anchor=False)
    st.html(tiles.soft(f"Times of the hospital {zone_words(now, context.settings().zone)}."))
    show_said()
    if may(actor.role, Action.RECORD_SCREENING):
        draw_start(actor, everybody.investigators, expanded=not everybody.screened)
    patients = [one.patient for one in everybody.screened]
    patient = choose_patient(patients) if patients else None
    if patient is None:
        draw_lists(everybody, now)
        return
    _draw_one(actor, everybody.find(patient.id), everybody)
    with st.expander(f"Everybody: {counts_words(everybody)}"):
        draw_lists(everybody, now)


def _draw_one(actor: Actor, one: Screened, everybody: Everybody) -> None:
    with reading() as session:
        history = load_history(session, one.record)
    st.header(one.patient.study_code, anchor=False)
    _draw_stand(one)
    _draw_facts(actor, one)
    _draw_lines(one)
    _draw_judgements(actor, one)
    draw_enrolment(actor, one, history)
    draw_history(history.versions)
    _draw_besides(actor, one, everybody)


def _draw_stand(one: Screened) -> None:
    """Who it is, since when, and the result with what is missing."""
    patient, zone = one.patient, context.settings().zone
    since = [
        f"{words} {date_and_time(at, zone)}."
        for words, at in (("In screening since", patient.screened_at), ("Enrolled", patient.enrolled_at))
        if at is not None
    ]
    st.text(f"{about_words(patient)} {' '.join(since)}")
    words = stand_words(one)
    if patient.enrolled_at is not None and one.record and one.eligibility:
        words = since_enrolled(patient.enrolled_at, one.eligibility, one.record.version) or words
    st.html(tiles.piece("div", text=words, classes="vigil-banner"))
    if one.eligibility is not None and one.eligibility.missing:
        st.text(f"Still to be known: {missing_words(one.eligibility.missing)}.")


def _draw_facts(actor: Actor, one: Screened) -> None:
    code = one.patient.study_code
    if not may(actor.role, Action.RECORD_SCREENING):
        return
    st.header(f"Facts of {code}", anchor=False)
    sheet = facts_sheet(one.patient, one.record, Purpose.ENROLMENT)
    label = f"Correct or add facts of {code}" if one.record else f"Record the facts of {code}"
    with st.expander(label, expanded=one.record is None or sheet.is_open):
        draw_facts_form(Page.ENROLMENT, actor, one.patient, one.record)


def _draw_lines(one: Screened) -> None:
    if one.eligibility is None:
        return
    st.header(f"Criteria of {one.patient.study_code}", anchor=False)
    day = "the day of the enrolment" if one.patient.enrolled_at else "today"
    st.html(tiles.soft(f"Judged for {date_words(one.on)}, {day}, under the protocol in force."))
    draw_criteria(one.eligibility.lines)


def _draw_judgements(actor: Actor, one: Screened) -> None:
    code = one.patient.study_code
    st.header(f"Judgements on {code}", anchor=False)
    if not may(actor.role, Action.JUDGE_CRITERION):
        st.html(tiles.soft("An investigator judges what the protocol leaves to judgement."))
    elif one.record is None:
        st.text("There is nothing to judge before the facts are recorded.")
    else:
        draw_judgements(actor, one.patient, one.record, questions(one.record.facts, one.eligibility))


def _draw_besides(actor: Actor, one: Screened, everybody: Everybody) -> None:
    """What is recorded besides the criteria: lasting findings, and who treats the patient."""
    patient = one.patient
    st.header(f"Besides the criteria: {patient.study_code}", anchor=False)
    st.text(f"Lasting findings: {findings_words(patient)}")
    if patient.lasting_findings_note:
        st.text(f"Note: {patient.lasting_findings_note}")
    if may(actor.role, Action.RECORD_LASTING_FINDINGS):
        draw_findings(actor, patient)
    else:
        st.html(tiles.soft("An investigator records lasting findings."))
    if may(actor.role, Action.ENROL_PATIENT):
        draw_baseline(actor, patient, everybody.investigators)


main()
