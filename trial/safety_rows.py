"""One toxicity of one patient after one infusion, as the committee's numbers are counted from.

Everything here is as of a data cut-off: what happened later is not in it. Days count from the infusion the
row belongs to, which is day 0.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from grading.scale import Toxicity
from trial.at_risk import Cause
from trial.day_episodes import DayEpisode, Ending

GRADES: Final = range(6)
"""Grades of a toxicity, 0 to 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseEnds:
    """What ends the time after an infusion, in days since it; None has not happened by the cut-off."""

    died: int | None = None
    second_infusion: int | None = None
    new_therapy: int | None = None

    def first_competing(self) -> tuple[int, Cause] | None:
        """The earliest of them; a death on the day of another is the death."""
        known = [
            (day, cause)
            for day, cause in (
                (self.died, Cause.DEATH),
                (self.second_infusion, Cause.SECOND_INFUSION),
                (self.new_therapy, Cause.NEW_THERAPY),
            )
            if day is not None
        ]
        return min(known, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One toxicity of one patient after one infusion.

    code               study code
    number             1 or 2: the infusion
    infused_at         gives the order of infusion
    days               days from the infusion to the cut-off
    first_days         first day with a proved grade of at least 1, 2, 3, 4, 5; None where there is none
    last_assessed_day  None where nobody has assessed the patient
    is_graded          whether any grade is proved on any day; False is never a grade 0
    """

    code: str
    number: int
    toxicity: Toxicity
    infused_at: datetime
    days: int
    first_days: tuple[int | None, int | None, int | None, int | None, int | None]
    last_assessed_day: int | None
    is_graded: bool
    ends: CourseEnds = CourseEnds()

    @property
    def worst(self) -> int | None:
        """The worst proved grade; None where nothing is proved."""
        reached = [grade for grade in GRADES[1:] if self.first_day(grade) is not None]
        return max(reached, default=0 if self.is_graded else None)

    @property
    def peak_day(self) -> int | None:
        """First day of the worst grade; None where no grade is above 0."""
        return self.first_day(self.worst) if self.worst else None

    def first_day(self, at_least: int) -> int | None:
        """First day with this grade (1 to 5) or more."""
        return self.first_days[at_least - 1]

    def is_complete(self, window_days: int) -> bool:
        """Whether the window has closed. It runs on after an event or a death, and closes for all alike."""
        return self.days > window_days


@dataclass(frozen=True, slots=True, kw_only=True)
class Spells:
    """The episodes of grade 1 or more of one course, earliest first."""

    course: Course
    episodes: tuple[DayEpisode, ...]

    @property
    def ending(self) -> Ending | None:
        """How the last of them ended; None where there is none."""
        return self.episodes[-1].ending if self.episodes else None
