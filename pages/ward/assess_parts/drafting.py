"""A draft found on opening the form: offered, never loaded by itself, and only read after two hours."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from functools import partial
from typing import Any

import streamlit as st

from actions import drafts
from actions.errors import Refused
from db.queries.drafts import StoredDraft, drafts_of
from db.session import SaveRefused, reading
from grading.charted import COLUMN_WORDS
from pages.parts import tiles
from pages.parts.wording import sentence_case, when
from pages.ward.assess_parts.answers import columns_of
from pages.ward.assess_parts.form import CORRECTS, Form, begin_form, draft_answers


def draft_to_offer(form: Form, found: Sequence[StoredDraft]) -> StoredDraft | None:
    """The person's newest draft for this form that the form itself did not write."""
    if form.touched:
        return None
    for draft in found:
        if draft.form_token != form.token and draft_answers(draft).get(CORRECTS) == form.target.correct:
            return draft
    return None


def offer_draft(form: Form, draft: StoredDraft, now: datetime, zone: tzinfo) -> None:
    """Ask whether to go on with the draft; the form comes after the answer."""
    began = when(draft.started_at, now, zone)
    may_go_on = drafts.may_continue(draft, now)
    with st.container(border=True, key="assess-draft"):
        st.html(tiles.piece("h2", text=f"Unsaved entry from {began} by you", classes="vigil-h2"))
        if not may_go_on:
            st.text("It is more than 2 hours old and can only be read. Nothing of it was saved.")
        st.html(_content(draft_answers(draft)))
        with st.container(horizontal=True, gap="small"):
            if may_go_on:
                st.button(
                    "Go on", type="primary", key="assess-draft-go-on", on_click=partial(form.take_up, draft)
                )
            st.button("Discard", key="assess-draft-discard", on_click=partial(_discard, form, draft, now))
        if form.draft_problem:
            st.html(tiles.problem(form.draft_problem))


def drop_own_draft(form: Form) -> None:
    """Delete what this form kept: the person begins again."""
    with reading() as session:
        found = drafts_of(session, user_id=form.actor.user_id or 0, infusion_id=form.target.infusion_id)
    for draft in found:
        if draft.form_token == form.token:
            drafts.discard_draft(draft_id=draft.id, by=form.actor)


def _discard(form: Form, draft: StoredDraft, now: datetime) -> None:
    try:
        drafts.discard_draft(draft_id=draft.id, by=form.actor)
    except (Refused, SaveRefused) as error:
        form.draft_problem = str(error)
    else:
        begin_form(form.target, form.actor, form.slot_at, now).redraw = True


def _content(answers: Mapping[str, Any]) -> str:
    columns = columns_of(answers)
    rows = [
        [tiles.cell(sentence_case(COLUMN_WORDS[name])), tiles.cell(_shown(columns[name]))]
        for name in COLUMN_WORDS
        if name in columns
    ]
    return tiles.table("What was entered", ["Question", "Answer"], rows) if rows else ""


def _shown(value: Any) -> str:  # noqa: ANN401 - any column
    text = f"{value:.15g}" if isinstance(value, float) else str(value)
    return text.replace(";", ", ").replace("_", " ")
