"""Enrolment: study code and baseline. The coordinator enrols; an investigator records lasting findings."""

from datetime import datetime

import streamlit as st

from actions import context
from actions.errors import Refused, RefusedField
from actions.patients import change_patient, enrol_patient, record_lasting_findings
from actions.permissions import Action, Page, may
from clock import utc_now
from db.inputs import PatientIn, Sex
from db.queries.office import Investigator, PatientRecord, load_investigators, load_patients
from db.roles import Actor
from db.session import reading
from grading.charted import Sign
from pages.office.office_parts.patients import (
    SEX_WORDS,
    about_words,
    choose_patient,
    infusions_words,
    patient_link,
)
from pages.office.office_parts.sheet import Sheet, show_said, unmarked
from pages.parts import tiles
from pages.parts.access import require_role
from pages.parts.wording import date_and_time, listed, sentence_case, zone_words

_NONE = "none"
_BASELINE_HINT = "Leave it open where it is not known."


def main() -> None:
    """One run of the page."""
    actor = require_role(Page.ENROLMENT)
    now = utc_now()
    with reading() as session:
        patients = load_patients(session)
        investigators = load_investigators(session)
    st.title("Enrolment", anchor=False)
    st.html(tiles.soft(f"Times of the hospital {zone_words(now, context.settings().zone)}."))
    show_said()
    if may(actor.role, Action.ENROL_PATIENT):
        _draw_new(actor, investigators, expanded=not patients)
    _draw_list(patients, now)
    if patients:
        _draw_one(actor, patients, investigators)


def _draw_new(actor: Actor, investigators: list[Investigator], *, expanded: bool) -> None:
    sheet = Sheet("enrolment_new")
    with st.expander("Enrol a patient", expanded=expanded or sheet.is_open), sheet.form():
        code = sheet.text(
            "study_code", "Study code", "Letters, digits and dashes, such as CART-007. Never a name."
        )
        typed = _baseline(sheet, investigators, None)

        def enrol(form: Sheet) -> str:
            entry = form.read(PatientIn, {"study_code": code, **typed})
            enrol_patient(entry, by=actor, now=utc_now())
            return f"{entry.study_code} is enrolled. Record the infusion on the page Infusions."

        sheet.submit("Enrol patient", enrol)


def _baseline(
    sheet: Sheet, investigators: list[Investigator], patient: PatientRecord | None
) -> dict[str, object]:
    """Sex, age and treating investigator, as they stand in the boxes."""
    names = {one.user_id: unmarked(one.display_name) for one in investigators}
    stored_sex = Sex(patient.sex) if patient and patient.sex else None
    sex = sheet.choice("sex", "Sex", _BASELINE_HINT, list(Sex), lambda one: SEX_WORDS[one.value], stored_sex)
    stored_age = "" if patient is None or patient.age_years is None else str(patient.age_years)
    age = sheet.text("age_years", "Age in years", "At enrolment, such as 61.", stored_age)
    stored_treating = patient.treating_investigator_id if patient else None
    treating = sheet.choice(
        "treating_investigator_id",
        "Treating investigator",
        "Told of this patient's alerts. An administrator adds investigators.",
        list(names),
        names.__getitem__,
        stored_treating if stored_treating in names else None,
    )
    return {"sex": sex, "age_years": age, "treating_investigator_id": treating}


def _draw_list(patients: list[PatientRecord], now: datetime) -> None:
    planned = context.protocol().patients
    st.header(f"Enrolled ({len(patients)} of {planned} planned)", anchor=False)
    if not patients:
        st.text("Nobody is enrolled yet.")
        return
    rows = [
        [
            patient_link(patient),
            tiles.cell(about_words(patient)),
            tiles.cell(infusions_words(patient)),
            tiles.cell(_findings_words(patient)),
        ]
        for patient in patients
    ]
    heads = ["Study code", "Baseline", "Infusions", "Lasting findings"]
    st.html(tiles.table(f"Enrolled as of {_shown(now)}", heads, rows))


def _draw_one(actor: Actor, patients: list[PatientRecord], investigators: list[Investigator]) -> None:
    changes, judges = (
        may(actor.role, Action.ENROL_PATIENT),
        may(actor.role, Action.RECORD_LASTING_FINDINGS),
    )
    st.header("Change what is recorded" if changes else "Record lasting findings", anchor=False)
    patient = choose_patient(patients)
    if patient is None:
        return
    since = f"Enrolled {_shown(patient.enrolled_at)}. " if patient.enrolled_at else ""
    st.text(f"{since}{about_words(patient)}")
    st.text(f"Lasting findings: {_findings_words(patient)}")
    if patient.lasting_findings_note:
        st.text(f"Note: {patient.lasting_findings_note}")
    if changes:
        _draw_change(actor, patient, investigators)
    if judges:
        _draw_findings(actor, patient)
    else:
        st.html(tiles.soft("An investigator records lasting findings."))


def _draw_change(actor: Actor, patient: PatientRecord, investigators: list[Investigator]) -> None:
    sheet = Sheet(f"enrolment_change_{patient.id}")
    with st.container(border=True), sheet.form():
        st.subheader(f"Baseline of {patient.study_code}", anchor=False)
        typed = _baseline(sheet, investigators, patient)

        def change(form: Sheet) -> str:
            entry = form.read(
                PatientIn,
                {"study_code": patient.study_code, **typed},
                stored={"age_years": patient.age_years},
            )
            change_patient(patient.id, entry, by=actor, now=utc_now())
            return f"{patient.study_code} is changed. What stood before is kept in the audit trail."

        sheet.submit("Save baseline", change)


def _draw_findings(actor: Actor, patient: PatientRecord) -> None:
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


def _findings_words(patient: PatientRecord) -> str:
    if patient.lasting_findings is None:
        return "not recorded"
    phrases = [sign.phrase for sign in Sign if sign in patient.lasting_findings]
    return sentence_case(listed(phrases)) if phrases else "none"


def _shown(at: datetime) -> str:
    return date_and_time(at, context.settings().zone)


main()
