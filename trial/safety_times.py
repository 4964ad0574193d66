"""Times after an infusion, counted from courses: to the first grade of so much, onset, peak and duration."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from grading.scale import Toxicity
from trial.at_risk import Cause, number_at_risk
from trial.day_episodes import DaySummary, DurationSummary, summarise_days, summarise_durations
from trial.incidence import IncidenceCurve, cumulative_incidence
from trial.safety_rows import Course, Spells
from trial.safety_worst import courses_of

INCIDENCE_DAYS: Final = 30
"""Where the axis of a cumulative incidence ends on page and report, in days since the infusion."""

_COMPETED: Final = Cause.DEATH
"""All competing causes together, as one: the curve of the event is the same."""


@dataclass(frozen=True, slots=True)
class TimeTo:
    """When one patient's time at risk ended, and with what; days since the infusion."""

    code: str
    day: int
    cause: Cause


def time_to_grade(courses: Iterable[Course], at_least: int, window_days: int) -> tuple[TimeTo, ...]:
    """Each patient's time to the first grade of at least this, in the order of the courses.

    1. The first day with the grade is the event; on the day of a competing cause the event comes first.
    2. Death, the second infusion or new lymphoma therapy before it competes, when the patient was observed up
       to then: within the monitored days always, after them only while assessments went on to the day before.
    3. Else the time ends, censored, with the last day assessed, since nobody knows what came later; who was
       never assessed has no time at risk and is left out.
    """
    return tuple(found for one in courses if (found := _time_to(one, at_least, window_days)) is not None)


def _time_to(course: Course, at_least: int, window_days: int) -> TimeTo | None:
    competing = course.ends.first_competing()
    event = course.first_day(at_least)
    if event is not None and (competing is None or event <= competing[0]):
        return TimeTo(course.code, event, Cause.EVENT)
    last = course.last_assessed_day
    if competing is not None and competing[0] <= max(window_days, -1 if last is None else last + 1):
        return TimeTo(course.code, *competing)
    return None if last is None else TimeTo(course.code, last, Cause.CENSORED)


@dataclass(frozen=True, slots=True)
class GradeIncidence:
    """Cumulative incidence of the first grade of at least so much, after one infusion.

    times      of every patient at risk
    curve      of the grade; `competing` that of all competing causes together
    """

    toxicity: Toxicity
    number: int
    at_least: int
    times: tuple[TimeTo, ...]
    curve: IncidenceCurve
    competing: IncidenceCurve

    def at_risk(self, days: Sequence[int]) -> tuple[int, ...]:
        """How many patients are at risk at each of these days."""
        return number_at_risk([one.day for one in self.times], days)


def incidence_of(
    courses: Iterable[Course], toxicity: Toxicity, number: int, at_least: int, window_days: int
) -> GradeIncidence:
    """Cumulative incidence, by Aalen and Johansen, of the first grade of at least this after one infusion."""
    times = time_to_grade(courses_of(courses, toxicity, number), at_least, window_days)
    days = [one.day for one in times]
    competed = [_COMPETED if one.cause > Cause.EVENT else one.cause for one in times]
    return GradeIncidence(
        toxicity,
        number,
        at_least,
        times,
        cumulative_incidence(days, competed),
        cumulative_incidence(days, competed, _COMPETED),
    )


@dataclass(frozen=True, slots=True)
class TimeCourse:
    """Onset, peak and duration among those affected after one infusion."""

    toxicity: Toxicity
    number: int
    spells: tuple[Spells, ...]
    onset: DaySummary
    peak: DaySummary
    duration: DurationSummary

    @property
    def affected(self) -> tuple[Spells, ...]:
        """Those with a grade of 1 or more."""
        return tuple(one for one in self.spells if one.episodes)


def time_course(spells: Iterable[Spells], toxicity: Toxicity, number: int) -> TimeCourse:
    """Count and summarise the onset (grade 1 or more), the peak and the episodes of one toxicity."""
    chosen = sorted(
        (one for one in spells if one.course.toxicity is toxicity and one.course.number == number),
        key=lambda one: (one.course.infused_at, one.course.code),
    )
    return TimeCourse(
        toxicity,
        number,
        tuple(chosen),
        summarise_days([one.course.first_day(1) for one in chosen]),
        summarise_days([one.course.peak_day for one in chosen]),
        summarise_durations(episode for one in chosen for episode in one.episodes),
    )
