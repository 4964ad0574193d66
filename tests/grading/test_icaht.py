"""ICAHT at its limits: days, gaps, joined spells, starts and ends; reasons and refusals."""

from math import inf, nan

import pytest

from grading.icaht import Icaht, grade_early, grade_late, next_therapy_day
from grading.spells import lowest_by_day

WELL = 2000.0


def low_from(start: int, days: int, anc: float = 400) -> dict[int, float]:
    """A count every day from 0 to 30, low on so many days."""
    return {day: anc if start <= day < start + days else WELL for day in range(31)}


@pytest.mark.parametrize(
    ("days", "at_500", "at_100"),
    [
        (0, 0, 0),
        (1, 1, 1),
        (6, 1, 1),
        (7, 2, 3),
        (8, 2, 3),
        (13, 2, 3),
        (14, 3, 4),
        (15, 3, 4),
        (26, 3, 4),
    ],
)
def test_the_days_at_or_below_a_limit_decide(days: int, at_500: int, at_100: int) -> None:
    assert grade_early(low_from(4, days, 500)).grade == at_500
    assert grade_early(low_from(4, days, 100)).grade == at_100
    assert grade_early(low_from(4, days, 100.1)).grade == at_500
    assert grade_early(low_from(4, days, 500.1)).grade == 0


@pytest.mark.parametrize(("start", "grade"), [(0, 4), (1, 4), (2, 4), (3, 4), (4, 3), (5, 3)])
def test_never_above_500_begins_on_day_0_to_3(start: int, grade: int) -> None:
    assert grade_early(low_from(start, 31)).grade == grade


def test_never_above_500_must_reach_day_30() -> None:
    assert grade_early(low_from(0, 30)).grade == 3
    assert grade_early(low_from(0, 31)).grade == 4


@pytest.mark.parametrize(("rest", "grade"), [(1, 3), (2, 3), (3, 2)])
def test_spells_are_joined_over_at_most_two_days(rest: int, grade: int) -> None:
    counts = low_from(4, 7) | dict.fromkeys(range(11 + rest, 18 + rest), 400.0)
    assert grade_early(counts).grade == grade


def test_the_longest_spell_counts_and_the_others_add_nothing() -> None:
    counts = low_from(4, 6) | dict.fromkeys(range(14, 20), 400.0)
    assert grade_early(counts).reasons == ("ANC <= 500 cells/uL for 6 days, day 4 to 9",)


def test_a_joined_spell_from_day_3_to_30_is_grade_4() -> None:
    assert grade_early(low_from(3, 28) | {10: WELL, 11: WELL}).grade == 4
    assert grade_early(low_from(3, 28) | {10: WELL, 11: WELL, 12: WELL}).grade == 3


@pytest.mark.parametrize(("last", "at_least", "grade"), [(12, 2, 2), (13, 1, None)])
def test_a_gap_of_seven_days_is_filled_and_one_of_eight_is_not(
    last: int, at_least: int, grade: int | None
) -> None:
    counts = dict.fromkeys((0, 1, 2, 3), WELL) | {4: 400.0} | dict.fromkeys((last,), 400.0)
    counts |= dict.fromkeys(range(last + 1, 31), WELL)
    found = grade_early(counts)
    assert (found.at_least, found.grade) == (at_least, grade)
    assert found.missing == (() if grade else ("ANC of day 5 to 12",))


def test_filled_days_lie_on_the_line_between_the_counts() -> None:
    found = grade_early({0: 900.0, 8: 100.0} | dict.fromkeys(range(9, 31), WELL))
    # 900, 800, 700, 600, 500 on day 4, then 400 to 100 on day 8.
    assert found.reasons == ("ANC <= 500 cells/uL for 5 days, day 4 to 8",)
    assert found.notes == ("7 days without a count are filled between counts.",)


def test_a_count_after_day_30_fills_its_last_days_and_is_not_graded() -> None:
    counts = low_from(4, 0)
    del counts[29], counts[30]
    assert grade_early(counts).grade is None
    # 900 on day 28, then 600 and 300.
    assert grade_early(counts | {28: 900.0, 31: 0.0}).reasons == ("ANC <= 500 cells/uL for 1 day, day 30",)
    assert grade_early(low_from(4, 0) | {31: 0.0, -1: 0.0}).grade == 0
    assert grade_early(counts | {31: 1400.0}).reasons == (
        "no ANC <= 500 cells/uL; the lowest is 2000 on day 0",
    )


def test_counts_that_merely_stop_prove_what_was_seen() -> None:
    found = grade_early(dict.fromkeys(range(17), 400.0))
    assert (found.grade, found.at_least, found.at_most) == (None, 3, 4)
    assert found.missing == ("ANC of day 17 to 30",)
    assert found.sentence() == "Early ICAHT at least grade 3: ANC <= 500 cells/uL for 17 days, day 0 to 16."


def test_a_day_that_could_not_matter_is_not_asked_for() -> None:
    counts = low_from(10, 14, 50)
    del counts[0], counts[30]
    assert (grade_early(counts).grade, grade_early(counts).missing) == (4, ())


def test_days_before_the_first_count_are_open() -> None:
    found = grade_early(dict.fromkeys(range(1, 31), WELL))
    assert (found.grade, found.at_least, found.at_most) == (None, 0, 1)
    assert found.missing == ("ANC of day 0",)


@pytest.mark.parametrize("start", [0, 3])
def test_low_to_death_or_the_next_therapy_is_grade_4(start: int) -> None:
    counts = {day: 400.0 if day >= start else WELL for day in range(11)}
    assert grade_early(counts).at_least == 2
    for found in (grade_early(counts, last_day=10), grade_early(counts, next_therapy_day=10)):
        assert found.grade == 4
        assert found.reasons == (f"ANC <= 500 cells/uL from day {start} to the end of the window on day 10",)


def test_the_earlier_end_closes_the_window_and_later_counts_are_left_out() -> None:
    found = grade_early(dict.fromkeys(range(21), 400.0), last_day=20, next_therapy_day=12)
    assert found.reasons == ("ANC <= 500 cells/uL from day 0 to the end of the window on day 12",)
    assert found.notes == ("Counts after day 12, the end of observation, are left out: 8.",)
    assert grade_early(low_from(3, 28), last_day=31) == grade_early(low_from(3, 28))


def test_grade_0_tells_the_lowest_count() -> None:
    assert grade_early(low_from(8, 1, 501)).reasons == ("no ANC <= 500 cells/uL; the lowest is 501 on day 8",)


def test_both_rows_are_named_where_both_decide() -> None:
    found = grade_early(low_from(5, 14) | dict.fromkeys(range(5, 12), 90.0))
    assert found.reasons == (
        "ANC <= 500 cells/uL for 14 days, day 5 to 18",
        "ANC <= 100 cells/uL for 7 days, day 5 to 11",
    )


def test_no_count_in_the_window_is_not_gradable() -> None:
    for found in (grade_early({}), grade_early({-9: 400.0, 40: 400.0})):
        assert (found.grade, found.at_least, found.at_most) == (None, 0, 4)
        assert found.reasons == ("no ANC of day 0 to 30: not gradable",)
        assert found.missing == ("ANC of day 0 to 30",)
    assert grade_early({}, last_day=0).missing == ("ANC of day 0",)


def test_counts_that_look_like_another_unit_are_asked_about() -> None:
    note = "No count reaches 100 cells/uL and one is not whole: check the unit."
    assert note in grade_early({0: 0.5, 1: 4.2}).notes
    assert note in grade_late({40: 0.5}).notes
    assert note not in grade_early({0: 0.5, 1: 100.0}).notes
    assert note not in grade_early({0: 0.0, 1: 20.0}).notes


@pytest.mark.parametrize("anc", [-1.0, nan, inf])
def test_a_count_that_is_none_is_refused(anc: float) -> None:
    with pytest.raises(ValueError, match=r"The ANC of day 5 is .*: enter a count in cells/uL, 0 or more"):
        grade_early({5: anc})
    with pytest.raises(ValueError, match="The ANC of day 45"):
        grade_late({45: anc})


def test_an_end_before_the_infusion_is_refused() -> None:
    with pytest.raises(ValueError, match="ends on day -1, before the infusion"):
        grade_early({0: 400.0}, last_day=-1)
    with pytest.raises(ValueError, match="ends on day -2, before the infusion"):
        grade_late({40: 400.0}, last_day=50, next_therapy_day=-2)


@pytest.mark.parametrize(
    ("anc", "grade"),
    [
        (1500.1, 0),
        (1500, 1),
        (1000.1, 1),
        (1000, 2),
        (500.1, 2),
        (500, 3),
        (100.1, 3),
        (100, 4),
        (0, 4),
    ],
)
def test_late_is_graded_by_the_second_lowest_count(anc: float, grade: int) -> None:
    assert grade_late({40: 0.0, 50: anc, 60: 5000.0}).grade == grade
    assert grade_late({40: anc}).grade == grade


def test_late_counts_from_day_31_to_100() -> None:
    assert grade_late({30: 0.0, 31: 900.0, 101: 0.0}).grade == 2
    assert grade_late({31: 400.0, 100: 400.0}).grade == 3
    assert grade_late({30: 0.0, 101: 0.0}).reasons == ("no ANC of day 31 to 100: not gradable",)


def test_late_ends_at_the_next_therapy_progression_or_last_follow_up() -> None:
    counts = {40: 900.0, 50: 400.0, 51: 50.0, 52: 50.0}
    assert grade_late(counts, last_day=50).grade == 2
    assert grade_late(counts, next_therapy_day=51).grade == 3
    found = grade_late(counts, last_day=30)
    assert (found.grade, found.at_least, found.missing) == (None, 0, ())
    assert found.reasons == ("the window ended on day 30, before day 31: not gradable",)


def test_one_late_count_alone_says_so() -> None:
    found = grade_late({40: 400.0})
    assert found.notes == ("One count only: alone it is grade 3.",)
    assert found.sentence() == (
        "Late ICAHT grade 3: ANC 400 cells/uL on day 40. One count only: alone it is grade 3."
    )


def test_a_late_window_that_is_still_running_is_not_settled() -> None:
    two = grade_late({40: 400.0, 50: 450.0}, still_observed=True)
    assert (two.grade, two.at_least, two.at_most, two.missing) == (None, 3, 4, ("ANC of day 51 to 100",))
    assert grade_late({40: 400.0}, still_observed=True).at_least == 0
    assert grade_late({40: 90.0, 50: 100.0}, still_observed=True).grade == 4
    assert grade_late({40: 400.0, 100: 450.0}, still_observed=True).grade == 3
    assert grade_late({}, still_observed=True).grade is None


def test_the_lowest_count_of_a_day_is_kept() -> None:
    assert lowest_by_day([(3, 400.0), (4, 900.0), (3, 80.0), (3, 500.0)]) == {3: 80.0, 4: 900.0}


def test_the_lymphodepletion_else_the_second_infusion_is_the_next_therapy() -> None:
    assert next_therapy_day(40, 45) == 40
    assert next_therapy_day(None, 45) == 45
    assert next_therapy_day(0, 5) == 0
    assert next_therapy_day(None, None) is None


def test_the_parts_have_names() -> None:
    assert [part.label for part in Icaht] == ["Early ICAHT", "Late ICAHT"]
