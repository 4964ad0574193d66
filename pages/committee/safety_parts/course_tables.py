"""The tables behind onset, peak, duration and cumulative incidence: a line for each patient."""

from collections.abc import Collection, Sequence
from typing import Final

from charts.time_course import duration_words, summary_words
from grading.scale import Toxicity
from pages.committee.safety_parts.links import patient_link
from pages.parts import tiles
from pages.parts.wording import infusion_words
from trial.at_risk import Cause
from trial.day_episodes import DayEpisode, Ending
from trial.safety_rows import Spells
from trial.safety_times import GradeIncidence, TimeCourse

_ENDS: Final = {Ending.ENDED: "", Ending.ONGOING: ", going on", Ending.DIED: ", until death"}
_CAUSES: Final = {
    Cause.CENSORED: "censored",
    Cause.EVENT: "the grade",
    Cause.DEATH: "death",
    Cause.SECOND_INFUSION: "second infusion",
    Cause.NEW_THERAPY: "new therapy",
}


def time_course_tables(courses: Sequence[TimeCourse], shown: Collection[str]) -> str:
    """One table for each toxicity and infusion: the affected who are shown; its words count everyone."""
    codes = frozenset(shown)
    return "".join(_time_course_table(one, codes) for one in courses)


def _time_course_table(one: TimeCourse, shown: Collection[str]) -> str:
    head = f"{one.toxicity.label}, {infusion_words(one.number)}"
    counts = f"{len(one.affected)} of {len(one.spells)} affected"
    if not one.affected:
        return tiles.piece("p", text=f"{head}: {counts}.", classes="vigil-text")
    ended = (
        f"{one.duration.ended} episodes over, {one.duration.ongoing} going on, "
        f"{one.duration.died} ended by death; median duration {duration_words(one.duration.median)}"
    )
    rows = [
        [
            patient_link(spells.course.code, one.number),
            tiles.cell(str(spells.course.first_day(1))),
            _first_days(spells),
            tiles.cell(f"grade {spells.course.worst} on day {spells.course.peak_day}"),
            tiles.cell("; ".join(_episode(episode) for episode in spells.episodes)),
        ]
        for spells in one.affected
        if spells.course.code in shown
    ]
    heads = ("Patient", "Onset, day", "First ≥2, ≥3", "Peak", "Episodes")
    return tiles.table(f"{head}: {counts}; {summary_words(one)}; {ended}", heads, rows, numbers=True)


def _first_days(spells: Spells) -> str:
    days = (spells.course.first_day(grade) for grade in (2, 3))
    return tiles.cell(", ".join("none" if day is None else f"day {day}" for day in days))


def _episode(episode: DayEpisode) -> str:
    lasted = "" if episode.duration_days is None else f" ({episode.duration_days} d)"
    return f"day {episode.first_day} to {episode.last_day}{lasted}{_ENDS[episode.ending]}"


def incidence_table(curves: Sequence[GradeIncidence]) -> str:
    """The steps of each curve with their limits, and when each patient's time at risk ended, and how."""
    panels: dict[tuple[Toxicity, int], list[GradeIncidence]] = {}
    for one in curves:
        panels.setdefault((one.toxicity, one.number), []).append(one)
    return "".join(
        "".join(_steps_table(one) for one in panel) + _times_table(panel) for panel in panels.values()
    )


def _steps_table(one: GradeIncidence) -> str:
    if not one.curve.steps:
        words = f"{_head(one)}: no event among {len(one.times)} at risk."
        return tiles.piece("p", text=words, classes="vigil-text")
    rows = [
        [
            tiles.cell(f"Day {step.day:g}"),
            tiles.cell(str(step.at_risk)),
            tiles.cell(str(step.events)),
            tiles.cell(f"{100 * step.incidence:.0f} %"),
            tiles.cell(_limits(step.low, step.high)),
        ]
        for step in one.curve.steps
    ]
    heads = ("From", "At risk", "Events", "Incidence", "95 % limits")
    return tiles.table(f"{_head(one)}: cumulative incidence", heads, rows, numbers=True)


def _times_table(panel: Sequence[GradeIncidence]) -> str:
    """One line for each patient, one column for each grade; all curves of a panel have the same patients."""
    first = panel[0]
    if not first.times:
        return ""
    ends = [{time.code: f"day {time.day}, {_CAUSES[time.cause]}" for time in one.times} for one in panel]
    rows = [
        [patient_link(time.code, first.number), *(tiles.cell(end[time.code]) for end in ends)]
        for time in first.times
    ]
    caption = f"{first.toxicity.label}, {infusion_words(first.number)}: what ended each time at risk"
    heads = ("Patient", *(f"To grade ≥{one.at_least}" for one in panel))
    return tiles.table(caption, heads, rows, numbers=True)


def _head(one: GradeIncidence) -> str:
    return f"{one.toxicity.label} grade {one.at_least} or more, {infusion_words(one.number)}"


def _limits(low: float | None, high: float | None) -> str:
    return "none" if low is None or high is None else f"{100 * low:.0f} to {100 * high:.0f} %"
