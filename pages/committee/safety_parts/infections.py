"""The tab of the infections: the worst of each patient by infusion, and every one of them."""

from collections.abc import Sequence

import streamlit as st

from charts.grade_rows import draw_grade_rows
from db.queries.committee_later import Infection, infection_courses, load_infections
from db.session import reading
from pages.committee.safety_parts.links import patient_link
from pages.committee.safety_parts.overview import show_part
from pages.committee.safety_parts.picture import Picture, show_picture
from pages.committee.safety_parts.rate_tables import grade_row_table
from pages.committee.safety_parts.view import View, part
from pages.parts import tiles
from pages.parts.wording import counted, date_words, infusion_words
from trial.incidence import ExposureRate
from trial.later_toxicity import WINDOW_DAYS, InfectionCourse, infection_rate, infection_row
from trial.safety_worst import GradedRow


def show(view: View) -> None:
    """The picture, how often in patient-days, and the list."""
    with reading() as session:
        found = part(
            view, "infections", lambda: load_infections(session, view.people, view.cut_off, view.zone)
        )
    shown = [one for one in found if one.number in view.filter.infusions]
    courses = part(
        view, "infection courses", lambda: infection_courses(view.people, found, view.cut_off, view.zone)
    )
    _show_worst(view, courses)
    st.html(tiles.Ready(_often(view, courses) + _list(shown)))


def _show_worst(view: View, courses: Sequence[InfectionCourse]) -> None:
    def rows() -> tuple[GradedRow, ...]:
        return tuple(infection_row(courses, number) for number in view.filter.infusions)

    chosen = show_picture(
        view,
        Picture(
            name="infections",
            title="Infections: worst grade by infusion",
            how=f"CTCAE v5.0; 0: none recorded. Complete: day {WINDOW_DAYS} is over. Half as high: the "
            "window is still open. All infections up to the cut-off or the next infusion count.",
            alt="Patients by their worst infection after each infusion, with exact rates, as in the table.",
            draw=lambda theme: draw_grade_rows(rows(), theme),
            table=lambda: grade_row_table("Patients by worst infection", rows()),
            answers=True,
        ),
    )
    if chosen:
        show_part(rows(), str(chosen[0]), str(chosen[1]))


def _often(view: View, courses: Sequence[InfectionCourse]) -> str:
    lines = [
        tiles.piece("p", text=_rate_words(infection_rate(courses, number), number), classes="vigil-text")
        for number in view.filter.infusions
    ]
    return tiles.piece("h2", text="Infections in patient-days", classes="vigil-h2") + "".join(lines)


def _rate_words(rate: ExposureRate, number: int) -> str:
    """ "First infusion: 3 infections in 412 patient-days: 0.73 per 100 (0.15 to 2.13)."."""
    days = f"{rate.patient_days:g} patient-days"
    head = f"After the {infusion_words(number)}: {counted(rate.events, 'infection', 'infections')} in {days}"
    if rate.rate is None or rate.low is None or rate.high is None:
        return f"{head}."
    return f"{head}: {rate.rate:.2f} per 100 ({rate.low:.2f} to {rate.high:.2f})."


def _list(infections: Sequence[Infection]) -> str:
    head = tiles.piece("h2", text=f"Every infection ({len(infections)})", classes="vigil-h2")
    if not infections:
        return head + tiles.piece("p", text="None is recorded.", classes="vigil-text")
    heads = ("Patient", "Onset", "Grade", "What", "Proof and treatment", "Outcome")
    rows = [_row(one) for one in infections]
    return head + tiles.table("After an infusion, earliest first", heads, rows)


def _row(one: Infection) -> list[str]:
    event = one.event
    where = f"{infusion_words(one.number)}, day {one.day}"
    ended = f", until {date_words(event.ended_on)}" if event.ended_on else ""
    site = ", ".join(part for part in (event.site, event.organism) if part)
    proof = ", ".join(
        word.value.replace("_", " ") for word in (event.proof, event.infection_treatment) if word is not None
    )
    neutropenic = {True: "neutropenic", False: "not neutropenic", None: "neutrophils not recorded"}
    return [
        patient_link(one.code, one.number) + tiles.piece("div", text=where, classes="vigil-soft"),
        tiles.cell(f"{date_words(event.onset_on)}{ended}"),
        tiles.grade_tile(event.grade, event.grade, toxicity="Infection", small=True),
        tiles.piece("div", text=event.term) + tiles.piece("div", text=site or "site not recorded"),
        tiles.piece("div", text=proof or "not recorded")
        + tiles.piece("div", text=neutropenic[event.neutropenic]),
        tiles.cell(event.outcome.value.replace("_", " ") if event.outcome else "not recorded"),
    ]
