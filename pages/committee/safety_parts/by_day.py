"""The tab of the days: the worst grade of each patient on each day, and how many were at which grade."""

from collections.abc import Sequence

import streamlit as st

from charts.day_columns import INFUSION_WORDS, DayColumns
from charts.day_shares import DayShare, day_shares
from charts.grade_shares import draw_grade_shares
from charts.heat_map import draw_heat_map
from charts.heat_rows import HeatRow, heat_rows
from db.queries.committee import CommitteePatient
from db.session import reading
from grading.scale import Toxicity
from pages.committee.safety_parts import tables
from pages.committee.safety_parts.links import patient_address
from pages.committee.safety_parts.opened import Day, show_day, show_patients
from pages.committee.safety_parts.picture import Picture, show_picture
from pages.committee.safety_parts.sheets import one_sheet
from pages.committee.safety_parts.view import View, days, part
from pages.parts import tiles


def show(view: View) -> None:
    """Both pictures for each toxicity that is shown; what is touched opens below its picture."""
    with reading() as session:
        patients = days(session, view)
    st.html(tables.key())
    named = _named_day()
    if named:
        show_day(view, patients, named)
    shown, sheet = one_sheet(view, patients)
    columns = DayColumns(view.window, view.filter.infusions)
    for toxicity in view.filter.toxicities:
        _show_heat_map(view, toxicity, shown, sheet, columns)
        _show_shares(view, toxicity, patients, columns)


def _named_day() -> Day | None:
    code, scale, number, day = (st.query_params.get(name, "") for name in ("code", "opened", "number", "day"))
    if code and scale in set(Toxicity) and number in ("1", "2") and day.isascii() and day.isdigit():
        return Day(Toxicity(scale), code, int(number), int(day))
    return None


def _show_heat_map(
    view: View,
    toxicity: Toxicity,
    patients: Sequence[CommitteePatient],
    sheet: int,
    columns: DayColumns,
) -> None:
    def rows() -> tuple[HeatRow, ...]:
        return part(
            view,
            ("heat rows", toxicity, sheet),
            lambda: heat_rows(patients, toxicity, view.protocol, zone=view.zone, cut_off=view.cut_off),
        )

    chosen = show_picture(
        view,
        Picture(
            name=f"heat-{toxicity}-{sheet}",
            title=f"{toxicity.label}: worst grade by day",
            how="The number is the grade. Hatched: due and not assessed. A dot: nothing was due. "
            "Select a day to open its entries, or a study code to open the patient.",
            alt=f"{toxicity.label}: worst grade of each patient by day. The table below holds the same.",
            draw=lambda theme: draw_heat_map(rows(), columns, theme),
            table=lambda: tables.grid_tables(view, toxicity, rows()),
            answers=True,
        ),
    )
    if chosen and chosen[1] is None:
        address = patient_address(str(chosen[0]))
        st.html(tiles.link(f"Open {chosen[0]}", address, classes="vigil-link vigil-link-block"))
    elif chosen:
        show_day(view, patients, Day(toxicity, str(chosen[0]), int(chosen[1]), int(chosen[2])))


def _show_shares(
    view: View, toxicity: Toxicity, patients: Sequence[CommitteePatient], columns: DayColumns
) -> None:
    def shares() -> tuple[DayShare, ...]:
        return part(
            view,
            ("shares", toxicity),
            lambda: day_shares(patients, toxicity, view.window, view.filter.infusions),
        )

    chosen = show_picture(
        view,
        Picture(
            name=f"shares-{toxicity}",
            title=f"{toxicity.label}: share of grades by day",
            how="Of the patients assessed on the day; how many they were stands above each bar. "
            "Select a part to see its patients.",
            alt=f"{toxicity.label}: share of patients at each worst grade by day, as in the table below.",
            draw=lambda theme: draw_grade_shares(shares(), columns, theme),
            table=lambda: tables.share_table(toxicity, shares()),
            answers=True,
        ),
    )
    if chosen:
        number, day, grade = int(chosen[0]), int(chosen[1]), str(chosen[2])
        share = next(one for one in shares() if (one.number, one.day) == (number, day))
        worst = "not graded yet" if grade == "?" else f"worst grade {grade}"
        words = f"{toxicity.label} {worst}, {INFUSION_WORDS[number]}, day {day}"
        show_patients(f"shares-{toxicity}", words, share.codes(grade), number)
