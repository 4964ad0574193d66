"""One day or one part of a picture, opened: the entries of that day, the patients of that part, as links."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import streamlit as st

from db.queries.charted_entries import Entry, load_entries
from db.queries.committee import CommitteeInfusion, CommitteePatient
from db.session import reading
from grading.scale import Toxicity
from pages.committee.safety_parts.links import patient_address, patient_links
from pages.committee.safety_parts.view import View
from pages.parts import tiles
from pages.parts.wording import clock_time, counted, date_words, infusion_and_day
from trial.calendar import day_of


class Day(NamedTuple):
    """One patient on one day after one infusion, looked at for one toxicity."""

    toxicity: Toxicity
    study_code: str
    number: int
    day: int


def day_address(view: View, day: Day) -> str:
    """The address of this page with one day opened."""
    return view.address(
        tab="days",
        code=day.study_code,
        opened=day.toxicity.value,
        number=str(day.number),
        day=str(day.day),
    )


def show_day(view: View, patients: Sequence[CommitteePatient], chosen: Day) -> None:
    """The entries of the day, with both grades and the sentence of the toxicity."""
    patient = next((one for one in patients if one.study_code == chosen.study_code), None)
    infusion = patient.infusion(chosen.number) if patient else None
    with st.container(border=True, key=f"safety-day-{chosen.toxicity}"):
        if patient is None or infusion is None:
            st.text("No such patient or infusion in this view. Choose a day in the table.")
            return
        on = infusion.infused_at.astimezone(view.zone).date() + timedelta(days=chosen.day)
        words = f"{chosen.study_code}, {infusion_and_day(chosen.number, chosen.day)}, {date_words(on)}"
        st.header(words, anchor=False)
        with reading() as session:
            entries = load_entries(session, infusion.id)
        of_day = [one for one in entries if _day(one, infusion, view) == chosen.day]
        st.html(_entries(view, patient, of_day, chosen.toxicity))
        _show_skipped(view, infusion, chosen.day)
        address = patient_address(patient.study_code, chosen.number)
        st.html(tiles.link(f"Open {patient.study_code}", address, classes="vigil-link vigil-link-block"))


def show_patients(name: str, words: str, codes: Sequence[str], number: int | None = None) -> None:
    """The patients behind one part of a picture, each a link."""
    with st.container(border=True, key=f"safety-part-{name}"):
        st.header(f"{words}: {counted(len(codes), 'patient', 'patients')}", anchor=False)
        st.html(tiles.line(patient_links(codes, number)))


def _day(entry: Entry, infusion: CommitteeInfusion, view: View) -> int:
    return day_of(entry.assessed_at, infusion.infused_at, view.zone)


def _entries(view: View, patient: CommitteePatient, entries: Sequence[Entry], toxicity: Toxicity) -> str:
    if not entries:
        return tiles.piece("p", text="No assessment on this day.", classes="vigil-text")
    return tiles.table(
        f"{counted(len(entries), 'entry', 'entries')}; a time opens its entry",
        ("Observed", "CRS", "ICANS", f"Why, {toxicity.label}"),
        [_entry(view, patient, entry, toxicity) for entry in entries],
    )


def _entry(view: View, patient: CommitteePatient, entry: Entry, toxicity: Toxicity) -> list[str]:
    address = f"{patient_address(patient.study_code)}&a={entry.stable_id}"
    grades = [
        tiles.grade_tile(grade.grade, grade.at_least, toxicity=scale.label, small=True)
        for scale, grade in entry.grades.items()
    ]
    return [
        tiles.link(clock_time(entry.assessed_at, view.zone), address, classes="vigil-link vigil-link-row"),
        *grades,
        tiles.cell(entry.grades[toxicity].sentence()),
    ]


def _show_skipped(view: View, infusion: CommitteeInfusion, day: int) -> None:
    for skip in infusion.skipped:
        if day_of(skip.due_at, infusion.infused_at, view.zone) == day:
            why = f": {skip.explanation}" if skip.explanation else ""
            kind = skip.kind.value.replace("_", " ")
            st.text(f"Not done, {kind} due {clock_time(skip.due_at, view.zone)}: {skip.reason}{why}")
