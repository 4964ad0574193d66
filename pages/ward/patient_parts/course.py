"""The whole course on the patient page: the picture, the laboratory on the same axis, and their table."""

from typing import Any, Final
from urllib.parse import quote

import streamlit as st

from actions.permissions import Page, may_see
from charts.course_rows import CourseRows
from charts.figure import CONFIG, Drawn
from charts.patient_course import draw_patient_course
from charts.patient_labs import draw_patient_labs
from db.queries.patient_course import load_course_records
from db.roles import Actor
from db.session import reading
from pages.parts import tiles
from pages.parts.kept import Kept
from pages.parts.theme import theme_now
from pages.parts.wording import counted
from pages.ward.patient_parts.course_words import Link, Wording, course_rows, plain_words
from pages.ward.patient_parts.loaded import Loaded

_rows: Final[Kept[CourseRows]] = Kept()
_pictures: Final[Kept[Drawn]] = Kept()


def show_course(loaded: Loaded, actor: Actor) -> None:
    """Grades, events, disease and treatments from before the first infusion until today."""
    rows = _rows_of(loaded, actor)
    chosen = st.plotly_chart(
        _pictures.get(_key(loaded, actor, "course"), lambda: draw_patient_course(rows, theme_now())),
        theme=None,
        config=CONFIG,
        alt=f"{rows.study_code}, whole course: {_counts(rows)}. The table below holds the same.",
        key=f"patient-course-{loaded.patient.id}",
        on_select="rerun",
        selection_mode="points",
    )
    st.html(_chosen(chosen) or tiles.soft("Select a point to read it and to open its record."))
    st.html(_table(rows))


def show_labs(loaded: Loaded, actor: Actor) -> None:
    """Every analyte that has results, on the axis of the whole course."""
    rows = _rows_of(loaded, actor)
    if not rows.labs:
        st.text("No laboratory result is recorded.")
        return
    st.plotly_chart(
        _pictures.get(_key(loaded, actor, "labs"), lambda: draw_patient_labs(rows, theme_now())),
        theme=None,
        config=CONFIG,
        alt=f"{rows.study_code}, laboratory results over time: "
        + ", ".join(f"{one.label} {len(one.points)} results" for one in rows.labs)
        + ". The page Laboratory holds them as tables.",
        key=f"patient-labs-{loaded.patient.id}",
    )
    address = _address_of(actor, loaded.patient.study_code)("laboratory")
    if address:
        st.html(tiles.link("Open the laboratory results with their grades", address))


def _rows_of(loaded: Loaded, actor: Actor) -> CourseRows:
    return _rows.get(_key(loaded, actor, "rows"), lambda: _read(loaded, actor))


def _key(loaded: Loaded, actor: Actor, what: str) -> tuple[Any, ...]:
    """Everything that a picture depends on; what goes on grows once in ten minutes."""
    of = (loaded.version, loaded.patient.id, loaded.protocol.hash, loaded.zone.key, loaded.rounded_now)
    return (what, *of, theme_now(), actor.role)


def _read(loaded: Loaded, actor: Actor) -> CourseRows:
    with reading() as session:
        records = load_course_records(session, loaded.patient.id)
    code = loaded.patient.study_code
    words = Wording(loaded.zone, code, _address_of(actor, code))
    return course_rows(records, words, loaded.rounded_now, loaded.protocol.monitoring_days)


def _address_of(actor: Actor, study_code: str) -> Link:
    """Where the patient's records stand, "" for a page that the role may not open."""
    pages = {page.value for page in Page if may_see(actor.role, page)}
    return lambda page: f"/{page}?code={quote(study_code)}" if page in pages else ""


def _counts(rows: CourseRows) -> str:
    return ", ".join(
        (
            counted(len({tile.day for tile in rows.tiles}), "graded day", "graded days"),
            counted(sum(bar.grade is not None for bar in rows.bars), "adverse event", "adverse events"),
            counted(
                len(rows.marks) + sum(bar.grade is None for bar in rows.bars),
                "scan, sample or treatment",
                "scans, samples and treatments",
            ),
        )
    )


def _chosen(chosen: Any) -> str:  # noqa: ANN401 - Streamlit's selection
    points = chosen["selection"]["points"] if chosen else []
    data = points[0].get("customdata") if points else None
    if not data or not data[1]:
        return ""
    words = tiles.piece("span", text=f"{plain_words(str(data[1]))} ")
    return tiles.line(words, tiles.link("Open the record", str(data[0])) if data[0] else "")


def _table(rows: CourseRows) -> str:
    """The newest first, each with its link: for the keyboard and for paper."""
    found = [(bar.from_at, bar.words, bar.link) for bar in rows.bars]
    found += [(mark.at, mark.words, mark.link) for mark in rows.marks]
    body = [
        [
            tiles.piece("span", text=f"{at.day} {at:%b %Y}", classes="vigil-nowrap"),
            tiles.cell(plain_words(words)),
            tiles.link("Open", link, classes="vigil-link vigil-link-row") if link else tiles.cell(""),
        ]
        for at, words, link in sorted(found, key=lambda one: one[0], reverse=True)
    ]
    if not body:
        return tiles.soft("No event, scan, sample or treatment is recorded.")
    return tiles.table("Events, disease and treatments", ("From", "What", "Record"), body)
