"""The tab of the blood counts: early and late ICAHT, and cytopenia at the visits of day 28 and 90."""

from collections.abc import Sequence
from typing import Final

from charts.grade_rows import draw_grade_rows
from db.queries.committee_later import VISIT_DAYS, load_counts
from db.session import reading
from grading.icaht import Icaht
from grading.scale import Grade
from pages.committee.safety_parts.links import patient_link
from pages.committee.safety_parts.overview import show_part
from pages.committee.safety_parts.picture import Picture, show_picture
from pages.committee.safety_parts.rate_tables import grade_row_table
from pages.committee.safety_parts.view import View, part
from pages.parts import tiles
from pages.parts.wording import infusion_words
from trial.later_toxicity import CountsCourse, cytopenia_row, icaht_row
from trial.safety_worst import GradedRow

_RATES: Final = (1, 3)
_SEVERE: Final = (3, 4)


def show(view: View) -> None:
    """Both pictures; too few counts are hatched, never a grade 0."""
    with reading() as session:
        courses = part(
            view,
            "counts",
            lambda: load_counts(session, view.people, view.cut_off, view.protocol, view.zone),
        )
    _show_icaht(view, courses)
    _show_cytopenia(view, courses)


def _show_icaht(view: View, courses: Sequence[CountsCourse]) -> None:
    def rows() -> tuple[GradedRow, ...]:
        return tuple(icaht_row(courses, number, one) for one in Icaht for number in view.filter.infusions)

    chosen = show_picture(
        view,
        Picture(
            name="icaht",
            title="ICAHT, early and late",
            how="EHA/EBMT 2023, from the neutrophils: early is day 0 to 30, late day 31 to 100, each until "
            "death or the next therapy. Hatched: too few counts to grade. Half as high: the window is open.",
            alt="Patients by early and late ICAHT after each infusion, with exact rates, as in the table.",
            draw=lambda theme: draw_grade_rows(rows(), theme, grades=_RATES),
            table=lambda: grade_row_table("Patients by ICAHT", rows(), _RATES) + _reasons(view, courses),
            answers=True,
        ),
    )
    if chosen:
        show_part(rows(), str(chosen[0]), str(chosen[1]))


def _reasons(view: View, courses: Sequence[CountsCourse]) -> str:
    """Each patient's two grades, with what decided them."""
    rows = [
        [
            patient_link(one.code, one.number),
            tiles.cell(infusion_words(one.number)),
            *(_grade(grade) for grade in (one.early, one.late)),
        ]
        for one in courses
        if one.number in view.filter.infusions
    ]
    return tiles.table("What decided each grade", ("Patient", "", "Early", "Late"), rows)


def _grade(grade: Grade[Icaht]) -> str:
    return tiles.cell(grade.sentence())


def _show_cytopenia(view: View, courses: Sequence[CountsCourse]) -> None:
    def rows() -> tuple[GradedRow, ...]:
        return tuple(
            cytopenia_row(courses, number, day) for day in VISIT_DAYS for number in view.filter.infusions
        )

    chosen = show_picture(
        view,
        Picture(
            name="cytopenia",
            title="Cytopenia at day 28 and day 90",
            how="CTCAE v5.0, the worst of neutrophils, platelets and haemoglobin on the day with a count "
            "nearest to the visit, in its window. Hatched: no count in the window. A patient whose next "
            "therapy began before is left out.",
            alt="Patients by worst cytopenia at day 28 and 90, with exact rates, as in the table.",
            draw=lambda theme: draw_grade_rows(rows(), theme, grades=_SEVERE),
            table=lambda: grade_row_table("Patients by worst cytopenia", rows(), _SEVERE),
            answers=True,
        ),
    )
    if chosen:
        show_part(rows(), str(chosen[0]), str(chosen[1]))
