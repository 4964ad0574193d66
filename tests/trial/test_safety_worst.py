"""Worst grade by infusion and the shift from first to second, counted by hand."""

import pytest

from grading.scale import Toxicity
from tests.trial.safety_courses import course
from trial.incidence import clopper_pearson
from trial.safety_rows import Course
from trial.safety_worst import first_to_second, graded_row, worst_grades

FIRST = [
    course("A-1", "0121"),
    course("A-2", "00"),
    course("A-3", "0-34-"),
    course("A-4", "-----"),
    course("A-5", ""),
    course("A-6", "01", days=14),
    course("A-7", "003", days=9),
    course("A-8", "0", days=0),
]


@pytest.mark.parametrize(
    ("word", "worst", "peak_day"),
    [("", None, None), ("---", None, None), ("000", 0, None), ("0121", 2, 2), ("-5", 5, 1), ("0343", 4, 2)],
)
def test_nothing_proved_is_no_grade_and_never_0(word: str, worst: int | None, peak_day: int | None) -> None:
    one = course("A-1", word)
    assert (one.worst, one.peak_day) == (worst, peak_day)


def test_a_window_closes_on_the_day_after_its_last_and_for_the_dead_too() -> None:
    assert not course("A-1", "0", days=14).is_complete(14)
    assert course("A-1", "0", days=15).is_complete(14)
    assert course("A-1", "5", days=15, died=0).is_complete(14)


def test_worst_grades_count_the_complete_and_name_the_pending() -> None:
    row = worst_grades(FIRST, Toxicity.CRS, 1, 14)
    assert row.label == "CRS, first infusion"
    assert row.by_grade == (("A-2",), (), ("A-1",), (), ("A-3",), ())
    assert row.not_graded == ("A-4", "A-5")
    assert row.pending == ("A-6", "A-7", "A-8")
    assert row.early == (("A-6", 1), ("A-7", 3))
    assert row.early_from(2) == ("A-7",)
    assert row.complete == ("A-2", "A-1", "A-3", "A-4", "A-5")
    assert row.patients == 8


@pytest.mark.parametrize(("at_least", "codes"), [(1, ("A-1", "A-3")), (2, ("A-1", "A-3")), (3, ("A-3",))])
def test_a_rate_is_that_of_the_complete_patients(at_least: int, codes: tuple[str, ...]) -> None:
    row = worst_grades(FIRST, Toxicity.CRS, 1, 14)
    assert row.reached(at_least) == codes
    assert row.rate(at_least) == clopper_pearson(len(codes), 5)


def test_each_infusion_and_toxicity_has_its_own_denominator() -> None:
    mixed = [
        *FIRST,
        course("A-1", "03", number=2),
        course("A-1", "01", toxicity=Toxicity.ICANS),
        course("A-9", "4", toxicity=Toxicity.ICANS, number=2, days=0),
    ]
    assert worst_grades(mixed, Toxicity.CRS, 2, 14).rate(3) == clopper_pearson(1, 1)
    assert worst_grades(mixed, Toxicity.ICANS, 1, 14).rate(1) == clopper_pearson(1, 1)
    pending = worst_grades(mixed, Toxicity.ICANS, 2, 14)
    assert pending.label == "ICANS, second infusion"
    assert (pending.complete, pending.early_from(4)) == ((), ("A-9",))


def test_nobody_infused_is_0_of_0_and_has_no_rate() -> None:
    row = worst_grades([], Toxicity.CRS, 1, 14)
    assert (row.patients, row.rate(1)) == (0, clopper_pearson(0, 0))
    assert row.rate(1).rate is None


def test_a_row_can_be_made_of_any_grades() -> None:
    row = graded_row("Infections", [("A-1", 3, True), ("A-2", None, True), ("A-3", 0, False)])
    assert (row.reached(3), row.not_graded, row.pending, row.early) == (("A-1",), ("A-2",), ("A-3",), ())


def twice(code: str, first: str, second: str) -> list[Course]:
    return [course(code, first), course(code, second, number=2)]


def test_the_shift_pairs_both_worst_grades_and_keeps_those_infused_once_apart() -> None:
    courses = [
        *twice("A-1", "012", "01"),
        *twice("A-2", "01", "03"),
        *twice("A-3", "00", "0"),
        course("A-4", "04"),
        course("A-5", "01"),
    ]
    shift = first_to_second(courses, Toxicity.CRS, 3)
    filled = {(cell.first, cell.second): cell.codes for cell in shift.cells if cell.codes}
    assert filled == {(2, 1): ("A-1",), (1, 3): ("A-2",), (0, 0): ("A-3",)}
    assert shift.twice == 3
    assert shift.moved() == (1, 1, 1)
    assert dict(shift.waiting)[4] == ("A-4",)
    assert dict(shift.waiting)[1] == ("A-5",)


def test_cells_after_a_barring_grade_are_hatched_but_a_released_bar_is_seen() -> None:
    shift = first_to_second(twice("A-1", "03", "01"), Toxicity.CRS, 3)
    barred = {cell.first for cell in shift.cells if cell.is_barred}
    assert barred == {3, 4, 5}
    assert [cell.codes for cell in shift.cells if cell.is_barred and cell.codes] == [("A-1",)]


def test_who_is_not_graded_stands_apart_from_grade_0() -> None:
    shift = first_to_second([*twice("A-1", "--", "0"), *twice("A-2", "0", "-")], Toxicity.CRS, 3)
    filled = {(cell.first, cell.second): cell.codes for cell in shift.cells if cell.codes}
    assert filled == {(None, 0): ("A-1",), (0, None): ("A-2",)}
    assert shift.moved() == (0, 0, 0)
    assert not any(cell.is_barred for cell in shift.cells if cell.first is None)


def test_without_a_second_infusion_every_cell_is_empty() -> None:
    shift = first_to_second([course("A-1", "02")], Toxicity.CRS, 3)
    assert (shift.twice, shift.moved()) == (0, (0, 0, 0))
    assert len(shift.cells) == 36
    assert first_to_second([], Toxicity.CRS, 3).twice == 0
