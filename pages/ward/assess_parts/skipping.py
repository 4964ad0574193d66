""" "Not done, because": the reason why something due was not done."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import streamlit as st

from actions.errors import Refused
from actions.skips import skip_assessment
from clock import utc_now
from db.inputs import SkipIn, SkipReason
from db.roles import Actor
from db.session import SaveRefused
from pages.parts import tiles
from pages.parts.wording import span, when
from pages.ward.assess_parts.fields import Sheet
from trial.calendar import Slot, SlotKind
from trial.refusals import ASKED_AGAIN_AFTER, asked_again_at

_REASONS: Final = {
    SkipReason.ASLEEP.value: "Asleep",
    SkipReason.PROCEDURE.value: "At a procedure",
    SkipReason.REFUSED.value: "Refused",
    SkipReason.OTHER.value: "Other",
}
_KINDS: Final = {SlotKind.VITAL_SIGNS: "Vital signs", SlotKind.ICE: "ICE"}


def skip_part(sheet: Sheet, slots: Sequence[Slot], actor: Actor, code: str, number: int) -> None:
    """Offer to say why what is due was not done."""
    if not slots:
        return
    form = sheet.form
    with st.expander("Something due was not done"):
        names = {
            _name(slot): f"{_KINDS[slot.kind]} {when(slot.due_at, sheet.now, sheet.zone)}" for slot in slots
        }
        chosen = st.pills(
            "What was not done?",
            list(names),
            selection_mode="multi",
            format_func=lambda name: names.get(name, ""),
            key=f"assess-skip-what-{form.token}",
            wrap=True,
        )
        reason = st.pills(
            "Not done, because",
            list(_REASONS),
            format_func=lambda word: _REASONS[word],
            key=f"assess-skip-why-{form.token}",
            wrap=True,
        )
        explanation = _explanation(form.token, reason)
        st.button(
            "Record as not done",
            key=f"assess-skip-save-{form.token}",
            on_click=partial(
                _record, sheet, slots, actor, code, number, list(chosen or []), reason, explanation
            ),
        )
        problem = st.session_state.get(_said(form.token))
        if problem:
            st.html(problem)


def _explanation(token: str, reason: str | None) -> str:
    """The words that "other" needs, and that make a refusal stand."""
    key = f"assess-skip-words-{token}"
    if reason == SkipReason.OTHER.value:
        return st.text_input("In a few words, why?", key=key)
    if reason != SkipReason.REFUSED.value:
        return ""
    st.html(tiles.soft(f"Without a few words, it is due again in {span(ASKED_AGAIN_AFTER)}."))
    return st.text_input("In a few words, why was it refused?", key=f"{key}-refused")


def _record(
    sheet: Sheet,
    slots: Sequence[Slot],
    actor: Actor,
    code: str,
    number: int,
    chosen: Sequence[str],
    reason: str | None,
    explanation: str | None,
) -> None:
    now, said = utc_now(), _said(sheet.form.token)
    due = [slot for slot in slots if _name(slot) in chosen]
    if not due:
        st.session_state[said] = tiles.problem("Choose what was not done.")
        return
    try:
        for slot in due:
            skip_assessment(_entry(slot, code, number, reason, explanation), by=actor, now=now)
    except (Refused, SaveRefused) as error:
        st.session_state[said] = tiles.problem(str(error))
        return
    words = ", ".join(f"{_KINDS[slot.kind]} {when(slot.due_at, now, sheet.zone)}" for slot in due)
    again_at = asked_again_at(reason, (explanation or "").strip(), now)
    again = "" if again_at is None else f" Asked again from {when(again_at, now, sheet.zone)}."
    st.session_state[said] = tiles.piece("p", text=f"Recorded as not done: {words}.{again}", role="status")


def _entry(slot: Slot, code: str, number: int, reason: str | None, explanation: str | None) -> SkipIn:
    entry, problems = SkipIn.check(
        {
            "patient_id": code,
            "infusion_number": number,
            "kind": slot.kind.value,
            "due_at": slot.due_at,
            "reason": reason,
            "explanation": explanation,
        }
    )
    if entry is None:
        raise Refused(problems)
    return entry


def _name(slot: Slot) -> str:
    return f"{slot.kind.value} {slot.due_at.isoformat()}"


def _said(token: str) -> str:
    return f"assess-skip-said-{token}"
