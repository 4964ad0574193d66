"""Onset, peak and duration of a toxicity after one infusion, from the worst grade of each day.

Days are `days_since_infusion`: the day of the infusion is 0. A day nobody assessed, or on which nothing is
proved and something is missing, has no grade (None): it is never a day without toxicity, so it neither ends
nor begins an episode.
"""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from trial.survival import Median, kaplan_meier

DailyGrades = Mapping[int, int | None]
"""days_since_infusion -> worst grade of the day; None, or no such day, where no grade is known."""


class Ending(Enum):
    """How an episode ended, or that it has not."""

    ENDED = "ended"
    ONGOING = "ongoing"
    DIED = "died"


@dataclass(frozen=True, slots=True)
class DayEpisode:
    """A stretch of days at or above a grade, with no lower grade recorded in between.

    first_day, last_day  first and last day on which the grade was recorded
    ending               ENDED where a later day is recorded below the grade; a death is never a recovery
    """

    first_day: int
    last_day: int
    ending: Ending

    @property
    def days_so_far(self) -> int:
        """Last minus first day + 1; a duration only where the episode has ended."""
        return self.last_day - self.first_day + 1

    @property
    def duration_days(self) -> int | None:
        """Days from the first to the last, both counted; None while ongoing and after a death."""
        return self.days_so_far if self.ending is Ending.ENDED else None


@dataclass(frozen=True, slots=True)
class DaySummary:
    """Days among the patients affected, with the number they stand for; None where nobody is."""

    patients: int
    median: float | None
    earliest: int | None
    latest: int | None


@dataclass(frozen=True, slots=True)
class DurationSummary:
    """How long episodes last. The median lets ongoing ones and deaths count as "longer than so far"."""

    ended: int
    ongoing: int
    died: int
    median: Median


def onset_day(grades: DailyGrades, at_least: int = 1) -> int | None:
    """First day with this grade or more; None where there is none."""
    return min((day for day, grade in _known(grades) if grade >= at_least), default=None)


def peak_day(grades: DailyGrades) -> int | None:
    """First day of the worst grade; None where no grade is above 0."""
    worst = max((grade for _, grade in _known(grades)), default=0)
    return onset_day(grades, worst) if worst > 0 else None


def day_episodes(
    grades: DailyGrades, at_least: int = 1, died_on_day: int | None = None
) -> tuple[DayEpisode, ...]:
    """The episodes at or above a grade, earliest first; empty where there is none.

    Args:
        grades: worst grade of each day up to the data cut-off.
        at_least: lowest grade that belongs to an episode.
        died_on_day: day of death; an episode that had not ended before is shown as ending with it.
    """
    unfinished = Ending.ONGOING if died_on_day is None else Ending.DIED
    found: list[DayEpisode] = []
    current: list[int] = []
    for day, grade in _known(grades):
        if grade >= at_least:
            current.append(day)
        elif current:
            found.append(DayEpisode(current[0], current[-1], Ending.ENDED))
            current = []
    if current:
        found.append(DayEpisode(current[0], current[-1], unfinished))
    return tuple(found)


def summarise_days(days: Sequence[int | None]) -> DaySummary:
    """Median, earliest and latest day among those affected; None stands for a patient who is not."""
    known = [day for day in days if day is not None]
    if not known:
        return DaySummary(0, None, None, None)
    return DaySummary(len(known), statistics.median(known), min(known), max(known))


def summarise_durations(episodes: Iterable[DayEpisode]) -> DurationSummary:
    """Count how episodes ended and estimate their median duration in days (Kaplan-Meier).

    Where all have ended it is the plain median.
    """
    every = list(episodes)
    ended = [episode.ending is Ending.ENDED for episode in every]
    curve = kaplan_meier([episode.days_so_far for episode in every], ended)
    return DurationSummary(
        ended=sum(ended),
        ongoing=sum(episode.ending is Ending.ONGOING for episode in every),
        died=sum(episode.ending is Ending.DIED for episode in every),
        median=curve.median,
    )


def _known(grades: DailyGrades) -> list[tuple[int, int]]:
    return sorted((day, grade) for day, grade in grades.items() if grade is not None)
