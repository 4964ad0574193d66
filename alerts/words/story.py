"""What one notice may tell, as typed values: no free text, and the study code as the only identifier."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alerts.model import SignalKind
from alerts.states import EndedReason, NoticeKind
from grading.scale import Toxicity
from trial.calendar import SlotKind


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
    another  not this entry was changed, but one before it
    """

    observed_at: datetime
    entered_at: datetime
    was: Graded
    now: Graded | None
    moved: bool
    corrected_at: datetime
    corrected_by: str
    another: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """Another entry, observed before, that was made or corrected just now and changed the grade told of.

    drug  where it is no assessment but a treatment: `observed_at` is then when it began
    """

    observed_at: datetime
    entered_at: datetime
    corrected: bool
    drug: str | None = None


@dataclass(frozen=True, slots=True)
class Chase:
    """Who is called to answer an alert, and for how long nobody has. Groups are those of recipients.

    open_since       when it last became open
    before           who was told before since then: the moment, and who was first told at it
    times            how often it was told since then, this time included
    next_at          when it is told next unless somebody acknowledges; None where nobody else is told
    next_groups      who is told then, or "everyone"; `again`: those who were told so far
    acknowledged_at  the newest acknowledgement, and `held_for`, how long one holds
    """

    open_since: datetime
    at: datetime
    before: tuple[tuple[datetime, tuple[str, ...]], ...] = ()
    times: int = 1
    next_at: datetime | None = None
    next_groups: tuple[str, ...] = ()
    again: bool = False
    acknowledged_at: datetime | None = None
    held_for: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What every notice of an alert carries. `told` are the groups of its recipients."""

    kind: NoticeKind
    urgency: int
    alert_id: int
    number: int
    ruleset: str
    told: tuple[str, ...]
    app_url: str
    zone: ZoneInfo
    chase: Chase | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story(Telling):
    """Everything a notice of a grade may say. `observed_at` and `graded` are of the assessment it is about.

    rose_from  the settled grade that a rise is measured against; None where the alert is not of a rise
    died_at    the instant of a death that no entry of this course records
    """

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
    late_after: timedelta
    cause: Cause | None = None
    signal: SignalKind = SignalKind.GRADE_3
    rose_from: Known | None = None
    died_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Supported:
    """One assessment's support of pressure and oxygen, and why it has no CRS grade, in fixed words.

    grade           of CRS, as it stands; None where the entry counts no more
    ask_temperature the temperature is not recorded
    """

    observed_at: datetime
    entered_at: datetime
    signs: tuple[str, ...]
    why_ungraded: tuple[str, ...]
    grade: Graded | None
    ask_temperature: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportStory(Telling):
    """Support without a CRS grade.

    shown         the assessment it is about; of news, the one that ended it
    was           for a correction: what had been told of the entry
    moved         the entry belongs to another infusion or patient now; `another`: not this entry was
                  changed, but one before it
    """

    course: Course
    since: datetime
    shown: Supported
    ended: EndedReason | None
    late_after: timedelta
    was: Supported | None = None
    moved: bool = False
    another: bool = False
    corrected_at: datetime | None = None
    corrected_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsettledStory(Telling):
    """A toxicity that could be 3 or more. `graded` is the newest assessment's, None where none is left."""

    course: Course
    scale: Toxicity
    since: datetime
    at: datetime
    observed_at: datetime | None
    graded: Graded | None


@dataclass(frozen=True, slots=True)
class LateEntry:
    """The assessment that was missing at last, when it was observed and entered."""

    observed_at: datetime
    entered_at: datetime
    in_time: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedStory(Telling):
    """A due assessment that nobody has recorded.

    last_at   the newest of its kind; None where there is none after this infusion
    tried_at  an assessment since that did not do, and what it left open (`missing`); `refused`: its ICE was
              refused without an explanation
    entry     for the closing news: what came in late
    skipped   for the closing news: the reason why it was not done was recorded
    """

    course: Course
    slot: SlotKind
    due_at: datetime
    at: datetime
    last_at: datetime | None
    tried_at: datetime | None
    refused: bool
    missing: tuple[str, ...]
    entry: LateEntry | None = None
    skipped: bool = False
    late_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramStory(Telling):
    """Something about the program itself."""

    slot: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline(Telling):
    """What is known of a notice without asking how it came about; the day is the one of `at`.

    `course` is None for an alert of no course, `study_code` for one of no patient, `level` 0 where there is
    no grade.
    """

    signal: SignalKind
    slot: str
    level: int
    course: Course | None
    at: datetime
    study_code: str | None = None
