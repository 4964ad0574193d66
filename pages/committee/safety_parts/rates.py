"""The tab of the rates: from the first to the second infusion, and published rates beside this trial's."""

from collections.abc import Sequence

from charts.rate_rows import RateLine, Section, draw_rate_rows
from charts.shift import ONCE, draw_shift
from db.session import reading
from grading.scale import Toxicity
from pages.committee.safety_parts.opened import show_patients
from pages.committee.safety_parts.picture import Picture, show_picture
from pages.committee.safety_parts.rate_tables import reference_table, shift_tables
from pages.committee.safety_parts.view import View, courses, part
from pages.parts.wording import infusion_words
from trial.reference_rates import REFERENCE_RATES, ReferenceRate
from trial.safety_rows import Course
from trial.safety_worst import Shift, first_to_second, worst_grades


def show(view: View) -> None:
    """Both pictures. The shift needs both infusions, so the filter of one leaves it as it is."""
    with reading() as session:
        graded = courses(session, view)
    _show_shift(view, graded)
    _show_reference(view, graded)


def _show_shift(view: View, graded: Sequence[Course]) -> None:
    barring = view.protocol.eligibility.barring_grade

    def shifts() -> tuple[Shift, ...]:
        return part(
            view,
            "shifts",
            lambda: tuple(first_to_second(graded, one, barring) for one in view.filter.toxicities),
        )

    chosen = show_picture(
        view,
        Picture(
            name="shift",
            title="Worst grade, first to second infusion",
            how="Left of the framed cells the second was milder, right of them worse; no test is made. "
            f"Hatched: grade {barring} or more bars a second infusion, so the cell cannot be filled.",
            alt="Patients by worst grade after the first and the second infusion, as in the table below.",
            draw=lambda theme: draw_shift(shifts(), theme),
            table=lambda: shift_tables(shifts()),
            answers=True,
        ),
    )
    if chosen:
        _show_cell(shifts(), str(chosen[0]), chosen[1], chosen[2])


def _show_cell(shifts: Sequence[Shift], toxicity: str, first: int | None, second: int | str | None) -> None:
    shift = next((one for one in shifts if one.toxicity == toxicity), None)
    if shift is None:
        return
    if second == ONCE:
        codes = dict(shift.waiting).get(first, ())
    else:
        found = (one.codes for one in shift.cells if (one.first, one.second) == (first, second))
        codes = next(found, ())
    words = f"{shift.toxicity.label} {_grade(first)} after the first infusion"
    then = "infused once" if second == ONCE else f"{_grade(second)} after the second"
    show_patients("shift", f"{words}, {then}", codes)


def _grade(grade: int | str | None) -> str:
    return "not graded" if grade is None else f"grade {grade}"


def _show_reference(view: View, graded: Sequence[Course]) -> None:
    def sections() -> tuple[Section, ...]:
        return part(
            view,
            "reference",
            lambda: tuple(_section(view, graded, toxicity) for toxicity in view.filter.toxicities),
        )

    show_picture(
        view,
        Picture(
            name="reference",
            title="This trial beside published rates",
            how="Filled: this trial, complete patients. Open: published, after one infusion, on the scale "
            "named beneath; scales differ, no test is made. No rate of a second infusion was found.",
            alt="Rates of this trial and published rates with their limits, as in the table below.",
            draw=lambda theme: draw_rate_rows(sections(), ("Any grade", "Grade 3 or more"), theme),
            table=lambda: reference_table(view, graded),
        ),
    )


def _section(view: View, graded: Sequence[Course], toxicity: Toxicity) -> Section:
    ours = [_own(view, graded, toxicity, number) for number in view.filter.infusions]
    return toxicity.label, [*ours, *(_published(one) for one in REFERENCE_RATES if one.toxicity is toxicity)]


def _own(view: View, graded: Sequence[Course], toxicity: Toxicity, number: int) -> RateLine:
    row = worst_grades(graded, toxicity, number, view.window)
    return RateLine(
        name=f"This trial, {infusion_words(number)}",
        under=f"{len(row.complete)} complete, ASTCT 2019",
        rates=(row.rate(1), row.rate(3)),
    )


def _published(one: ReferenceRate) -> RateLine:
    percents = (one.any_percent, one.from_3_percent)
    return RateLine(
        name=one.study,
        under=f"n={one.patients}, {one.scale}",
        rates=tuple(one.rate(percent) for percent in percents),
        says=tuple(one.words(percent) for percent in percents),
        is_ours=False,
    )
