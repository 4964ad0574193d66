"""What should raise an alert, pure: a course of graded assessments in, signals out.

One signal is one episode. `grade3` exists once for CRS and once for ICANS. It fires while the current
version of an assessment has `at_least` 3 or more. It ends with two assessments in a row whose settled grade
is 2 or less, the later at least the protocol's recovery hours after the last 3: never by silence, and rows
that are not settled neither end nor interrupt it. Death ends it too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from grading.scale import Toxicity
from trial.protocol import Protocol

ALERT_GRADE = 3
"""From this grade on, everyone on the list is told."""

ASSESSMENTS_TO_RECOVER = 2


class SignalKind(StrEnum):
    """What is wrong."""

    GRADE_3 = "grade3"


class SignalState(StrEnum):
    """How an episode stands after its last assessment."""

    FIRING = "firing"
    RECOVERING = "recovering"
    RECOVERED = "recovered"
    DIED = "died"

    @property
    def over(self) -> bool:
        """Whether nothing is expected of anyone any more."""
        return self in (SignalState.RECOVERED, SignalState.DIED)


@dataclass(frozen=True, slots=True)
class FactGrade:
    """One stored grade: `grade` is None while something not recorded could raise it.

    `closes` is False for a judgement that no investigator has confirmed: it ends no episode.
    """

    grade: int | None
    at_least: int
    closes: bool = True


@dataclass(frozen=True, slots=True)
class AssessmentFact:
    """The current version of one assessment. `stable_id` lasts over its versions."""

    stable_id: str
    assessment_id: int
    version: int
    assessed_at: datetime
    entered_at: datetime
    crs: FactGrade
    icans: FactGrade
    died: bool = False

    def of(self, scale: Toxicity) -> FactGrade:
        """The grade on one scale."""
        return self.crs if scale is Toxicity.CRS else self.icans


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """The assessments after one infusion that stand today: voided and superseded ones left out."""

    infusion_id: int
    assessments: tuple[AssessmentFact, ...]


@dataclass(frozen=True, slots=True)
class Signal:
    """One episode.

    slot         the toxicity
    level        its highest grade
    members      stable ids of its assessments at 3 or more, in time order
    worst_id     version row of its latest assessment at the highest grade
    latest_id    version row of its latest assessment at 3 or more
    ended_id     version row of the assessment that ended it, if it is over
    first_at     when its first assessment was observed, and `last_at` its last at 3 or more
    levels       stable id -> what each of its assessments proved
    """

    kind: SignalKind
    slot: str
    state: SignalState
    level: int
    members: tuple[str, ...]
    worst_id: int
    latest_id: int
    ended_id: int | None
    first_at: datetime
    last_at: datetime
    levels: Mapping[str, int] = field(compare=False)


def evaluate(course: CourseFacts, now: datetime, protocol: Protocol) -> set[Signal]:
    """Every episode of the course, the ended ones too.

    `now` is for signals that fire by the clock; those of a grade depend on the assessments alone.
    """
    del now
    in_order = sorted(course.assessments, key=lambda fact: (fact.assessed_at, fact.assessment_id))
    recovery = timedelta(hours=protocol.recovery_hours)
    return {signal for scale in Toxicity for signal in _grade_3_episodes(in_order, scale, recovery)}


def _grade_3_episodes(
    in_order: Sequence[AssessmentFact], scale: Toxicity, recovery: timedelta
) -> Iterator[Signal]:
    """Walk the course once; each stretch from a first 3 to its end is one episode."""
    members: list[AssessmentFact] = []
    mild_in_a_row = 0
    for fact in in_order:
        grade = fact.of(scale)
        mild = grade.at_least < ALERT_GRADE and grade.grade is not None and grade.closes
        if grade.at_least >= ALERT_GRADE:
            members.append(fact)
            mild_in_a_row = 0
        mild_in_a_row += mild
        if not members:
            continue
        long_enough = fact.assessed_at - members[-1].assessed_at >= recovery
        recovered = mild and mild_in_a_row >= ASSESSMENTS_TO_RECOVER and long_enough
        if recovered or fact.died:
            state = SignalState.DIED if fact.died else SignalState.RECOVERED
            yield _signal(scale, members, state, fact)
            members = []
    if members:
        state = SignalState.RECOVERING if mild_in_a_row else SignalState.FIRING
        yield _signal(scale, members, state, None)


def _signal(
    scale: Toxicity, members: Sequence[AssessmentFact], state: SignalState, ended_by: AssessmentFact | None
) -> Signal:
    level = max(fact.of(scale).at_least for fact in members)
    worst = [fact for fact in members if fact.of(scale).at_least == level][-1]
    return Signal(
        kind=SignalKind.GRADE_3,
        slot=scale.value,
        state=state,
        level=level,
        members=tuple(fact.stable_id for fact in members),
        worst_id=worst.assessment_id,
        latest_id=members[-1].assessment_id,
        ended_id=ended_by.assessment_id if ended_by else None,
        first_at=members[0].assessed_at,
        last_at=members[-1].assessed_at,
        levels={fact.stable_id: fact.of(scale).at_least for fact in members},
    )
