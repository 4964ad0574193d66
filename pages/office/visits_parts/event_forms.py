"""What happened to one patient: the events, and the forms to record, correct and withdraw one."""

from collections.abc import Sequence

import streamlit as st

from actions.follow_up import correct_follow_up, record_follow_up, void_follow_up
from clock import utc_now
from db.entries import Question
from db.inputs_follow_up import FollowUpIn
from db.queries.follow_up import EventVersion
from db.roles import Actor
from pages.office.visits_parts.loaded import FollowUp
from pages.office.visits_parts.words import ended_words, kind_label
from pages.parts import tiles
from pages.parts.sheet import Sheet, shown_value
from pages.parts.wording import date_words, sentence_case
from trial.follow_up_facts import CAUSE_WORDS, KIND_WORDS, ONCE, DeathCause, FollowUpKind

_DATE_LABELS = {
    FollowUpKind.DEATH: "Date of the death",
    FollowUpKind.LOST: "Date of the last contact",
    FollowUpKind.NEW_THERAPY: "Begun on",
}
_NOTE_HINTS = {FollowUpKind.NEW_THERAPY: "Which therapy, such as: glofitamab. Never a name of a person."}
_WHAT_IT_ENDS = {
    FollowUpKind.DEATH: "Monitoring, visits and open alerts of this patient end with it.",
    FollowUpKind.WITHDRAWAL: "Monitoring and visits of this patient end with it.",
}


def draw_events(actor: Actor, follow_up: FollowUp, *, enters: bool) -> None:
    """What stands, and where the role enters it the forms."""
    code = follow_up.patient.study_code
    st.header(f"Disease and survival of {code}", anchor=False)
    if words := ended_words(follow_up):
        st.text(words)
    if follow_up.death is not None and follow_up.death.followed is None:
        st.text("The death is recorded in an assessment. Record it here too for its cause.")
    if follow_up.events:
        heads = ["What happened", "Date", "Cause", "Note", "Entered"]
        st.html(tiles.table(f"Events of {code}", heads, [_row(one) for one in follow_up.events]))
    else:
        st.text("No progression, relapse, new therapy, withdrawal or loss is recorded.")
    if not enters:
        return
    _draw_new(actor, follow_up)
    for event in follow_up.events:
        _draw_change(actor, follow_up, event)


def event_history(versions: Sequence[EventVersion]) -> str:
    """Every version of what was corrected or withdrawn, as a table; "" where there is none."""
    rows = [_version_row(one) for one in versions if not one.stands or one.version > 1]
    heads = ["What happened", "Version", "Date", "Cause", "Note", "Why changed", "Entered"]
    return tiles.table("Events that were corrected or withdrawn", heads, rows) if rows else ""


def _row(event: EventVersion) -> list[str]:
    words = (kind_label(event.kind), date_words(event.occurred_on), _cause(event), event.note or "")
    return [tiles.cell(one) for one in (*words, _entered(event))]


def _version_row(event: EventVersion) -> list[str]:
    on = "withdrawn" if event.voided else date_words(event.occurred_on)
    words = (kind_label(event.kind), str(event.version), on, _cause(event), event.note or "")
    return [tiles.cell(one) for one in (*words, event.reason or "", _entered(event))]


def _cause(event: EventVersion) -> str:
    return CAUSE_WORDS[event.cause] if event.cause else ""


def _entered(event: EventVersion) -> str:
    return f"{shown_value(event.entered_at)} by {event.entered_by or 'the program'}"


def _draw_new(actor: Actor, follow_up: FollowUp) -> None:
    code = follow_up.patient.study_code
    stands = {event.kind for event in follow_up.events}
    kinds = [kind for kind in FollowUpKind if kind not in ONCE or kind not in stands]
    sheet = Sheet(f"event_new_{follow_up.patient.id}")
    with st.container(border=True):
        st.subheader(f"Record what happened to {code}", anchor=False)
        kind = sheet.choice("kind", "What happened", "Each has its own date.", kinds, kind_label)
        boxes = _boxes(sheet, kind, None) if kind is not None else {}

        def record(form: Sheet) -> str:
            entry = form.read(FollowUpIn, {"patient_id": code, "kind": kind} | boxes)
            form.ask(_once_more(entry))
            record_follow_up(entry, by=actor, now=utc_now())
            return f"{kind_label(entry.kind)} of {code} is recorded."

        label = f"Record {KIND_WORDS[kind]} of {code}" if kind else f"Record what happened to {code}"
        sheet.submit(label, record, in_form=False)


def _once_more(entry: FollowUpIn) -> list[Question]:
    """A death and a withdrawal are asked once more: they end what is due."""
    if entry.kind not in _WHAT_IT_ENDS:
        return []
    on = date_words(entry.occurred_on)
    words = f"{kind_label(entry.kind)} of {entry.patient_id} on {on}. {_WHAT_IT_ENDS[entry.kind]}"
    return [Question("kind", None, f"{words} Is it right?")]


def _boxes(sheet: Sheet, kind: FollowUpKind, event: EventVersion | None) -> dict[str, object]:
    label, stored_on = _DATE_LABELS.get(kind, "Date"), event.occurred_on if event else None
    typed: dict[str, object] = {
        "occurred_on": sheet.day("occurred_on", label, "Such as 2026-03-30.", stored_on)
    }
    if kind is FollowUpKind.DEATH:
        stored = event.cause if event else None
        causes = list(DeathCause)
        cause = sheet.choice("cause", "Cause of death", "Unknown is an answer.", causes, _cause_label, stored)
        typed["cause"] = cause
    hint = _NOTE_HINTS.get(kind, "Such as: new lesion by PET/CT. Never a name.")
    typed["note"] = sheet.words("note", "Note", hint, (event.note or "") if event else "")
    return typed


def _cause_label(cause: DeathCause) -> str:
    return sentence_case(CAUSE_WORDS[cause].removeprefix("an ").removesuffix(" cause"))


def _draw_change(actor: Actor, follow_up: FollowUp, event: EventVersion) -> None:
    named = f"{KIND_WORDS[event.kind]} of {date_words(event.occurred_on)}"
    sheets = [Sheet(f"event_{what}_{event.stable_id}_{event.version}") for what in ("correct", "withdraw")]
    with st.expander(f"Change {named}", expanded=any(sheet.is_open for sheet in sheets)):
        _draw_correction(actor, follow_up, event, named, sheets[0])
        _draw_void(actor, event, named, sheets[1])


def _draw_correction(
    actor: Actor, follow_up: FollowUp, event: EventVersion, named: str, sheet: Sheet
) -> None:
    st.subheader(f"Correct {named}", anchor=False)
    boxes = _boxes(sheet, event.kind, event)
    why = sheet.words("why", "Why is it corrected", "Such as: scan read again.")

    def correct(form: Sheet) -> str:
        place = {"patient_id": follow_up.patient.study_code, "kind": event.kind}
        entry = form.read(FollowUpIn, place | boxes, reason=(why, "Say why it is corrected."))
        correct_follow_up(event.stable_id, event.version, entry, why, by=actor, now=utc_now())
        return f"{sentence_case(named)} is corrected."

    sheet.submit(f"Correct {named}", correct, in_form=False)


def _draw_void(actor: Actor, event: EventVersion, named: str, sheet: Sheet) -> None:
    st.subheader(f"Withdraw the record of {named}", anchor=False)
    why = sheet.words("reason", "Why is it withdrawn", "Such as: wrong patient chosen.")

    def withdraw(_form: Sheet) -> str:
        void_follow_up(event.stable_id, event.version, why, by=actor, now=utc_now())
        return f"{sentence_case(named)} is withdrawn."

    sheet.submit(f"Withdraw the record of {named}", withdraw, in_form=False)
