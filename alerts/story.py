"""What one notice may tell, as typed values: no free text, and the study code as the only identifier."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.difference import NoticeKind
from grading.scale import Toxicity


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade with its reasons, as it was stored."""

    grade: int | None
    at_least: int
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """The patient by study code, and which infusion."""

    study_code: str
    infusion_number: int
    infused_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """A grade known before or beside, and when it was observed."""

    grade: int | None
    at_least: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Correction:
    """An entry that was at grade 3 or more and is no longer, or less so.

    now      its grade today, None where the entry was withdrawn or belongs to another infusion
    moved    it belongs to another infusion or patient now
    """

    observed_at: datetime
    entered_at: datetime
    was: Graded
    now: Graded | None
    moved: bool
    corrected_at: datetime
    corrected_by: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Another entry, observed before, that was made or corrected just now and changed the grade told of."""

    observed_at: datetime
    entered_at: datetime
    corrected: bool


@dataclass(frozen=True, slots=True)
class Story:
    """Everything a notice may say. `observed_at` and `graded` are of the assessment it is about."""

    kind: NoticeKind
    urgency: int
    alert_id: int
    number: int
    scale: Toxicity
    level: int
    over: bool
    recovering: bool
    course: Course
    observed_at: datetime
    entered_at: datetime
    graded: Graded
    before: Known | None
    also_now: Known | None
    correction: Correction | None
    ruleset: str
    told: tuple[str, ...]
    app_url: str
    zone: ZoneInfo
    late_after: timedelta
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """What is known of a notice without asking how it came about; the day is the one of `at`."""

    kind: NoticeKind
    urgency: int
    alert_id: int
    number: int
    scale: Toxicity
    level: int
    course: Course
    at: datetime
    told: tuple[str, ...]
    app_url: str
    zone: ZoneInfo
