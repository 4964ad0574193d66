"""The tab of the course: when a toxicity begins, peaks and ends, and its cumulative incidence."""

from collections.abc import Sequence
from typing import Final

from charts.incidence import draw_incidence
from charts.time_course import affected_codes, draw_time_course
from db.queries.committee_courses import with_episodes
from db.session import reading
from pages.committee.safety_parts.course_tables import incidence_table, time_course_tables
from pages.committee.safety_parts.picture import Picture, show_picture
from pages.committee.safety_parts.sheets import one_sheet
from pages.committee.safety_parts.view import View, courses, days, part
from trial.safety_rows import Course, Spells
from trial.safety_times import INCIDENCE_DAYS, GradeIncidence, incidence_of, time_course

INCIDENCE_OF: Final = (2, 3)
"""The curves are of these grades or more."""


def show(view: View) -> None:
    """Both pictures."""
    with reading() as session:
        graded = courses(session, view)
        patients = days(session, view)
    spells = part(view, "spells", lambda: with_episodes(graded, patients))
    _show_time_course(view, spells)
    _show_incidence(view, graded)


def _show_time_course(view: View, spells: Sequence[Spells]) -> None:
    found = part(
        view,
        "time course",
        lambda: tuple(
            time_course(spells, toxicity, number)
            for toxicity in view.filter.toxicities
            for number in view.filter.infusions
        ),
    )
    affected = part(view, "affected", lambda: affected_codes(found))
    shown, sheet = one_sheet(view, affected, "Affected patients")
    show_picture(
        view,
        Picture(
            name=f"time-course-{sheet}",
            title="Onset, peak and duration",
            how="Each line is one affected patient from the first to the last day of an episode; the tile is "
            "the peak. An arrow: it goes on, a cross: death ended it; neither counts as over. "
            "NR: fewer than half of the episodes are over.",
            alt="Days of onset, peak and end of each affected patient after each infusion, as in the table.",
            draw=lambda theme: draw_time_course(found, shown, view.window, theme),
            table=lambda: time_course_tables(found, shown),
        ),
    )


def _show_incidence(view: View, graded: Sequence[Course]) -> None:
    def found() -> tuple[GradeIncidence, ...]:
        return part(
            view,
            "incidence",
            lambda: tuple(
                incidence_of(graded, toxicity, number, grade, view.window)
                for toxicity in view.filter.toxicities
                for number in view.filter.infusions
                for grade in INCIDENCE_OF
            ),
        )

    show_picture(
        view,
        Picture(
            name="incidence",
            title="Cumulative incidence of grade 2 and 3",
            how="Share of patients who have had the grade by a day, with 95 % limits (Aalen-Johansen). "
            "Dotted: competing causes (death, second infusion, new lymphoma therapy). Ticks: censored.",
            alt="Cumulative incidence by day with the number at risk, for each toxicity and infusion; the "
            "table below holds each patient's time.",
            draw=lambda theme: draw_incidence(found(), INCIDENCE_DAYS, theme),
            table=lambda: incidence_table(found()),
        ),
    )
