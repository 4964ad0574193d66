"""One patient after one infusion: the picture, every entry with its versions, what was due, reminders."""

from functools import partial
from typing import Final
from urllib.parse import quote

import streamlit as st

from actions import context
from actions.permissions import Page, may_see
from clock import utc_now
from db.queries.charted_entries import load_versions
from db.queries.patient import PatientName, PatientRecord, list_patients
from db.roles import Actor
from db.session import reading
from pages.parts import tiles
from pages.parts.access import is_fragment_run, page_address, require_role
from pages.parts.sheet import show_said
from pages.parts.wording import counted, when
from pages.ward.patient_parts.about import show_before_going_home, show_reminders, show_stays
from pages.ward.patient_parts.asked import show_asked
from pages.ward.patient_parts.course import show_course, show_labs
from pages.ward.patient_parts.due import due_grid
from pages.ward.patient_parts.entries import show_entries
from pages.ward.patient_parts.entry import show_entry
from pages.ward.patient_parts.grid import show_grid
from pages.ward.patient_parts.head import show_head, show_screening
from pages.ward.patient_parts.loaded import Loaded, load
from pages.ward.patient_parts.picture import show_picture

_PICTURES: Final = {"signs": "Bedside signs", "course": "Whole course", "labs": "Laboratory"}
"""The name of each picture in the address, and its words."""


def main() -> None:
    """One run of the page.

    The address names `code`, perhaps `infusion`, `picture`, and `a`: an entry's stable id.
    """
    actor = require_role(Page.PATIENT)
    code, opened = st.query_params.get("code", ""), st.query_params.get("a")
    now = utc_now()
    with reading() as session:
        patient, loaded = load(
            session,
            code,
            _number(st.query_params.get("infusion")),
            opened,
            now=now,
            protocol=context.protocol(),
            zone=context.settings().zone,
        )
        everyone = [] if patient else list_patients(session)
    if patient is None:
        _choose(code, everyone)
    elif loaded is None:
        _not_infused(patient, actor)
    else:
        _show(loaded, actor)


def _show(loaded: Loaded, actor: Actor) -> None:
    versions = loaded.facts.versions
    show_head(loaded, actor)
    show_said()
    if st.query_params.get("a") and not versions:
        st.text("The entry of this link is not among this patient's entries. It may have been moved.")
    if versions:
        show_entry(loaded, versions, actor)
    _pictures(loaded, actor)
    show_asked(loaded)
    show_entries(loaded)
    show_grid(loaded)
    show_before_going_home(loaded)
    show_reminders(loaded)
    show_stays(loaded.patient, loaded)


def _pictures(loaded: Loaded, actor: Actor) -> None:
    """The bedside signs of this infusion; the other two are read only when they are opened."""
    asked, key = st.query_params.get("picture", ""), f"patient-pictures-{loaded.patient.id}"
    bedside, course, labs = st.tabs(
        list(_PICTURES.values()),
        default=_PICTURES.get(asked, _PICTURES["signs"]),
        on_change=partial(_to_address, key),
        key=key,
    )
    if course.open:
        with course:
            show_course(loaded, actor)
    elif labs.open:
        with labs:
            show_labs(loaded, actor)
    else:
        with bedside:
            if loaded.entries:
                _axis(loaded, actor)
            else:
                _no_entry_yet(loaded)


def _to_address(key: str) -> None:
    """A link to the page opens the picture that is shown."""
    words = st.session_state[key]
    st.query_params["picture"] = next(name for name, title in _PICTURES.items() if title == words)


@st.fragment
def _axis(loaded: Loaded, actor: Actor) -> None:
    """The picture, and below it the entry whose point was touched; a touch draws only this part again."""
    actor = require_role(Page.PATIENT) if is_fragment_run() else actor
    stable_id = show_picture(loaded)
    if stable_id is None:
        st.html(tiles.soft("Select a point to open its entry. A ring is a corrected entry."))
        return
    opened = loaded.facts.versions
    if opened and opened[-1].stable_id == stable_id:
        st.html(tiles.soft("The entry of this point stands open above the picture."))
        return
    with reading() as session:
        versions = load_versions(session, stable_id)
    if versions:
        show_entry(loaded, versions, actor, frame="patient-point")


def _no_entry_yet(loaded: Loaded) -> None:
    waiting = [one.slot.due_at for one in due_grid(loaded) if one.skipped_because is None]
    first = f" First one due {when(waiting[0], loaded.now, loaded.zone)}." if waiting else ""
    st.text(f"No assessment yet.{first}")


def _not_infused(patient: PatientRecord, actor: Actor) -> None:
    st.title(patient.study_code, anchor=False)
    show_screening(patient)
    if patient.enrolled_at is not None:
        st.text("Not infused yet. The picture begins with the first infusion.")
        return
    st.text("In screening, not enrolled. The picture begins with the first infusion.")
    if may_see(actor.role, Page.ENROLMENT):
        address = f"{page_address(Page.ENROLMENT)}?code={quote(patient.study_code)}"
        st.html(tiles.link(f"Open the screening of {patient.study_code}", address))


def _choose(code: str, everyone: list[PatientName]) -> None:
    """No such patient, or none named: choose one."""
    st.title("Patient", anchor=False)
    if code:
        st.text(f"There is no patient with the study code {code}. Choose one of these.")
    if not everyone:
        st.text("No patient is enrolled yet.")
        return
    st.html(
        tiles.table(
            counted(len(everyone), "patient", "patients"),
            ("Study code", "Infusions"),
            [[_patient_link(one.study_code), tiles.cell(str(one.infusions))] for one in everyone],
        )
    )


def _patient_link(code: str) -> str:
    return tiles.link(code, f"/patient?code={quote(code)}", classes="vigil-link vigil-link-row")


def _number(text: str | None) -> int | None:
    return int(text) if text in ("1", "2") else None


main()
