"""One day or one bar, opened: the entries of that day, or the patients of that bar, each a link."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import quote

import streamlit as st

from charts.heat_rows import HeatRow, cells_of
from db.queries.charted_entries import Entry, load_entries
from db.queries.committee import CommitteeInfusion, CommitteePatient
from db.session import reading
from grading.scale import Toxicity
from pages.committee.safety_parts.loaded import Loaded
from pages.parts import tiles
from pages.parts.wording import clock_time, counted, date_words, infusion_and_day
from trial.calendar import day_of


class Day(NamedTuple):
    """One patient on one day after one infusion."""

    study_code: str
    number: int
    day: int


class Bar(NamedTuple):
    """One grade ("0" to "5", or "?") of one day after one infusion."""

    number: int
    day: int
    grade: str


def show_day(loaded: Loaded, chosen: Day) -> None:
    """The entries of the day, with both grades and the sentence of the toxicity shown."""
    patient = next((one for one in loaded.patients if one.study_code == chosen.study_code), None)
    infusion = patient.infusion(chosen.number) if patient else None
    with st.container(border=True, key="safety-day"):
        if patient is None or infusion is None:
            st.text("No such patient or infusion. Choose a day in the table.")
            return
        on = infusion.infused_at.astimezone(loaded.zone).date() + timedelta(days=chosen.day)
        words = f"{chosen.study_code}, {infusion_and_day(chosen.number, chosen.day)}, {date_words(on)}"
        st.header(words, anchor=False)
        with reading() as session:
            entries = load_entries(session, infusion.id)
        of_day = [one for one in entries if _day(one, infusion, loaded) == chosen.day]
        st.html(_entries(loaded, patient, of_day))
        _show_skipped(loaded, infusion, chosen.day)
        st.html(
            tiles.link(
                f"Open {patient.study_code}",
                patient_address(patient.study_code, chosen.number),
                classes="vigil-link vigil-link-block",
            )
        )


def show_bar(loaded: Loaded, rows: Sequence[HeatRow], bar: Bar) -> None:
    """The patients of one bar; each name opens the day."""
    cells = [
        cell
        for cell in cells_of(rows, bar.number, bar.day)
        if cell.hatched == (bar.grade == "?") and (cell.hatched or str(cell.at_least) == bar.grade)
    ]
    grade = "not graded yet" if bar.grade == "?" else f"worst grade {bar.grade}"
    with st.container(border=True, key="safety-bar"):
        day = infusion_and_day(bar.number, bar.day)
        st.header(
            f"{loaded.scale.label} {grade}, {day}: {counted(len(cells), 'patient', 'patients')}", anchor=False
        )
        links = [
            tiles.link(
                cell.study_code,
                day_address(loaded.scale, Day(cell.study_code, cell.number, cell.day)),
                classes="vigil-link vigil-link-row",
            )
            for cell in cells
        ]
        st.html(tiles.line(*links))


def day_address(scale: Toxicity, day: Day) -> str:
    """The address of this page with one day opened."""
    code = quote(day.study_code)
    return f"/safety?toxicity={scale.value}&code={code}&infusion={day.number}&day={day.day}"


def patient_address(study_code: str, number: int | None = None) -> str:
    """The address of the patient's page."""
    infusion = "" if number is None else f"&infusion={number}"
    return f"/patient?code={quote(study_code)}{infusion}"


def _day(entry: Entry, infusion: CommitteeInfusion, loaded: Loaded) -> int:
    return day_of(entry.assessed_at, infusion.infused_at, loaded.zone)


def _entries(loaded: Loaded, patient: CommitteePatient, entries: Sequence[Entry]) -> str:
    if not entries:
        return tiles.piece("p", text="No assessment on this day.", classes="vigil-text")
    return tiles.table(
        f"{counted(len(entries), 'entry', 'entries')}; a time opens its entry",
        ("Observed", "CRS", "ICANS", f"Why, {loaded.scale.label}"),
        [_entry(loaded, patient, entry) for entry in entries],
    )


def _entry(loaded: Loaded, patient: CommitteePatient, entry: Entry) -> list[str]:
    address = f"/patient?code={quote(patient.study_code)}&a={entry.stable_id}"
    grades = [
        tiles.grade_tile(grade.grade, grade.at_least, toxicity=scale.label, small=True)
        for scale, grade in entry.grades.items()
    ]
    return [
        tiles.link(clock_time(entry.assessed_at, loaded.zone), address, classes="vigil-link vigil-link-row"),
        *grades,
        tiles.cell(entry.grades[loaded.scale].sentence()),
    ]


def _show_skipped(loaded: Loaded, infusion: CommitteeInfusion, day: int) -> None:
    for skip in infusion.skipped:
        if day_of(skip.due_at, infusion.infused_at, loaded.zone) == day:
            why = f": {skip.explanation}" if skip.explanation else ""
            kind = skip.kind.value.replace("_", " ")
            st.text(f"Not done, {kind} due {clock_time(skip.due_at, loaded.zone)}: {skip.reason}{why}")
