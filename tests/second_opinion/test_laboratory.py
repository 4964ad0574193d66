"""CTCAE grades against the second typing of its rows, with every limit there or missing."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.ctcae_v5 import grade_lab
from tests.second_opinion import laboratory as slow
from tests.support.soak import examples

PARTS = (
    "0",
    "0.1",
    "0.2",
    "0.25",
    "0.5",
    "0.75",
    "0.8",
    "0.99",
    "1",
    "1.01",
    "1.2",
    "1.5",
    "1.6",
    "2",
    "2.25",
    "3",
)
MORE = ("3.1", "4.5", "5", "5.1", "6", "6.1", "9", "10", "10.1", "12", "20", "20.1", "25", "40", "61")
NUMBERS = [Fraction(part) for part in (*PARTS, *MORE)]
REFERENCES = [
    Fraction(part)
    for part in ("0.001", "0.1", "0.5", "1", "1.01", "1.2", "2", "3", "4", "10", "100", "100000")
]
COMPLETIONS = sorted(
    {
        part * number
        for part in NUMBERS
        for number in (Fraction(1), Fraction(2, 3), Fraction(4, 3), Fraction(1, 3))
    }
    | {Fraction(1, 10**6), Fraction(10**9)}
)


def check(
    analyte: str, value: Fraction, lln: Fraction | None, uln: Fraction | None, baseline: Fraction | None
) -> None:
    """The grade, or the bounds over everything that what is missing could be."""
    found = grade_lab(
        analyte,
        float(value),
        slow.UNITS[analyte],
        *(None if each is None else float(each) for each in (lln, uln, baseline)),
    )
    choices = [
        [limit] if limit is not None else [each for each in COMPLETIONS if each]
        for limit, used in ((lln, "lln"), (uln, "uln"), (baseline, "baseline"))
    ]
    for place, name in enumerate(("lln", "uln", "baseline")):
        if name not in USED[analyte]:
            choices[place] = [Fraction(1)]
    grades = possible_grades(analyte, value, choices)
    told = (analyte, *(str(each) for each in (value, lln, uln, baseline)))
    assert (found.at_least, found.at_most) == (min(grades), max(grades)), told
    assert found.grade == (found.at_least if len(grades) == 1 else None), told
    given_ = dict(zip(("lln", "uln", "baseline"), (lln, uln, baseline), strict=True))
    assert set(found.missing) <= {name for name in USED[analyte] if given_[name] is None}, told
    assert bool(found.missing) is (found.grade is None), told


def possible_grades(analyte: str, value: Fraction, choices: Sequence[Sequence[Fraction]]) -> set[int]:
    """The grades of every completion, as far as it takes to meet the lowest and the highest there is."""
    grades: set[int] = set()
    for limits in product(*choices):
        grades.add(slow.grade(analyte, value, *limits))
        if {0, 4} <= grades:
            break
    return grades


USED = (
    dict.fromkeys(slow.COUNTS, ("lln",))
    | dict.fromkeys(slow.TIMES, ("uln", "baseline"))
    | {"creatinine": ("uln", "baseline"), "fibrinogen": ("lln", "baseline")}
)


@pytest.mark.parametrize("analyte", slow.COUNTS)
def test_counts_are_graded_alike(analyte: str) -> None:
    limits = [Fraction(limit) for limit in slow.COUNTS[analyte]]
    near = [limit + step for limit in limits for step in (Fraction(-1, 100), Fraction(0), Fraction(1, 100))]
    for value, lln in product(
        [Fraction(0), *near, 2 * limits[0]], [None, limits[0] / 2, *near, 2 * limits[0]]
    ):
        check(analyte, value, lln, None, None)


@pytest.mark.parametrize("analyte", [*slow.TIMES, "creatinine", "fibrinogen"])
def test_ratios_are_graded_alike_with_every_limit_known(analyte: str) -> None:
    for value, limit, baseline in product(NUMBERS, REFERENCES, REFERENCES):
        lln, uln = (limit, None) if analyte == "fibrinogen" else (None, limit)
        check(analyte, value, lln, uln, baseline)


@pytest.mark.parametrize("analyte", [*slow.TIMES, "creatinine", "fibrinogen"])
def test_what_is_missing_leaves_open_what_it_could_be(analyte: str) -> None:
    for value in NUMBERS[::5]:
        check(analyte, value, None, None, None)
    for value, reference in product(NUMBERS[::3], (Fraction(1, 2), Fraction(1), Fraction(2), Fraction(3))):
        lln, uln = (reference, None) if analyte == "fibrinogen" else (None, reference)
        check(analyte, value, lln, uln, None)
        check(analyte, value, None, None, reference)


@examples(100)
@given(
    st.sampled_from(sorted(slow.UNITS)),
    st.decimals(0, 500, places=2),
    st.decimals("0.01", 200, places=2),
    st.decimals("0.01", 200, places=2),
)
def test_random_results_are_graded_alike(
    analyte: str, value: Decimal, limit: Decimal, baseline: Decimal
) -> None:
    reference = Fraction(limit)
    lower = "lln" in USED[analyte]
    lln, uln = (reference, None) if lower else (None, reference)
    check(analyte, Fraction(value), lln, uln, Fraction(baseline))
