"""From Save to the record: what must be put right, what is asked once more, and one action."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from actions.assessments import record_assessment
from actions.corrections import correct_assessment
from actions.errors import ChangedMeanwhile, Refused
from actions.versions import Saved
from clock import utc_now
from db.inputs import Question
from db.roles import Actor
from db.session import SaveRefused
from grading.charted import DeathDueTo
from pages.parts.wording import column_words, counted, sentence_case
from pages.ward.assess_parts.bar import Ask
from pages.ward.assess_parts.form import Form, close_form
from pages.ward.assess_parts.last import phrase
from pages.ward.assess_parts.live import Live
from pages.ward.board_parts.saved import SavedNote, remember

_LABELS: Final = {
    "spo2_percent": "SpO2",
    "assessed_at": "time",
    "reason": "reason for the correction",
    "vasopressors": "which vasopressors",
    "seizure": "which seizure",
    "edema_or_raised_icp": "which signs of raised pressure",
    "ice_not_done": "why the ICE was not done",
}
_DEATH: Final = "death_due_to"
_NOTHING: Final = (
    "Nothing is recorded yet. Record what was observed, or say below why what is due was not done."
)


def try_to_save(form: Form, live: Live, questions: Sequence[Question], actor: Actor) -> None:
    """Save, or say on the form what keeps it from being saved. Leaves for the board when it is saved."""
    form.save_pressed = False
    form.checked = True
    if live.problems or live.open:
        return
    if live.is_empty:
        form.refusal = _NOTHING
        return
    if unconfirmed(form, questions):
        form.asking = True
        return
    saved = _save(form, live, actor)
    if saved is not None and live.assessed_at is not None:
        remember(_note(form, live, saved))
        close_form()
        st.switch_page("ward/board.py")


def questions_of(live: Live, people: int) -> list[Question]:
    """What Save asks once more: rare values, gaps, and a death."""
    questions = list(live.questions)
    cause = live.typed.get(_DEATH)
    if cause:
        due_to = phrase(DeathDueTo, cause)
        told = f"This is told to {counted(people, 'person', 'people')} at once."
        questions.append(Question(_DEATH, cause, f"Record as death due to {due_to}? {told}"))
    return questions


def unconfirmed(form: Form, questions: Sequence[Question]) -> list[Question]:
    """The questions not yet answered with yes for the value that now stands there."""
    return [one for one in questions if form.confirmed.get(one.field, _NEVER) != one.value]


def confirm(form: Form, questions: Sequence[Question]) -> None:
    """The person said yes to all that was asked; go on saving."""
    form.confirmed |= {question.field: question.value for question in questions}
    form.asking, form.save_pressed = False, True


def ask_of(form: Form, questions: Sequence[Question]) -> Ask | None:
    """What the bar asks now, if Save was pressed and something is unanswered."""
    waiting = unconfirmed(form, questions)
    if not form.asking or not waiting:
        return None
    death = any(question.field == _DEATH for question in waiting)
    return Ask([question.sentence for question in waiting], "Record death" if death else "Yes, save")


def labels_to_put_right(form: Form, live: Live) -> list[str]:
    """The words of everything that keeps the entry from being saved, once Save was tried."""
    if not form.checked:
        return []
    fields = dict.fromkeys(problem.field for problem in [*live.problems, *live.open])
    return [_LABELS.get(field) or sentence_case(column_words(field)) for field in fields]


_NEVER: Final = object()


def _save(form: Form, live: Live, actor: Actor) -> Saved | None:
    now = utc_now()
    try:
        if form.target.correct is None:
            return record_assessment(live.entry(), form.token, by=actor, now=now)
        return correct_assessment(
            form.target.correct,
            form.version,
            live.entry(),
            form.answer("reason"),
            form.token,
            by=actor,
            now=now,
        )
    except ChangedMeanwhile as changed:
        form.refusal, form.theirs, form.yours = changed.sentence, dict(changed.theirs), dict(changed.yours)
    except Refused as refused:
        form.refusal = refused.sentence
    except SaveRefused as refused:
        form.refusal = str(refused)
    return None


def _note(form: Form, live: Live, saved: Saved) -> SavedNote:
    assert live.assessed_at is not None
    return SavedNote(
        code=form.target.code,
        at=live.assessed_at,
        saved_at=utc_now(),
        verb="Corrected" if form.target.correct else "Saved",
        stable_id=saved.stable_id,
        crs=saved.crs,
        icans=saved.icans,
        told=saved.told,
        already_saved_at=saved.already_saved_at,
    )
