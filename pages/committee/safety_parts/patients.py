"""The tab of the patients: one lane for each over the whole time, and temperature and ICE by day."""

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from charts.sign_panels import Sign, SignLine, draw_sign_panels
from charts.swimmer import KEY, draw_swimmer
from db.queries.committee_lanes import load_lanes
from db.queries.committee_signs import SignsCourse, load_signs
from db.session import reading
from pages.committee.safety_parts.links import patient_address
from pages.committee.safety_parts.patient_tables import lane_table, sign_table
from pages.committee.safety_parts.picture import Picture, show_picture
from pages.committee.safety_parts.sheets import one_sheet
from pages.committee.safety_parts.view import View, days, part
from pages.parts import tiles
from trial.swimmer import Lane

SHORT_DAYS: Final = 100
"""The time that is shown first: both infusions and the late blood counts fall into it."""

_SHORT: Final = "short"
_WHOLE: Final = "whole"


def show(view: View) -> None:
    """The swimmer, then the small panels of both signs."""
    with reading() as session:
        patients = days(session, view)
        lanes = part(
            view,
            "lanes",
            lambda: load_lanes(session, view.people, patients, view.cut_off, view.zone),
        )
        shown, sheet = one_sheet(view, _with_an_infusion_shown(view, lanes))
        codes = {lane.code for lane in shown}
        of_sheet = [one for one in patients if one.study_code in codes]
        signs = part(view, ("signs", sheet), lambda: load_signs(session, of_sheet, view.window, view.zone))
    _show_swimmer(view, shown, sheet)
    _show_signs(view, signs, sheet)


def _with_an_infusion_shown(view: View, lanes: Sequence[Lane]) -> list[Lane]:
    return [lane for lane in lanes if 1 in view.filter.infusions or lane.second_infusion_day is not None]


def _show_swimmer(view: View, lanes: Sequence[Lane], sheet: int) -> None:
    longest = max((lane.last_day for lane in lanes), default=0)
    last_day = _choose_days(longest) if longest > SHORT_DAYS else max(longest + 2, 30)
    chosen = show_picture(
        view,
        Picture(
            name=f"swimmer-{sheet}-{last_day}",
            title="Every patient over time",
            how=f"Days since the first infusion. {KEY}. Select a study code or a mark to open the patient.",
            alt="One line for each patient with both infusions, grades, drugs, responses and follow-up; the "
            "table below holds the same.",
            draw=lambda theme: draw_swimmer(
                lanes, view.filter.toxicities, view.filter.infusions, last_day, theme
            ),
            table=lambda: lane_table(view, lanes),
            answers=True,
        ),
    )
    if chosen:
        address = patient_address(str(chosen[0]))
        st.html(tiles.link(f"Open {chosen[0]}", address, classes="vigil-link vigil-link-block"))


def _choose_days(longest: int) -> int:
    words = {_SHORT: f"First {SHORT_DAYS} days", _WHOLE: f"All {longest} days"}
    chosen = st.segmented_control(
        "Time shown",
        list(words),
        default=_SHORT,
        required=True,
        format_func=lambda one: words[one],
        key="safety-days",
    )
    return SHORT_DAYS if chosen == _SHORT else longest + 2


def _show_signs(view: View, signs: Sequence[SignsCourse], sheet: int) -> None:
    fever_c = view.protocol.grading.fever_c
    temperature = Sign(
        words="°C",
        low=35,
        high=42,
        limit=fever_c,
        limit_words=f"fever, {fever_c:g} °C",
        ticks=(36, 38, 40),
    )
    ice = Sign(words="of 10", low=0, high=10, limit=7, limit_words="ICE 7", ticks=(0, 5, 10))
    _show_sign(view, "temperature", "Highest temperature of the day", temperature, signs, sheet)
    _show_sign(view, "ice", "Lowest ICE of the day", ice, signs, sheet)


def _show_sign(
    view: View, name: str, title: str, sign: Sign, signs: Sequence[SignsCourse], sheet: int
) -> None:
    shown = [one for one in signs if one.number in view.filter.infusions]
    lines = [SignLine(one.code, one.number, _values(one, name)) for one in shown]
    show_picture(
        view,
        Picture(
            name=f"{name}-{sheet}",
            title=title,
            how=f"Days since the infusion: first infusion as a line, second dotted. Fine dots: "
            f"{sign.limit_words}. A day without a value breaks the line.",
            alt=f"{title}, a small panel for each patient; the table below holds the values.",
            draw=lambda theme: draw_sign_panels(lines, sign, view.window, theme),
            table=lambda: sign_table(view, title, lines, sign.words),
        ),
    )


def _values(course: SignsCourse, name: str) -> Mapping[int, float]:
    return course.temperature_c if name == "temperature" else dict(course.ice_score)
