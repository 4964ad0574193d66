"""Signals that are episodes of assessments, pure: grade 3 or more, a rise by two, ungraded support.

Each function walks the course once, in time order; a stretch from a first member to its end is one episode.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from alerts.model import (
    ALERT_GRADE,
    AssessmentFact,
    CourseFacts,
    FactGrade,
    Signal,
    SignalKind,
    SignalState,
    Support,
)
from grading.scale import Toxicity
from trial.calendar import Window, monitoring_window
from trial.protocol import Protocol

RISE: Final = 2
"""By how many grades a rise is told of."""

ROWS_TO_RECOVER: Final = 2


def grade_3_episodes(course: CourseFacts, protocol: Protocol) -> list[Signal]:
    """The episodes of grade 3 or more, of CRS and of ICANS."""
    recovery = timedelta(hours=protocol.recovery_hours)
    return [
        signal for scale in Toxicity for signal in _grade_3(course.in_order, scale, recovery, course.died_at)
    ]


def rise_episodes(course: CourseFacts, now: datetime, protocol: Protocol) -> list[Signal]:
    """Rises by two grades or more that stay below 3; from 3 on, that episode speaks for them."""
    return [
        signal
        for scale in Toxicity
        for signal in _rises(course.in_order, scale, now, protocol, course.died_at)
    ]


def support_episodes(course: CourseFacts, now: datetime, protocol: Protocol) -> list[Signal]:
    """Stretches in which pressure or oxygen is held up while nothing of a CRS is proved.

    A cause that an investigator has recorded covers the same support from then on, until it is gone or
    grows stronger. Without `monitoring` there is none.
    """
    window = course_window(course, protocol)
    return [] if window is None else list(_Supported(window, now).walk(course.in_order))


def course_window(course: CourseFacts, protocol: Protocol) -> Window | None:
    """The monitoring window of the course, ended by a death too; None where it is not known."""
    known = course.monitoring
    if known is None:
        return None
    ends = [known.ended_at, next((fact.assessed_at for fact in course.in_order if fact.died), None)]
    return monitoring_window(
        known.infused_at,
        known.stays,
        [fact.grade_point() for fact in course.in_order],
        protocol,
        zone=known.zone,
        ended_at=min((end for end in ends if end is not None), default=None),
    )


@dataclass(slots=True)
class _Stretch:
    """An episode while it is being walked: its members, and how many mild rows follow the last one."""

    members: list[AssessmentFact] = field(default_factory=list)
    mild_in_a_row: int = 0

    def take(self, fact: AssessmentFact) -> None:
        self.members.append(fact)
        self.mild_in_a_row = 0

    def pass_by(self, fact: AssessmentFact, mild: bool, recovery: timedelta) -> bool:
        """Count a row that is no member; whether the episode has recovered with it."""
        self.mild_in_a_row += mild
        long_enough = fact.assessed_at - self.members[-1].assessed_at >= recovery
        return mild and self.mild_in_a_row >= ROWS_TO_RECOVER and long_enough

    @property
    def standing(self) -> SignalState:
        return SignalState.RECOVERING if self.mild_in_a_row else SignalState.FIRING


def _grade_3(
    in_order: Sequence[AssessmentFact], scale: Toxicity, recovery: timedelta, died_at: datetime | None
) -> Iterator[Signal]:
    open_ = _Stretch()
    for fact in in_order:
        grade = fact.of(scale)
        recovered = False
        if grade.at_least >= ALERT_GRADE:
            open_.take(fact)
        elif open_.members:
            recovered = open_.pass_by(fact, _mild(grade, ALERT_GRADE - 1), recovery)
        if open_.members and (recovered or fact.died):
            state = SignalState.DIED if fact.died else SignalState.RECOVERED
            yield _graded(SignalKind.GRADE_3, scale, open_.members, state, fact)
            open_ = _Stretch()
    if open_.members:
        # A death that another course, or the follow-up, records ends what this one left open.
        state = open_.standing if died_at is None else SignalState.DIED
        yield _graded(SignalKind.GRADE_3, scale, open_.members, state, None)


def _rises(
    in_order: Sequence[AssessmentFact],
    scale: Toxicity,
    now: datetime,
    protocol: Protocol,
    died_at: datetime | None,
) -> Iterator[Signal]:
    recovery = timedelta(hours=protocol.recovery_hours)
    lasts = timedelta(hours=protocol.rise_lasts_hours)
    open_ = _Stretch()
    for index, fact in enumerate(in_order):
        if open_.members and fact.assessed_at - open_.members[-1].assessed_at >= lasts:
            yield _rise(scale, open_.members, SignalState.EXPIRED, None)
            open_ = _Stretch()
        ended = None
        if _has_risen(in_order[:index], fact, scale, timedelta(hours=protocol.rise_within_hours)):
            open_.take(fact)
        elif open_.members:
            ended = _end_of_rise(open_, fact, fact.of(scale), recovery)
        if fact.died and open_.members:
            ended = SignalState.DIED
        if ended is not None:
            yield _rise(scale, open_.members, ended, fact)
            open_ = _Stretch()
    if open_.members:
        ends_at = open_.members[-1].assessed_at + lasts
        if died_at is not None and died_at < ends_at:
            yield _rise(scale, open_.members, SignalState.DIED, None)
        else:
            yield _rise(scale, open_.members, SignalState.EXPIRED if now >= ends_at else open_.standing, None)


def _end_of_rise(
    open_: _Stretch, fact: AssessmentFact, grade: FactGrade, recovery: timedelta
) -> SignalState | None:
    if grade.at_least >= ALERT_GRADE:
        return SignalState.SUPERSEDED
    if grade.at_least >= RISE:
        open_.mild_in_a_row = 0
        return None
    return SignalState.RECOVERED if open_.pass_by(fact, _mild(grade, RISE - 1), recovery) else None


def _has_risen(
    earlier: Sequence[AssessmentFact], fact: AssessmentFact, scale: Toxicity, within: timedelta
) -> bool:
    """Whether the row stands two grades above a settled one of the hours before it, and below 3."""
    at_least = fact.of(scale).at_least
    if not RISE <= at_least < ALERT_GRADE:
        return False
    return any(
        grade is not None
        and at_least - grade >= RISE
        and timedelta(0) < fact.assessed_at - one.assessed_at <= within
        for one in earlier
        for grade in (one.of(scale).grade,)
    )


def _mild(grade: FactGrade, highest: int) -> bool:
    return grade.grade is not None and grade.grade <= highest and grade.closes


def _rise(
    scale: Toxicity, members: Sequence[AssessmentFact], state: SignalState, ended_by: AssessmentFact | None
) -> Signal:
    return _graded(SignalKind.RISE_2, scale, members, state, ended_by)


def _graded(
    kind: SignalKind,
    scale: Toxicity,
    members: Sequence[AssessmentFact],
    state: SignalState,
    ended_by: AssessmentFact | None,
) -> Signal:
    level = max(fact.of(scale).at_least for fact in members)
    worst = [fact for fact in members if fact.of(scale).at_least == level][-1]
    return Signal(
        kind=kind,
        slot=scale.value,
        state=state,
        level=level,
        urgency=1 if level > ALERT_GRADE else 2,
        members=tuple(fact.stable_id for fact in members),
        worst_id=worst.assessment_id,
        latest_id=members[-1].assessment_id,
        ended_id=ended_by.assessment_id if ended_by else None,
        first_at=members[0].assessed_at,
        last_at=members[-1].assessed_at,
        levels={fact.stable_id: fact.of(scale).at_least for fact in members},
    )


class _Supported:
    """One walk over a course for support without a grade."""

    def __init__(self, window: Window, now: datetime) -> None:
        self._window = window
        self._now = now
        self._members: list[AssessmentFact] = []
        self._clear_in_a_row = 0
        self._covered = Support.NONE

    def walk(self, in_order: Sequence[AssessmentFact]) -> Iterator[Signal]:
        for fact in in_order:
            if self._is_member(fact):
                self._members.append(fact)
            state = self._end(fact)
            if state is not None and self._members:
                yield self._signal(state, fact)
                self._members = []
        if self._members:
            here = self._window.covers(self._now)
            standing = SignalState.RECOVERING if self._clear_in_a_row else SignalState.FIRING
            yield self._signal(standing if here else SignalState.LEFT, None)

    def _is_member(self, fact: AssessmentFact) -> bool:
        return (
            fact.support > self._covered
            and fact.crs.at_least == 0
            and not fact.judged
            and not fact.died
            and self._window.covers(fact.assessed_at)
        )

    def _end(self, fact: AssessmentFact) -> SignalState | None:
        """Why the row ends what went before, if it does; keeps count of what it clears and covers."""
        clear = fact.crs.grade is not None and fact.support is Support.NONE
        self._clear_in_a_row = self._clear_in_a_row + 1 if clear else 0
        if fact.died:
            return SignalState.DIED
        if fact.crs.at_least > 0:
            self._covered = Support.NONE
            return SignalState.GRADED
        if fact.judged and fact.support is not Support.NONE:
            self._covered = fact.support
            return SignalState.JUDGED
        if self._clear_in_a_row >= ROWS_TO_RECOVER:
            self._covered = Support.NONE
            return SignalState.GONE
        return None

    def _signal(self, state: SignalState, ended_by: AssessmentFact | None) -> Signal:
        members = self._members
        strongest = max(fact.support for fact in members)
        worst = [fact for fact in members if fact.support is strongest][-1]
        return Signal(
            kind=SignalKind.SUPPORT_UNGRADED,
            slot="",
            state=state,
            level=0,
            urgency=2 if strongest is Support.STRONG else 3,
            members=tuple(fact.stable_id for fact in members),
            worst_id=worst.assessment_id,
            latest_id=members[-1].assessment_id,
            ended_id=ended_by.assessment_id if ended_by else None,
            first_at=members[0].assessed_at,
            last_at=members[-1].assessed_at,
            levels={fact.stable_id: 0 for fact in members},
        )
