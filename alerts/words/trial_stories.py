"""What a notice of the trial may tell: a barred second infusion, a stopping rule, a serious event's report.

Typed values and closed words only, the study codes excepted; the words of a rule are the protocol's.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from alerts.words.story import Correction, Course, Telling
from grading.scale import Toxicity
from trial.event_facts import SeriousCriterion
from trial.stopping_rules import ReadBy


@dataclass(frozen=True, slots=True)
class Reached:
    """The worst grade of one toxicity after the first infusion, and when it was first observed.

    `grade` is None while that assessment is not settled.
    """

    scale: Toxicity
    grade: int | None
    at_least: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Corrected:
    """The entry that no longer bars: what it was and is."""

    scale: Toxicity
    correction: Correction


@dataclass(frozen=True, slots=True, kw_only=True)
class BarStory(Telling):
    """The bar of the second infusion.

    reached      the toxicities that reached the bar, the worst first; empty where none stands any more
    at           now
    day_of       the moment whose day after the first infusion the mail names
    releases     how many investigators have released the grades as they are, of `needed`
    by           of an attempt: who made it, by role
    second_at    when a second infusion was given, if one was
    corrected    of a correction: the entry behind it
    """

    course: Course
    reached: tuple[Reached, ...]
    at: datetime
    day_of: datetime
    releases: int
    needed: int
    by: str
    second_at: datetime | None
    corrected: Corrected | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleStory(Telling):
    """A stopping rule of the protocol.

    words, version  the protocol's
    events, n       counted so far at the look that stops, and `stop_at`, its limit; 0, 0, None where the rule
                    is not reached any more
    read_by         the reading that says so; None likewise
    codes           study codes of the patients whose events count
    infusion        the infusion that is counted, and `window_days`, for how long
    pending         patients whose window is still open
    decision        what the committee decided, of the closing news
    """

    words: str
    version: str
    events: int
    n: int
    look: int | None
    stop_at: int | None
    read_by: ReadBy | None
    codes: tuple[str, ...]
    infusion: int
    window_days: int
    pending: int
    decision: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SaeStory(Telling):
    """The report of a serious event; its term is left out, because a person may have typed it.

    course         the infusion it is counted under; None before the first
    due_at         when the report is overdue
    reported_at    when it was reported, of the closing news
    unreported_at  when a report that had been entered was last withdrawn
    withdrawn      of a correction: the whole event was withdrawn, and not only judged not serious
    """

    study_code: str
    course: Course | None
    grade: int
    criteria: tuple[SeriousCriterion, ...]
    onset_on: date
    aware_at: datetime
    due_at: datetime
    at: datetime
    reported_at: datetime | None
    unreported_at: datetime | None
    withdrawn: bool
    corrected_by: str

    @property
    def left(self) -> timedelta:
        """How long the report may still take; negative once it is overdue."""
        return self.due_at - self.at
