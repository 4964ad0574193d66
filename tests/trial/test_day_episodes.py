"""Onset, peak and duration of a toxicity, day by day: a day without a grade proves nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trial.day_episodes import (
    DayEpisode,
    DaySummary,
    DurationSummary,
    Ending,
    day_episodes,
    onset_day,
    peak_day,
    summarise_days,
    summarise_durations,
)
from trial.survival import Median


def course(text: str) -> dict[int, int | None]:
    """Worst grade of each day from Day 0; "-" is a day without a grade."""
    return {day: None if grade == "-" else int(grade) for day, grade in enumerate(text)}


@pytest.mark.parametrize(
    ("grades", "onset_1", "onset_2", "onset_3", "peak"),
    [
        ("", None, None, None, None),
        ("----", None, None, None, None),
        ("0000", None, None, None, None),
        ("1000", 0, None, None, 0),
        ("0112331", 1, 3, 4, 4),
        ("00-2-1", 3, 3, None, 3),
        ("003", 2, 2, 2, 2),
    ],
)
def test_onset_and_peak(
    grades: str, onset_1: int | None, onset_2: int | None, onset_3: int | None, peak: int | None
) -> None:
    found = [onset_day(course(grades), at_least) for at_least in (1, 2, 3)]
    assert found == [onset_1, onset_2, onset_3]
    assert peak_day(course(grades)) == peak


@pytest.mark.parametrize(
    ("grades", "died_on_day", "episodes"),
    [
        ("", None, []),
        ("0000", None, []),
        ("0000", 3, []),
        ("01210", None, [(1, 3, Ending.ENDED)]),
        ("1", None, [(0, 0, Ending.ONGOING)]),
        ("5", 0, [(0, 0, Ending.DIED)]),
        ("0122", None, [(1, 3, Ending.ONGOING)]),
        ("0122", 5, [(1, 3, Ending.DIED)]),
        ("01220", 5, [(1, 3, Ending.ENDED)]),
        ("0122--", None, [(1, 3, Ending.ONGOING)]),
        ("01--20", None, [(1, 4, Ending.ENDED)]),
        ("01--0", None, [(1, 1, Ending.ENDED)]),
        ("010201", None, [(1, 1, Ending.ENDED), (3, 3, Ending.ENDED), (5, 5, Ending.ONGOING)]),
        ("0101", 9, [(1, 1, Ending.ENDED), (3, 3, Ending.DIED)]),
    ],
)
def test_episodes_by_day(
    grades: str, died_on_day: int | None, episodes: list[tuple[int, int, Ending]]
) -> None:
    assert day_episodes(course(grades), died_on_day=died_on_day) == tuple(
        DayEpisode(*one) for one in episodes
    )


def test_an_episode_of_a_higher_grade_ends_with_a_lower_one() -> None:
    assert day_episodes(course("0123210"), at_least=3) == (DayEpisode(3, 3, Ending.ENDED),)
    assert day_episodes(course("0123210"), at_least=2) == (DayEpisode(2, 4, Ending.ENDED),)


def test_the_days_may_come_in_any_order() -> None:
    assert day_episodes({4: 0, 2: 1, 3: 2}) == (DayEpisode(2, 3, Ending.ENDED),)


def test_only_an_ended_episode_has_a_duration() -> None:
    assert DayEpisode(2, 6, Ending.ENDED).duration_days == 5
    for ending in (Ending.ONGOING, Ending.DIED):
        assert DayEpisode(2, 6, ending).duration_days is None
        assert DayEpisode(2, 6, ending).days_so_far == 5


def test_a_summary_of_days_is_of_those_affected() -> None:
    assert summarise_days([3, None, 1, 2, None, 8]) == DaySummary(4, 2.5, 1, 8)
    assert summarise_days([None, None]) == summarise_days([]) == DaySummary(0, None, None, None)


def test_where_all_episodes_have_ended_the_median_duration_is_the_plain_one() -> None:
    ended = [DayEpisode(1, last, Ending.ENDED) for last in (2, 4, 6, 10)]
    summary = summarise_durations(ended)
    assert (summary.ended, summary.ongoing, summary.died, summary.median.day) == (4, 0, 0, 5)


def test_ongoing_episodes_and_deaths_never_count_as_ended() -> None:
    episodes = [
        DayEpisode(0, 1, Ending.ENDED),
        DayEpisode(0, 4, Ending.ONGOING),
        DayEpisode(0, 6, Ending.DIED),
    ]
    summary = summarise_durations(episodes)
    assert (summary.ended, summary.ongoing, summary.died) == (1, 1, 1)
    assert summary.median.day is None


def test_without_an_episode_there_is_no_duration() -> None:
    assert summarise_durations([]) == DurationSummary(0, 0, 0, Median(None, None, None))


@given(
    grades=st.dictionaries(st.integers(0, 30), st.none() | st.integers(0, 5), max_size=31),
    at_least=st.integers(1, 4),
    died_on_day=st.none() | st.integers(0, 40),
)
def test_every_day_at_the_grade_lies_in_exactly_one_episode(
    grades: dict[int, int | None], at_least: int, died_on_day: int | None
) -> None:
    episodes = day_episodes(grades, at_least, died_on_day)
    high = {day for day, grade in grades.items() if grade is not None and grade >= at_least}
    low = {day for day, grade in grades.items() if grade is not None and grade < at_least}
    spans = [range(one.first_day, one.last_day + 1) for one in episodes]
    for day in high:
        assert sum(day in span for span in spans) == 1
    assert not any(day in span for day in low for span in spans)
    assert all(one.ending is Ending.ENDED for one in episodes[:-1])
    if episodes:
        assert episodes[0].first_day == onset_day(grades, at_least)
        assert (episodes[-1].ending is Ending.ENDED) == (max(high) < max(low, default=-1))
        unfinished = Ending.ONGOING if died_on_day is None else Ending.DIED
        assert episodes[-1].ending in (Ending.ENDED, unfinished)
