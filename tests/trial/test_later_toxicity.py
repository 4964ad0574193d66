"""Infections, blood counts and drugs after each infusion, counted by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from grading.icaht import RULESET, Icaht
from grading.scale import Grade
from trial.drug_days import DrugGroup
from trial.incidence import clopper_pearson
from trial.later_toxicity import (
    CountsCourse,
    InfectionCourse,
    TreatedCourse,
    cytopenia_row,
    icaht_row,
    infection_rate,
    infection_row,
    treated_row,
)

START = datetime(2026, 3, 2, tzinfo=UTC)


def at(code: str) -> datetime:
    """A-1 was infused before A-2."""
    return START + timedelta(days=int(code.rpartition("-")[2]))


def infections(
    code: str, *found: tuple[int, int], number: int = 1, days: int = 60, observed: int = 61
) -> InfectionCourse:
    return InfectionCourse(
        code=code, number=number, infused_at=at(code), days=days, observed_days=observed, infections=found
    )


def test_patients_are_counted_by_their_worst_infection_and_none_recorded_is_0() -> None:
    courses = [
        infections("A-2", (3, 2), (9, 3)),
        infections("A-1"),
        infections("A-3", (5, 1), days=30),
        infections("A-4", (1, 4), number=2),
    ]
    row = infection_row(courses, 1)
    assert row.label == "Infections, first infusion"
    assert (row.by_grade[0], row.by_grade[3]) == (("A-1",), ("A-2",))
    assert (row.pending, row.early) == (("A-3",), (("A-3", 1),))
    assert row.rate(3) == clopper_pearson(1, 2)
    assert infection_row(courses, 2).reached(4) == ("A-4",)


def test_the_rate_counts_every_infection_in_all_patient_days() -> None:
    rate = infection_rate([infections("A-1", (3, 2), (9, 3)), infections("A-2", observed=39)], 1)
    assert (rate.events, rate.patient_days) == (2, 100)
    assert (rate.rate, rate.low, rate.high) == pytest.approx((2, 0.2422, 7.2247), abs=1e-4)
    assert infection_rate([], 1).rate is None


def icaht(part: Icaht, grade: int | None, at_least: int = 0) -> Grade[Icaht]:
    least = at_least if grade is None else grade
    return Grade(part, grade, least, (), ("reason",), (), RULESET, 4 if grade is None else grade)


def counts(
    code: str,
    early: Grade[Icaht],
    late: Grade[Icaht],
    *,
    days: int = 120,
    ended: bool = False,
    cytopenia: dict[int, int | None] | None = None,
    closed: tuple[int, ...] = (28, 90),
) -> CountsCourse:
    return CountsCourse(
        code=code,
        number=1,
        infused_at=at(code),
        days=days,
        ended=ended,
        early=early,
        late=late,
        cytopenia=cytopenia or {},
        closed=frozenset(closed),
    )


NOT_GRADABLE = icaht(Icaht.LATE, None)


def test_too_few_counts_are_not_graded_and_what_is_proved_counts() -> None:
    courses = [
        counts("A-1", icaht(Icaht.EARLY, 3), icaht(Icaht.LATE, 0)),
        counts("A-2", icaht(Icaht.EARLY, None, 1), NOT_GRADABLE),
        counts("A-3", icaht(Icaht.EARLY, None), NOT_GRADABLE),
    ]
    early, late = (icaht_row(courses, 1, part) for part in Icaht)
    assert (early.by_grade[3], early.by_grade[1], early.not_graded) == (("A-1",), ("A-2",), ("A-3",))
    assert (late.by_grade[0], late.not_graded) == (("A-1",), ("A-2", "A-3"))
    assert (early.label, late.label) == ("Early ICAHT, first infusion", "Late ICAHT, first infusion")


@pytest.mark.parametrize(
    ("days", "ended", "early", "late"),
    [(30, False, 0, 0), (31, False, 1, 0), (100, False, 1, 0), (101, False, 1, 1), (9, True, 1, 1)],
)
def test_a_window_closes_after_its_last_day_or_with_what_ends_it(
    days: int, ended: bool, early: int, late: int
) -> None:
    one = counts("A-1", icaht(Icaht.EARLY, 1), icaht(Icaht.LATE, 1), days=days, ended=ended)
    assert len(icaht_row([one], 1, Icaht.EARLY).complete) == early
    assert len(icaht_row([one], 1, Icaht.LATE).complete) == late


def test_cytopenia_is_counted_at_each_visit_of_those_who_had_it() -> None:
    grades = icaht(Icaht.EARLY, 0), icaht(Icaht.LATE, 0)
    courses = [
        counts("A-1", *grades, cytopenia={28: 4, 90: None}),
        counts("A-2", *grades, cytopenia={28: 0}, closed=(28,)),
        counts("A-3", *grades, cytopenia={28: 3, 90: 3}, closed=()),
    ]
    day_28, day_90 = (cytopenia_row(courses, 1, day) for day in (28, 90))
    assert day_28.rate(3) == clopper_pearson(1, 2)
    assert day_28.early_from(3) == ("A-3",)
    assert (day_90.not_graded, day_90.pending) == (("A-1",), ("A-3",))
    assert cytopenia_row(courses, 2, 28).patients == 0


def test_who_was_given_a_drug_counts_once_and_the_open_ones_apart() -> None:
    def course(code: str, days: int = 40, number: int = 1, **given: tuple[int, ...]) -> TreatedCourse:
        groups = {DrugGroup(name): on for name, on in given.items()}
        return TreatedCourse(
            code=code, number=number, infused_at=at(code), days=days, given=groups, steroid_mg=Decimal(0)
        )

    courses = [
        course("A-1", tocilizumab=(2, 3)),
        course("A-2", steroid=(4,)),
        course("A-3", days=30, tocilizumab=(1,)),
        course("A-4", number=2, tocilizumab=(1,)),
    ]
    row = treated_row(courses, 1, DrugGroup.TOCILIZUMAB)
    assert (row.complete, row.pending, row.treated) == (("A-1", "A-2"), ("A-3",), ("A-1", "A-3"))
    assert (row.rate, row.early) == (clopper_pearson(1, 2), ("A-3",))
    assert treated_row(courses, 2, DrugGroup.STEROID).rate == clopper_pearson(0, 1)
    assert treated_row([], 1, DrugGroup.STEROID).rate == clopper_pearson(0, 0)
