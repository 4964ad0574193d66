"""The exclusion criteria asked again before the second infusion: the facts, and what is left to judgement."""

import streamlit as st

from actions.permissions import Action, Page, may
from db.roles import Actor
from pages.office.office_parts.facts_form import draw_facts_form, facts_sheet
from pages.office.office_parts.judgement_form import draw_judgements
from pages.office.second_infusion_parts.loaded import LoadedGate
from pages.parts import tiles
from trial.screening_facts import Purpose
from trial.screening_judgements import JUDGED_CRITERIA

_PURPOSE = Purpose.SECOND_INFUSION


def draw_exclusions(actor: Actor, loaded: LoadedGate) -> None:
    """The forms, while there is a second infusion to decide on."""
    if not loaded.is_asked:
        return
    if may(actor.role, Action.RECORD_SCREENING):
        _draw_facts(actor, loaded)
    if may(actor.role, Action.JUDGE_CRITERION):
        if loaded.screening is None:
            st.html(tiles.soft("Record the facts first; then judge what is left to judgement."))
        else:
            draw_judgements(actor, loaded.patient, loaded.screening, JUDGED_CRITERIA, _PURPOSE)
    elif loaded.screening is not None:
        st.html(tiles.soft("An investigator judges what the protocol leaves to judgement."))


def _draw_facts(actor: Actor, loaded: LoadedGate) -> None:
    sheet = facts_sheet(loaded.patient, loaded.screening, _PURPOSE)
    with st.expander(
        f"Ask the exclusion criteria of {loaded.patient.study_code} again", expanded=sheet.is_open
    ):
        draw_facts_form(Page.SECOND_INFUSION, actor, loaded.patient, loaded.screening, _PURPOSE)
