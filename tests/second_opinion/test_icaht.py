"""ICAHT against the slow second grader: every short series, every pair of spells, random series."""

from itertools import product

from hypothesis import example, given
from hypothesis import strategies as st

from grading.icaht import Icaht, grade_early, grade_late
from grading.scale import Grade
from tests.second_opinion import icaht as slow
from tests.support.soak import examples

LEVELS = {"?": None, "p": 50.0, "s": 450.0, "n": 2000.0}


def limits_of(grade: Grade[Icaht]) -> tuple[int, int] | None:
    return None if grade.reasons[0].endswith("not gradable") else (grade.at_least, grade.at_most)


def check(counts: dict[int, float], stop: int | None = None) -> None:
    mine, other = grade_early(counts, last_day=stop), slow.early(counts, stop)
    assert limits_of(mine) == other, (counts, stop)
    assert mine.grade == (other[0] if other and other[0] == other[1] else None)
    assert bool(mine.missing) is (mine.grade is None)
    if stop is not None:
        assert mine == grade_early(counts, next_therapy_day=stop)


def test_every_series_of_six_days_is_graded_alike() -> None:
    for letters in product(LEVELS, repeat=6):
        counts = {day: anc for day, each in enumerate(letters) if (anc := LEVELS[each]) is not None}
        grade = grade_early(counts, last_day=5)
        assert limits_of(grade) == slow.early_by_every_completion(counts, 5), letters


def test_every_pair_of_spells_is_graded_alike() -> None:
    for start, first, rest, second, low in product(
        (0, 1, 3, 4, 5), range(18), range(1, 5), (0, 1, 3, 7, 14), (50.0, 450.0)
    ):
        letters = ([2000.0] * start + [low] * first + [600.0] * rest + [low] * second + [3000.0] * 31)[:31]
        check(dict(enumerate(letters)))


def test_every_gap_is_filled_alike() -> None:
    for before, after, gap, start in product(
        (0.0, 100.0, 500.0, 900.0), (20.0, 500.0, 700.0), range(1, 11), (0, 9)
    ):
        check({start: before, start + gap: after})
        check({start: before, start + gap: after}, start + gap)


SERIES = st.dictionaries(
    st.integers(-5, 45),
    st.one_of(
        st.sampled_from([0.0, 50.0, 100.0, 100.5, 300.0, 500.0, 500.5, 501.0, 2000.0]),
        st.integers(0, 1500).map(float),
        st.floats(0, 1500, allow_nan=False).map(lambda anc: round(anc, 1)),
    ),
    max_size=45,
)


@examples(80)
@given(SERIES, st.none() | st.integers(0, 40))
@example({0: 600.0, 3: 450.0}, 3)
@example({-1: 100.0, 1: 900.0}, None)
def test_random_early_series_are_graded_alike(counts: dict[int, float], stop: int | None) -> None:
    check(counts, stop)


@examples(60)
@given(
    st.dictionaries(st.integers(25, 105), st.integers(0, 2000).map(float), max_size=8),
    st.none() | st.integers(28, 105),
)
def test_random_late_series_are_graded_alike(counts: dict[int, float], stop: int | None) -> None:
    assert grade_late(counts, last_day=stop).grade == slow.late(counts, stop)
    assert grade_late(counts, next_therapy_day=stop).grade == slow.late(counts, stop)


@examples(60)
@given(SERIES, st.integers(0, 30), st.floats(0, 2000), st.none() | st.integers(0, 40))
def test_a_count_of_an_open_day_never_leaves_the_bounds(
    counts: dict[int, float], day: int, anc: float, stop: int | None
) -> None:
    """A filled day is an estimate that its count replaces; an open one is not."""
    before = grade_early(counts, last_day=stop)
    if slow.seen(counts, stop)[day : day + 1] != "?":
        return
    after = grade_early({**counts, day: anc}, last_day=stop)
    assert after.at_most <= before.at_most
    assert after.at_least >= before.at_least


@examples(60)
@given(SERIES, st.floats(0, 1))
def test_a_worse_count_never_lowers_the_grade(counts: dict[int, float], part: float) -> None:
    worse = {day: anc * part for day, anc in counts.items()}
    better, lower = grade_early(counts), grade_early(worse)
    assert lower.at_least >= better.at_least
    assert lower.at_most >= better.at_most
