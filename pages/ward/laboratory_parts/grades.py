"""Grades and scores: CTCAE of the newest results with reasons, trends, ICAHT by infusion, bedside scores."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import streamlit as st

from grading.icaht import EARLY_DAYS, LATE_DAYS, Icaht
from grading.scale import Grade
from grading.scores import Score
from grading.units import Analyte
from pages.parts import tiles
from pages.parts.wording import date_and_time, date_words, infusion_words, sentence_case, when
from pages.ward.laboratory_parts.loaded import ORDER, Laboratory
from pages.ward.laboratory_parts.words import (
    icaht_tile,
    limits_words,
    missing_words,
    name_of,
    result_link,
    taken_words,
    tile_of,
    value_words,
)
from trial.blood_counts import IcahtGrades
from trial.calendar import day_of
from trial.laboratory import GradedRow, LabRow
from trial.laboratory_scores import ScoreDay

_SAMPLES: Final = 6
_DAYS: Final = 10
SHOW_NEWEST: Final = "Newest samples"
SHOW_ALL: Final = "All samples"


def draw_newest(laboratory: Laboratory) -> None:
    """The newest result of each analyte: grade, why, and what would settle it; the baseline beside it."""
    st.header("Newest results and CTCAE v5.0", anchor=False)
    st.html(tiles.soft(_baseline_words(laboratory)))
    rows = [_newest_row(laboratory, analyte) for analyte in laboratory.newest]
    heads = ["Analyte", "Newest", "Grade", "Why", "Before treatment"]
    st.html(tiles.table("Newest result of each analyte; a value opens its entry", heads, rows, numbers=True))


def _baseline_words(laboratory: Laboratory) -> str:
    if laboratory.before is None:
        return "Not infused yet: no value counts as before treatment."
    at = date_and_time(laboratory.before, laboratory.zone)
    return (
        "Before treatment is the last result before the first lymphodepletion, else before the first "
        f"infusion: before {at}."
    )


def _newest_row(laboratory: Laboratory, analyte: Analyte) -> list[str]:
    row = laboratory.newest[analyte]
    graded = laboratory.graded[row.stable_id]
    baseline = laboratory.baselines.get(analyte)
    return [
        tiles.cell(name_of(analyte)),
        result_link(laboratory, row, value_words(row)) + _soft(taken_words(laboratory, row)),
        tile_of(graded),
        why(graded),
        "not recorded"
        if baseline is None
        else tiles.piece("span", text=value_words(baseline), classes="vigil-nowrap")
        + _soft(taken_words(laboratory, baseline)),
    ]


def _soft(words: str) -> str:
    return tiles.piece("span", text=f" {words}", classes="vigil-soft vigil-nowrap")


def why(graded: GradedRow) -> str:
    """The reasons of a grade, its notes, and what would settle it."""
    grade = graded.grade
    if grade is None:
        return tiles.cell("not graded by CTCAE here")
    lines = [f"{sentence_case(', '.join(grade.reasons))}.", *grade.notes]
    if grade.missing:
        lines.append(f"To settle it: {missing_words(grade.missing)}.")
    return "".join(tiles.piece("div", text=line) for line in lines)


def draw_trend(laboratory: Laboratory) -> None:
    """Each analyte over the samples, newest first, each value with the tile of its grade."""
    st.header("Trend", anchor=False)
    shown = laboratory.samples
    if len(shown) > _SAMPLES:
        ways = [SHOW_NEWEST, SHOW_ALL]
        chosen = st.segmented_control("Samples", ways, default=SHOW_NEWEST, required=True, key="lab-samples")
        shown = shown[:_SAMPLES] if chosen == SHOW_NEWEST else shown
    by_place = {(row.analyte, row.taken_at): row for row in laboratory.rows}
    analytes = [analyte for analyte in ORDER if analyte in laboratory.newest]
    one_unit = {analyte: _one_unit(laboratory, analyte) for analyte in analytes}
    heads = ["Analyte", *(_day_and_time(laboratory, at) for at in shown)]
    rows = [[tiles.cell("Day"), *(tiles.cell(_day_words(laboratory, at)) for at in shown)]]
    rows += [
        [
            tiles.cell(name_of(analyte)) + _soft(one_unit[analyte] or ""),
            *(
                _cell(laboratory, by_place.get((analyte, at)), with_unit=one_unit[analyte] is None)
                for at in shown
            ),
        ]
        for analyte in analytes
    ]
    caption = f"Results of {len(shown)} of {len(laboratory.samples)} samples, newest first; with CTCAE grades"
    st.html(tiles.table(caption, heads, rows, numbers=True))


def _one_unit(laboratory: Laboratory, analyte: Analyte) -> str | None:
    """The unit that all results of an analyte share, or None."""
    units = {row.unit for row in laboratory.rows if row.analyte is analyte}
    return units.pop() if len(units) == 1 else None


def _day_and_time(laboratory: Laboratory, at: datetime) -> str:
    """ "8 Mar 06:15", with the year only where it is not this one."""
    local, today = at.astimezone(laboratory.zone), laboratory.now.astimezone(laboratory.zone)
    words = date_words(local.date())
    return f"{words.removesuffix(f' {today.year}')} {local:%H:%M}"


def _day_words(laboratory: Laboratory, at: datetime) -> str:
    """ "first, day 4": since the newest infusion up to then; before the first, days before it."""
    infused = laboratory.course.infused_at
    if not infused:
        return "before the infusion"
    number = max((one for one, given_at in infused.items() if given_at <= at), default=min(infused))
    return f"{infusion_words(number).split()[0]}, day {day_of(at, infused[number], laboratory.zone)}"


def _cell(laboratory: Laboratory, row: LabRow | None, *, with_unit: bool) -> str:
    if row is None:
        return ""
    link = result_link(laboratory, row, f"{row.value:.15g}")
    unit = _soft(row.unit) if with_unit else ""
    return tiles.line(link, tile_of(laboratory.graded[row.stable_id], small=True)) + unit


def draw_icaht(laboratory: Laboratory) -> None:
    """Early and late ICAHT of each infusion, apart, with their days."""
    for number in sorted(laboratory.course.infused_at):
        graded = laboratory.icaht(number)
        st.header(f"ICAHT after the {infusion_words(number)}", anchor=False)
        st.html(_icaht(graded.early, _early_window(graded)) + _icaht(graded.late, _late_window(graded)))


def _icaht(grade: Grade[Icaht], window: str) -> str:
    lines = [tiles.piece("div", text=grade.sentence())]
    if grade.missing:
        lines.append(tiles.piece("div", text=f"To settle it: {', '.join(grade.missing)}."))
    lines.append(tiles.piece("div", text=window, classes="vigil-soft"))
    return tiles.piece("div", icaht_tile(grade), tiles.piece("div", *lines), classes="vigil-entry-grade")


def _early_window(graded: IcahtGrades) -> str:
    return f"Day {EARLY_DAYS[0]} to {EARLY_DAYS[1]}.{_ended(graded.next_therapy_day, EARLY_DAYS[1])}"


def _late_window(graded: IcahtGrades) -> str:
    ends = [day for day in (graded.next_therapy_day, graded.last_day) if day is not None]
    is_therapy = graded.next_therapy_day is not None and min(ends) == graded.next_therapy_day
    words = _ended(graded.next_therapy_day, LATE_DAYS[1]) if is_therapy else ""
    if ends and not words and min(ends) < LATE_DAYS[1]:
        words = f" Observation ended on day {min(ends)}."
    return f"Day {LATE_DAYS[0]} to {LATE_DAYS[1]}.{words}"


def _ended(day: int | None, last: int) -> str:
    return "" if day is None or day >= last else f" The next therapy began on day {day} and ends it."


def draw_scores(laboratory: Laboratory) -> None:
    """EASIX and m-EASIX by day, CAR-HEMATOTOX before each infusion: numbers and trends, never alerts."""
    st.header("Bedside scores", anchor=False)
    for number in sorted(laboratory.course.infused_at):
        _draw_hematotox(laboratory, number)
    if not laboratory.scores:
        st.text("EASIX and m-EASIX need LDH and platelets of the same day.")
        return
    days = list(reversed(laboratory.scores[-_DAYS:]))
    rows = [
        [tiles.cell(date_words(day.on)), _index(day, day.easix), _index(day, day.m_easix)] for day in days
    ]
    st.html(
        tiles.table("EASIX and m-EASIX by day, newest first", ["Day", "EASIX", "m-EASIX"], rows, numbers=True)
    )


def _index(day: ScoreDay, score: Score | None) -> str:
    if score is None:
        return tiles.cell(" ".join(day.refused))
    if score.value is None:
        return tiles.cell(f"not known: {missing_words(score.missing)} not recorded")
    inputs = tiles.piece("div", text=", ".join(score.reasons), classes="vigil-soft")
    return tiles.piece("b", text=f"{score.value:.3g}") + inputs


def _draw_hematotox(laboratory: Laboratory, number: int) -> None:
    scored = laboratory.hematotox(number)
    score = scored.score
    points = f"{score.at_least:g}" if score.value is not None else f"{score.at_least:g} to {score.at_most:g}"
    high = {True: ", high", False: ", low", None: ", open whether high"}[score.high]
    missing = f" Not recorded: {missing_words(score.missing)}." if score.missing else ""
    dates = sorted({date_words(row.taken_at.astimezone(laboratory.zone).date()) for row in scored.rows})
    of = f" From results of {', '.join(dates)}." if dates else ""
    st.html(
        tiles.piece(
            "p",
            tiles.piece("b", text=f"CAR-HEMATOTOX before the {infusion_words(number)}: {points}{high}. "),
            tiles.piece("span", text=f"{sentence_case('; '.join(score.reasons))}.{missing}{of}"),
            classes="vigil-text",
        )
    )


def draw_suspicion(laboratory: Laboratory) -> None:
    """The IEC-HS flag, headed as what it is."""
    st.header("IEC-HS: a suspicion, never a diagnosis", anchor=False)
    found = laboratory.suspicion
    if found is None:
        st.text("Nothing that it reads was measured: ferritin, ALT, AST, fibrinogen.")
        return
    flag = found.flag
    heads = {
        True: "Suspicion of IEC-HS: to be judged by the clinician.",
        False: "No suspicion from these results.",
        None: "Open.",
    }
    reasons = f" Met: {'; '.join(flag.reasons)}." if flag.reasons else ""
    missing = f" To decide it: {missing_words(flag.missing)}." if flag.missing else ""
    notes = "".join(f" {note}" for note in flag.notes)
    taken = _taken(found.rows, laboratory)
    st.html(
        tiles.piece(
            "p",
            tiles.piece("b", text=heads[flag.suspected]),
            tiles.piece("span", text=f"{reasons}{missing}{notes} {taken}"),
            classes="vigil-text",
        )
    )


def _taken(rows: Sequence[LabRow], laboratory: Laboratory) -> str:
    moments: list[datetime] = sorted({row.taken_at for row in rows})
    words = " and ".join(when(at, laboratory.now, laboratory.zone) for at in moments)
    return f"From the newest results, of {words}."


def limits_cell(row: LabRow) -> str:
    """The limits of normal of a result; words where the laboratory gave none."""
    return tiles.cell(limits_words(row) or "not recorded")
