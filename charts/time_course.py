"""Onset, peak and duration: a lane for each affected patient, a panel for each infusion, same days in both.

A thick line runs from the first to the last day of an episode of grade 1 or more; the tile on it is the peak.
An episode that goes on ends in an arrow, one that death ended in a cross: neither is counted as over.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from charts import figure as look
from charts.panels import CENTRE, LEFT, RIGHT, Word, words
from grading.colours import THEME_COLOURS
from grading.scale import Toxicity
from trial.day_episodes import DaySummary, Ending
from trial.safety_rows import Spells
from trial.safety_times import TimeCourse
from trial.survival import Median

LANE_PX: Final = 24
TOP: Final = 8
_HEAD: Final = 3.2
"""Room above the lanes of a toxicity, in lanes: two lines of words and the days."""
_GAP: Final = 2.5
"""Between the panels of two infusions, in days."""
_ENDS: Final = {Ending.ENDED: "line-ns", Ending.ONGOING: "triangle-right", Ending.DIED: "x"}
_BY_NUMBER: Final = {1: "first infusion", 2: "second infusion"}


@dataclass(frozen=True, slots=True)
class _Plane:
    """Where lanes and days stand; y runs down in lanes."""

    courses: Sequence[TimeCourse]
    last_day: int
    shown: Collection[str]

    @property
    def numbers(self) -> list[int]:
        return list(dict.fromkeys(one.number for one in self.courses))

    @property
    def toxicities(self) -> list[Toxicity]:
        return list(dict.fromkeys(one.toxicity for one in self.courses))

    def codes(self, toxicity: Toxicity) -> list[str]:
        """Whose lanes stand here: affected after any infusion that is shown."""
        of_both = (
            one for course in self.courses if course.toxicity is toxicity for one in self.affected(course)
        )
        return sorted({one.course.code for one in of_both})

    def affected(self, course: TimeCourse) -> list[Spells]:
        """Those with a lane."""
        return [one for one in course.affected if one.course.code in self.shown]

    def top(self, toxicity: Toxicity) -> float:
        """Where the lanes of a toxicity begin."""
        before = self.toxicities[: self.toxicities.index(toxicity)]
        return _HEAD + sum(_HEAD + max(1, len(self.codes(one))) for one in before)

    @property
    def height(self) -> float:
        return sum(_HEAD + max(1, len(self.codes(one))) for one in self.toxicities)

    def x(self, number: int, day: float) -> float:
        return self.numbers.index(number) * (self.last_day + 1 + _GAP) + day

    def y(self, spells: Spells) -> float:
        course = spells.course
        return self.top(course.toxicity) + self.codes(course.toxicity).index(course.code)


def affected_codes(courses: Sequence[TimeCourse]) -> list[str]:
    """Who is affected by anything, by study code."""
    return sorted({one.course.code for course in courses for one in course.affected})


def draw_time_course(
    courses: Sequence[TimeCourse], shown: Collection[str], last_day: int, theme: str
) -> look.Drawn:
    """The figure. Its words count everyone; the axis is as long for each part of the patients.

    Args:
        courses: of every toxicity and infusion that is shown, in the order of the panels.
        shown: the study codes that have a lane, where they are affected.
        last_day: last monitored day; the axis is longer where an episode is.
        theme: "light" or "dark".
    """
    seen = [episode.last_day for one in courses for spell in one.affected for episode in spell.episodes]
    plane = _Plane(courses, max([last_day, *seen]), frozenset(shown))
    lanes = [
        (one, plane.x(one.course.number, 0), plane.y(one))
        for course in courses
        for one in plane.affected(course)
    ]
    soft = THEME_COLOURS[theme].soft_text
    traces = [
        _frames(plane, theme),
        _episodes(lanes, soft),
        _ends(lanes, soft),
        *_peaks(lanes, theme),
        words(theme, list(_days(plane)), soft=True, position=CENTRE),
        words(theme, list(_names(plane)), position=LEFT, size=13),
        words(theme, list(_heads(plane)), position=RIGHT, size=14),
        words(theme, list(_summaries(plane)), position=RIGHT, size=12),
    ]
    bare = {"showgrid": False, "showticklabels": False}
    last = plane.x(plane.numbers[-1], plane.last_day) if courses else last_day
    layout = look.base_layout(theme, round(TOP + LANE_PX * max(1, plane.height) + 8)) | {
        "margin": {"l": 0, "r": 0, "t": TOP, "b": 8},
        "xaxis": look.plain_axis(theme, range=[-0.14 * (last + 1), last + 1], **bare),
        "yaxis": look.plain_axis(theme, range=[plane.height - 0.5, -0.5], **bare),
    }
    return look.finished(traces, layout)


_Lanes = Sequence[tuple[Spells, float, float]]


def _frames(plane: _Plane, theme: str) -> go.Scatter:
    """A faint line for each lane in each panel."""
    x: list[float | None] = []
    y: list[float | None] = []
    for toxicity in plane.toxicities:
        for lane in range(len(plane.codes(toxicity))):
            for number in plane.numbers:
                x += [plane.x(number, -0.5), plane.x(number, plane.last_day + 0.5), None]
                y += [plane.top(toxicity) + lane] * 2 + [None]
    line = {"color": look.rgba(THEME_COLOURS[theme].border, 0.4), "width": 1}
    return go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip")


def _episodes(lanes: _Lanes, colour: str) -> go.Scatter:
    x: list[float | None] = []
    y: list[float | None] = []
    for spells, left, lane in lanes:
        for episode in spells.episodes:
            x += [left + episode.first_day - 0.4, left + episode.last_day + 0.4, None]
            y += [lane, lane, None]
    return go.Scatter(x=x, y=y, mode="lines", line={"color": colour, "width": 7}, hoverinfo="skip")


def _ends(lanes: _Lanes, colour: str) -> go.Scatter:
    spots = [
        (left + episode.last_day + 0.5, lane, _ENDS[episode.ending])
        for spells, left, lane in lanes
        for episode in spells.episodes
    ]
    return go.Scatter(
        x=[x for x, *_ in spots],
        y=[y for _, y, _ in spots],
        mode="markers",
        marker={
            "symbol": [symbol for *_, symbol in spots],
            "size": 15,
            "color": colour,
            "line": {"width": 2, "color": colour},
        },
        hoverinfo="skip",
    )


def _peaks(lanes: _Lanes, theme: str) -> Iterator[go.Scatter]:
    texts = [str(spells.course.worst) for spells, *_ in lanes]
    for colour, positions in look.by_text_colour(theme, texts).items():
        chosen = [lanes[position] for position in positions]
        yield go.Scatter(
            x=[left + (spells.course.peak_day or 0) for spells, left, _ in chosen],
            y=[lane for *_, lane in chosen],
            text=[look.bold_from_3(texts[position]) for position in positions],
            mode="markers+text",
            textfont={"color": colour, "size": 13},
            marker={
                "symbol": "square",
                "size": 19,
                "color": [look.tile_colour(theme, texts[position]) for position in positions],
                "line": {"width": 1, "color": THEME_COLOURS[theme].background},
            },
            customdata=[[spells.course.code, _lane_words(spells)] for spells, *_ in chosen],
            hovertemplate="%{customdata[1]}<extra></extra>",
        )


def _lane_words(spells: Spells) -> str:
    course = spells.course
    episodes = "; ".join(
        f"day {one.first_day} to {one.last_day}"
        + {Ending.ENDED: "", Ending.ONGOING: ", going on", Ending.DIED: ", until death"}[one.ending]
        for one in spells.episodes
    )
    where = f"{course.code}, {course.toxicity.label}, {_BY_NUMBER[course.number]}"
    return f"{where}: worst grade {course.worst} on day {course.peak_day}; {episodes}"


def _days(plane: _Plane) -> Iterator[Word]:
    for toxicity in plane.toxicities:
        for number in plane.numbers:
            for day in range(0, plane.last_day + 1, 2 if plane.last_day <= 20 else 7):
                yield Word(plane.x(number, day), plane.top(toxicity) - 0.9, str(day))


def _names(plane: _Plane) -> Iterator[Word]:
    for toxicity in plane.toxicities:
        for lane, code in enumerate(plane.codes(toxicity)):
            yield Word(-0.7, plane.top(toxicity) + lane, look.short_code(code))


def _heads(plane: _Plane) -> Iterator[Word]:
    for one in plane.courses:
        affected = f"{len(one.affected)} of {len(one.spells)} affected" if one.spells else "nobody infused"
        text = f"<b>{one.toxicity.label}</b>, {_BY_NUMBER[one.number]}: {affected}"
        yield Word(plane.x(one.number, -0.5), plane.top(one.toxicity) - 2.6, text)


def _summaries(plane: _Plane) -> Iterator[Word]:
    for one in plane.courses:
        if one.affected:
            yield Word(plane.x(one.number, -0.5), plane.top(one.toxicity) - 1.75, summary_words(one))


def summary_words(one: TimeCourse) -> str:
    """ "median onset day 2 (1 to 5), peak day 3 (2 to 6), duration 6 days"."""
    return (
        f"median onset {_day_words(one.onset)}, peak {_day_words(one.peak)}, "
        f"duration {duration_words(one.duration.median)}"
    )


def _day_words(summary: DaySummary) -> str:
    return f"day {summary.median:g} ({summary.earliest} to {summary.latest})"


def duration_words(median: Median) -> str:
    """ "6 days"; "NR" while fewer than half of the episodes are over."""
    return "NR" if median.day is None else f"{median.day:g} {'day' if median.day == 1 else 'days'}"
