"""The worst grade after each infusion, counted from courses, and how it moved from the first to the second.

Three counts stand beside every rate: events, complete (window closed), pending (window open). A rate is that
of the complete patients; an event already seen in a pending one is named as early. Every count carries the
study codes behind it, in the order of infusion.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from grading.scale import Toxicity
from trial.incidence import Rate, clopper_pearson
from trial.safety_rows import GRADES, Course

RATE_GRADES: Final = (1, 2, 3)
"""Rates are shown of these grades or more."""

Codes = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedRow:
    """Patients by their worst grade: one line of a picture.

    by_grade    codes of the complete patients at worst grade 0 to 5
    not_graded  codes of the complete patients in whom nothing is proved: no assessment, or none that settles
    pending     codes of those whose window is still open
    early       (code, worst grade so far) of the pending ones who have one above 0
    """

    label: str
    by_grade: tuple[Codes, ...]
    not_graded: Codes = ()
    pending: Codes = ()
    early: tuple[tuple[str, int], ...] = ()

    @property
    def complete(self) -> Codes:
        """Everyone counted in the rates."""
        return tuple(code for codes in self.by_grade for code in codes) + self.not_graded

    @property
    def patients(self) -> int:
        """Complete and pending."""
        return len(self.complete) + len(self.pending)

    def reached(self, at_least: int) -> Codes:
        """Codes of the complete patients at this grade or more."""
        return tuple(code for codes in self.by_grade[at_least:] for code in codes)

    def rate(self, at_least: int) -> Rate:
        """Share of the complete patients whose worst grade is this or more, with exact limits.

        Who is not graded counts among the patients and not among the events: the rate is at least this.
        """
        return clopper_pearson(len(self.reached(at_least)), len(self.complete))

    def early_from(self, at_least: int) -> Codes:
        """Codes of the pending patients in whom this grade is already seen."""
        return tuple(code for code, grade in self.early if grade >= at_least)


def graded_row(label: str, worst: Iterable[tuple[str, int | None, bool]]) -> GradedRow:
    """Count patients by worst grade.

    Args:
        label: the words of the line.
        worst: for each patient the code, the worst grade (None: nothing proved) and whether complete.
    """
    known = list(worst)
    return GradedRow(
        label=label,
        by_grade=tuple(
            tuple(code for code, grade, closed in known if closed and grade == one) for one in GRADES
        ),
        not_graded=tuple(code for code, grade, closed in known if closed and grade is None),
        pending=tuple(code for code, _, closed in known if not closed),
        early=tuple((code, grade) for code, grade, closed in known if not closed and grade),
    )


def worst_grades(courses: Iterable[Course], toxicity: Toxicity, number: int, window_days: int) -> GradedRow:
    """The worst grade after one infusion, up to the cut-off or the next infusion.

    Args:
        courses: of any toxicity and infusion; the others are left alone.
        toxicity: the one that is counted.
        number: the infusion, 1 or 2.
        window_days: last day of the window; a patient is complete on the day after.
    """
    chosen = courses_of(courses, toxicity, number)
    label = f"{toxicity.label}, {('first', 'second')[number - 1]} infusion"
    return graded_row(label, ((one.code, one.worst, one.is_complete(window_days)) for one in chosen))


def courses_of(courses: Iterable[Course], toxicity: Toxicity, number: int) -> list[Course]:
    """The courses of one toxicity after one infusion, in the order of infusion."""
    chosen = [one for one in courses if one.toxicity is toxicity and one.number == number]
    return sorted(chosen, key=lambda one: (one.infused_at, one.code))


@dataclass(frozen=True, slots=True)
class ShiftCell:
    """Patients with this worst grade after the first infusion and that one after the second.

    first, second  worst grade; None stands for "not graded"
    is_barred      the first grade bars a second infusion: the cell cannot be filled but by a released bar
    """

    first: int | None
    second: int | None
    codes: Codes
    is_barred: bool


@dataclass(frozen=True, slots=True)
class Shift:
    """From the first to the second infusion, one toxicity; no test: the barred rows make one meaningless.

    cells    every pair of grades, by first and then second; "not graded" stands last where it occurs
    waiting  first grade -> codes of those infused once only
    """

    toxicity: Toxicity
    cells: tuple[ShiftCell, ...]
    waiting: tuple[tuple[int | None, Codes], ...]

    @property
    def twice(self) -> int:
        """Patients infused twice."""
        return sum(len(cell.codes) for cell in self.cells)

    def moved(self) -> tuple[int, int, int]:
        """Of those graded both times: how many were lower, the same, higher after the second infusion."""
        steps = [
            (cell.second > cell.first) - (cell.second < cell.first)
            for cell in self.cells
            if cell.first is not None and cell.second is not None
            for _ in cell.codes
        ]
        return steps.count(-1), steps.count(0), steps.count(1)


def first_to_second(courses: Iterable[Course], toxicity: Toxicity, barring_grade: int) -> Shift:
    """The worst grade after the second infusion against that after the first.

    Args:
        courses: of any toxicity and infusion.
        toxicity: the one that is compared.
        barring_grade: from this grade after the first on, a second infusion is barred.
    """
    known = list(courses)
    first, second = (courses_of(known, toxicity, number) for number in (1, 2))
    after = {one.code: one.worst for one in second}
    pairs = [(one.code, one.worst, after[one.code]) for one in first if one.code in after]
    once = [(one.code, one.worst) for one in first if one.code not in after]
    rows = _grades_and_none([*(worst for _, worst, _ in pairs), *(worst for _, worst in once)])
    columns = _grades_and_none(worst for _, _, worst in pairs)
    return Shift(
        toxicity,
        tuple(
            ShiftCell(
                row,
                column,
                tuple(code for code, *both in pairs if both == [row, column]),
                row is not None and row >= barring_grade,
            )
            for row in rows
            for column in columns
        ),
        tuple((row, tuple(code for code, worst in once if worst == row)) for row in rows),
    )


def _grades_and_none(found: Iterable[int | None]) -> list[int | None]:
    """Every grade; None behind them where somebody is not graded."""
    return [*GRADES, *([None] if None in set(found) else [])]
