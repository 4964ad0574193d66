"""Lasting findings: signs from before the infusion that stay, recorded by an investigator."""

import streamlit as st

from actions.errors import Refused, RefusedField
from actions.patients import record_lasting_findings
from clock import utc_now
from db.queries.office import PatientRecord
from db.roles import Actor
from grading.charted import Sign
from pages.parts.sheet import Sheet

_NONE = "none"


def draw_findings(actor: Actor, patient: PatientRecord) -> None:
    """The form of the lasting findings."""
    sheet = Sheet(f"enrolment_findings_{patient.id}")
    with st.container(border=True), sheet.form():
        st.subheader(f"Lasting findings of {patient.study_code}", anchor=False)
        chosen = sheet.choices(
            "lasting_findings",
            "Signs from before the infusion that stay",
            "The assess page offers them as having another cause and never fills them in.",
            [_NONE, *(sign.value for sign in Sign)],
            _finding_label,
            _stored_choice(patient),
        )
        note = sheet.words(
            "lasting_findings_note", "Note", "What and since when, such as: stroke in 2019. Never a name."
        )

        def record(_form: Sheet) -> str:
            record_lasting_findings(patient.id, _findings(chosen), note, by=actor, now=utc_now())
            return f"Lasting findings of {patient.study_code} are recorded."

        sheet.submit("Save lasting findings", record)


def _findings(chosen: list[str]) -> list[Sign] | None:
    """The signs chosen; empty for "none of these", None where nothing was touched."""
    if _NONE in chosen and len(chosen) > 1:
        sentence = "None of these cannot stand beside a sign. Take one of them back."
        raise Refused([RefusedField("lasting_findings", chosen, sentence)])
    return [Sign(word) for word in chosen if word != _NONE] if chosen else None


def _stored_choice(patient: PatientRecord) -> list[str]:
    if patient.lasting_findings is None:
        return []
    return [sign.value for sign in Sign if sign in patient.lasting_findings] or [_NONE]


def _finding_label(word: str) -> str:
    labels = {sign.value: sign.label for sign in Sign}
    return labels.get(word, "None of these")
