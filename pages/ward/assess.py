"""The assess page: one bedside assessment, graded as it is typed, kept as a draft, saved as one action.

/assess?code=CART-007                       a new assessment
/assess?code=CART-007&correct=<stable id>   the correction of one that stands
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import NoReturn

import streamlit as st

from actions import context
from actions.permissions import Action, Page, may
from clock import utc_now
from db.inputs import Question
from db.queries.assess import (
    AssessFacts,
    EntryToCorrect,
    count_recipients,
    is_enrolled,
    load_assess,
    load_entry,
    load_places,
)
from db.queries.board import load_board
from db.queries.drafts import StoredDraft, drafts_of
from db.roles import Actor
from db.session import SaveRefused, reading
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.wording import ago, infusion_and_day, sentence_case, when
from pages.ward.assess_parts import blocks
from pages.ward.assess_parts.bar import grade_bar
from pages.ward.assess_parts.correcting import (
    LEAVE,
    correct_head,
    fill_from,
    move_or_withdraw,
    show_both_sides,
)
from pages.ward.assess_parts.drafting import draft_to_offer, drop_own_draft, offer_draft
from pages.ward.assess_parts.fields import Sheet
from pages.ward.assess_parts.form import Form, Target, begin_form, open_form
from pages.ward.assess_parts.live import Live, judge_form, treated_words
from pages.ward.assess_parts.saving import (
    ask_of,
    confirm,
    labels_to_put_right,
    questions_of,
    try_to_save,
    unconfirmed,
)
from pages.ward.assess_parts.skipping import skip_part
from pages.ward.board_parts.saved import forget
from trial.calendar import SlotKind, day_of
from trial.due import DueCourse, DueNow, due_now, skips_that_count


def main() -> None:
    """One run of the page."""
    require_role(Page.ASSESS)
    forget()
    code, correct = st.query_params.get("code"), st.query_params.get("correct")
    if code is None:
        choose_patient()
    else:
        show_form(code, correct)


def choose_patient() -> None:
    """No patient was named: everyone in monitoring, one touch each."""
    now, zone = utc_now(), context.settings().zone
    with reading() as session:
        patients = load_board(session, now, context.protocol(), zone=zone)
    st.title("Assess", anchor=False)
    if not patients:
        st.text("Nobody is in monitoring. A patient appears here from the day of infusion.")
        return
    st.text("Choose the patient.")
    with st.container(horizontal=True, gap="small"):
        for patient in sorted(patients, key=lambda one: one.code):
            words = infusion_and_day(patient.number, day_of(now, patient.infused_at, zone))
            if st.button(f"{patient.code}, {words}", key=f"assess-choose-{patient.patient_id}"):
                st.query_params["code"] = patient.code
                st.rerun()


@st.fragment
def show_form(code: str, correct: str | None) -> None:
    """The whole form: read, judge, save if Save was pressed, draw. A touch runs this and nothing else."""
    actor = require_role(Page.ASSESS)
    if st.session_state.pop(LEAVE, False):
        st.switch_page("ward/board.py")
    now, zone = utc_now(), context.settings().zone
    facts, entry, found, people = _load(code, correct, actor, now)
    target = Target(facts.code, facts.patient_id, facts.infusion_id, facts.number, correct)
    due = _due(facts, now)
    slot_at = due.coming[0].due_at if due.coming else now.replace(minute=0, second=0, microsecond=0)
    form = open_form(target, actor, slot_at, now)
    if form.redraw:
        form.redraw = False
        st.rerun()
    draft = draft_to_offer(form, found)
    if draft is not None:
        _head(form, facts, now)
        offer_draft(form, draft, now, zone)
        return
    if entry is not None:
        fill_from(form, entry, now, zone)
    live = judge_form(form, facts, now, context.protocol(), zone)
    questions = questions_of(live, people)
    if form.save_pressed:
        try_to_save(form, live, questions, actor)
    sheet = Sheet(
        form=form,
        last=facts.last,
        now=now,
        zone=zone,
        baseline_ice=facts.baseline_ice,
        problems=live.at_boxes(checked=form.checked),
        offers=live.offers(),
        may_judge=may(actor.role, Action.JUDGE_CRS),
        lasting_findings=facts.lasting_findings,
        lasting_note=facts.lasting_note,
        treated=treated_words(facts, live.graded.charted.assessed_at, context.protocol()),
    )
    _head(form, facts, now)
    if entry is not None:
        show_both_sides(form, partial(_start_again, form))
        correct_head(sheet, entry)
    _body(sheet)
    if entry is None:
        skip_part(sheet, (*due.overdue, *due.coming), actor, facts.code, facts.number)
    else:
        with reading() as session:
            places = load_places(session)
        move_or_withdraw(form, entry, places, actor, zone)
    _bar(form, live, questions)


def _start_again(form: Form) -> None:
    try:
        drop_own_draft(form)
    except SaveRefused as refused:
        form.refusal = str(refused)
    else:
        begin_form(form.target, form.actor, form.slot_at, utc_now()).redraw = True


def _load(
    code: str, correct: str | None, actor: Actor, now: datetime
) -> tuple[AssessFacts, EntryToCorrect | None, list[StoredDraft], int]:
    """What the form needs, or the page ends with the sentence that says why there is no form."""
    with reading() as session:
        entry = load_entry(session, correct) if correct else None
        number = entry.infusion_number if entry else None
        facts = load_assess(session, code, now, number=number, besides=correct)
        found = (
            drafts_of(session, user_id=actor.user_id, infusion_id=facts.infusion_id)
            if facts is not None and actor.user_id is not None
            else []
        )
        enrolled = facts is not None or is_enrolled(session, code)
        people = count_recipients(session, now)
    if not enrolled:
        _no_form(f"No patient {code} is enrolled. Choose the patient on the board.")
    if facts is None:
        _no_form(f"{code} has not been infused yet. Assessments begin with the infusion.")
    if correct and (entry is None or entry.code != code):
        _no_form("This entry is not known. Open the patient's page and choose it there.")
    if entry is not None and entry.is_voided:
        _no_form("This entry was withdrawn. Nothing of it can be corrected.")
    if entry is None and facts.died_at is not None:
        died = when(facts.died_at, now, context.settings().zone)
        _no_form(f"The death of {code} is recorded at {died}; nothing comes after it.")
    return facts, entry, found, people


def _no_form(sentence: str) -> NoReturn:
    st.title("Assess", anchor=False)
    st.text(sentence)
    st.html(tiles.link("To the board", "/"))
    st.stop()


def _due(facts: AssessFacts, now: datetime) -> DueNow:
    """What is overdue and due next, from the whole course."""
    grades = tuple(entered.grades for entered in facts.course)
    last = {
        kind: entered.at for entered in facts.course for kind in SlotKind if entered.recorded.holds(kind, now)
    }
    skipped = skips_that_count(facts.skipped, now)
    course = DueCourse(facts.infused_at, facts.stays, grades, skipped)
    return due_now(course, last, now, context.protocol(), zone=context.settings().zone)


def _head(form: Form, facts: AssessFacts, now: datetime) -> None:
    zone = context.settings().zone
    words = f"{sentence_case(infusion_and_day(facts.number, day_of(now, facts.infused_at, zone)))}."
    if facts.course:
        at = facts.course[-1].at
        words += f" Last assessment {when(at, now, zone)} ({ago(at, now)})."
    title = f"{'Correct an entry of' if form.target.correct else 'Assess'} {facts.code}"
    line = tiles.piece(
        "span", tiles.piece("span", text=f"{words} "), _draft_words(form), classes="vigil-soft"
    )
    st.html(tiles.piece("div", tiles.piece("h1", text=title), line, classes="vigil-page-head"))
    if facts.withdrawn_at is not None:
        left = when(facts.withdrawn_at, now, zone)
        words = f"{facts.code} left the trial at {left}. Nothing is due; what is charted is kept for safety."
        st.html(tiles.outlined_band(words))


def _draft_words(form: Form) -> str:
    """When the draft was kept; its room is there from the start, so that nothing moves."""
    if form.draft_problem:
        return tiles.piece("span", text=f"Draft not kept: {form.draft_problem}")
    if form.draft_saved_at is None:
        return tiles.piece("span", text="Draft saved 00:00:00.", classes="vigil-reserved", aria_hidden="true")
    local = form.draft_saved_at.astimezone(context.settings().zone)
    return tiles.piece("span", text=f"Draft saved {local:%H:%M:%S}.")


def _body(sheet: Sheet) -> None:
    with st.container(border=True, key="assess-signs"):
        blocks.observed(sheet)
        blocks.vital_signs(sheet)
    with st.container(border=True, key="assess-support"):
        blocks.support(sheet)
        blocks.oxygen(sheet)
        blocks.given(sheet)
    with st.container(border=True, key="assess-neurology"):
        blocks.ice(sheet)
        blocks.consciousness(sheet)
        blocks.neurology(sheet)
    with st.expander("Another cause, judgement, comment", expanded=blocks.is_judged(sheet)):
        blocks.judgement(sheet)


def _bar(form: Form, live: Live, questions: Sequence[Question]) -> None:
    def press_save() -> None:
        form.save_pressed = True

    grade_bar(
        form,
        live.graded,
        save_words="Save correction" if form.target.correct else "Save assessment",
        to_put_right=labels_to_put_right(form, live),
        ask=ask_of(form, questions),
        answer_yes=partial(confirm, form, unconfirmed(form, questions)),
        press_save=press_save,
    )


main()
