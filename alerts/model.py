"""The values that alerts are made from, pure: the facts of a course, and the signals found in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from grading.scale import Toxicity
from trial.calendar import GradePoint, Recorded, SlotKind, StayPeriod
from trial.second_infusion_facts import Release

CLOCK_ERROR: Final = timedelta(minutes=2)
"""An instant stored further ahead than this was written by a clock that was wrong."""

ALERT_GRADE: Final = 3
"""From this grade on, the people of the escalation plan are told."""


class SignalKind(StrEnum):
    """What is wrong.

    `barred`, `boundary` and `sae_clock` are latched: they stand until a person releases, decides or reports,
    whatever time brings.
    """

    GRADE_3 = "grade3"
    RISE_2 = "rise2"
    SUPPORT_UNGRADED = "support_ungraded"
    UNSETTLED = "unsettled"
    MISSED = "missed"
    BARRED = "barred"
    BOUNDARY = "boundary"
    SAE_CLOCK = "sae_clock"
    SYSTEM = "system"

    @property
    def is_episode(self) -> bool:
        """Whether it belongs to assessments, and is taken back where they are corrected."""
        return self in (
            SignalKind.GRADE_3,
            SignalKind.RISE_2,
            SignalKind.SUPPORT_UNGRADED,
            SignalKind.BARRED,
        )

    @property
    def is_latched(self) -> bool:
        """Whether only a person ends it."""
        return self in (SignalKind.BARRED, SignalKind.BOUNDARY, SignalKind.SAE_CLOCK)


class SignalState(StrEnum):
    """How an episode stands after its last assessment."""

    FIRING = "firing"
    RECOVERING = "recovering"
    RECOVERED = "recovered"
    DIED = "died"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    JUDGED = "judged"
    GRADED = "graded"
    GONE = "gone"
    LEFT = "left"
    RELEASED = "released"
    DECIDED = "decided"
    REPORTED = "reported"

    @property
    def over(self) -> bool:
        """Whether nothing is expected of anyone any more."""
        return self not in (SignalState.FIRING, SignalState.RECOVERING)


class Support(IntEnum):
    """What holds the patient's pressure or oxygen up, whatever its cause."""

    NONE = 0
    LIGHT = 1
    """A low reading, a bolus, or low-flow oxygen."""
    STRONG = 2
    """A vasopressor, a mask, high flow or positive pressure."""


@dataclass(frozen=True, slots=True)
class FactGrade:
    """One stored grade: `grade` is None while something not recorded could raise it, up to `at_most`.

    `closes` is False for a judgement that no investigator has confirmed: it ends no episode.
    """

    grade: int | None
    at_least: int
    closes: bool = True
    at_most: int = 4


@dataclass(frozen=True, slots=True)
class AssessmentFact:
    """The current version of one assessment. `stable_id` lasts over its versions.

    support   what was charted, whatever was attributed or judged
    judged    an investigator has said what the support is for
    ice_met   a score, all five items, or why the ICE was not done; `ice_asked_again_at`: from when on that
              reason counts for nothing, None where it stands
    """

    stable_id: str
    assessment_id: int
    version: int
    assessed_at: datetime
    entered_at: datetime
    crs: FactGrade
    icans: FactGrade
    died: bool = False
    support: Support = Support.NONE
    judged: bool = False
    ice_met: bool = False
    ice_asked_again_at: datetime | None = None

    def of(self, scale: Toxicity) -> FactGrade:
        """The grade on one scale."""
        return self.crs if scale is Toxicity.CRS else self.icans

    def recorded(self) -> Recorded:
        """What it did of what was due: vital signs are done when CRS is settled, or proved grave."""
        settled = self.crs.grade is not None or self.crs.at_least >= ALERT_GRADE
        return Recorded(self.assessed_at, settled, self.ice_met, self.ice_asked_again_at)

    def grade_point(self) -> GradePoint:
        """Both grades, for the calendar."""
        return GradePoint(
            self.assessed_at, self.crs.grade, self.crs.at_least, self.icans.grade, self.icans.at_least
        )


@dataclass(frozen=True, slots=True)
class Monitoring:
    """What decides when the patient is monitored and assessments are due.

    ended_at  a death, a withdrawal or the next infusion
    died_at   the patient's death, whichever record holds it
    skipped   due assessments that were not done, with a reason that still counts
    """

    infused_at: datetime
    zone: ZoneInfo
    stays: tuple[StayPeriod, ...] = ()
    skipped: frozenset[tuple[SlotKind, datetime]] = frozenset()
    ended_at: datetime | None = None
    died_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """What decides about the bar of the second infusion besides the grades of the first.

    releases      by investigators, each for grades up to those it was signed under
    withdrawn     the patient has left the trial: no second infusion will be given
    second_at     when a second infusion was given all the same, or before the grade was known
    """

    releases: tuple[Release, ...] = ()
    withdrawn: bool = False
    second_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """The assessments after one infusion that stand today: voided and superseded ones left out.

    Without `monitoring` only the episodes of a grade can be found. `bar` is of the first infusion only.
    """

    infusion_id: int
    assessments: tuple[AssessmentFact, ...]
    monitoring: Monitoring | None = None
    bar: Bar | None = None

    @property
    def died_at(self) -> datetime | None:
        """When the patient died, where that is known besides the course's own assessments."""
        return self.monitoring.died_at if self.monitoring else None

    @property
    def in_order(self) -> list[AssessmentFact]:
        """By time observed."""
        return sorted(self.assessments, key=lambda fact: (fact.assessed_at, fact.assessment_id))


@dataclass(frozen=True, slots=True)
class Signal:
    """One episode, or something that stands now.

    slot         the toxicity, the kind of due assessment, the part of the program, the key of the stopping
                 rule, the stable id of the serious event, or empty
    level        the highest grade; 0 where the signal is not about a grade
    urgency      1 is sent first
    members      stable ids of its assessments, in time order; of a stopping rule the study codes of the
                 patients whose events count; none where it merely stands
    worst_id     version row of its latest assessment at the highest grade
    latest_id    version row of its latest assessment
    ended_id     version row of the assessment that ended it, if one did
    first_at     when its first assessment was observed or due, and `last_at` its last
    levels       stable id -> what each of its assessments proved
    """

    kind: SignalKind
    slot: str
    state: SignalState
    level: int
    urgency: int
    first_at: datetime
    last_at: datetime
    members: tuple[str, ...] = ()
    worst_id: int | None = None
    latest_id: int | None = None
    ended_id: int | None = None
    levels: Mapping[str, int] = field(default_factory=dict, compare=False)
