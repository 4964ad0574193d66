"""Signals that only a person ends, pure: a barred second infusion, a stopping rule, a serious event's report.

`difference` keeps them: what no longer holds because an entry was corrected takes a bar and a serious event
back, while a stopping rule stays until the committee has decided.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from alerts.model import Bar, CourseFacts, Signal, SignalKind, SignalState
from trial.limits import SaeClock
from trial.protocol import Protocol
from trial.sae_clock import ClockState, read_clock
from trial.second_infusion import is_released
from trial.stopping_rules import Crossing

BARRED_URGENCY = 2
ATTEMPT_URGENCY = 1
BOUNDARY_URGENCY = 1
REPORT_URGENCY = 2
OVERDUE_URGENCY = 1


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What is known of one stopping rule.

    crossing      where it is reached and nobody has decided on it yet
    last_event_at of a crossing: the day of its last event
    decided_at    the newest decision on the rule; `decided_on`, the patients whose events were decided on
    """

    key: str
    crossing: Crossing | None = None
    last_event_at: datetime | None = None
    decided_at: datetime | None = None
    decided_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SeriousEvent:
    """One adverse event that is serious as now recorded, and when its report was entered, if it was."""

    stable_id: str
    aware_at: datetime
    reported_at: datetime | None = None


def barred_signals(course: CourseFacts, protocol: Protocol) -> list[Signal]:
    """The bar of the second infusion, after the first: at most one, over all that reached the bar's grade."""
    grade, bar = protocol.eligibility.barring_grade, course.bar
    members = [fact for fact in course.in_order if max(fact.crs.at_least, fact.icans.at_least) >= grade]
    if bar is None or not members:
        return []
    worst = max(members, key=lambda fact: max(fact.crs.at_least, fact.icans.at_least))
    return [
        Signal(
            kind=SignalKind.BARRED,
            slot="",
            state=_state_of_the_bar(course, bar),
            level=0,
            urgency=BARRED_URGENCY,
            first_at=members[0].assessed_at,
            last_at=members[-1].assessed_at,
            members=tuple(fact.stable_id for fact in members),
            worst_id=worst.assessment_id,
            latest_id=members[-1].assessment_id,
            levels={fact.stable_id: 0 for fact in members},
        )
    ]


def _state_of_the_bar(course: CourseFacts, bar: Bar) -> SignalState:
    if course.died_at is not None or any(fact.died for fact in course.assessments):
        return SignalState.DIED
    if bar.withdrawn:
        return SignalState.LEFT
    worst_crs = max(fact.crs.at_least for fact in course.assessments)
    worst_icans = max(fact.icans.at_least for fact in course.assessments)
    released = is_released(worst_crs, worst_icans, bar.releases)
    return SignalState.RELEASED if released else SignalState.FIRING


def boundary_signals(rules: Iterable[RuleFacts]) -> list[Signal]:
    """Each rule that is reached, and each that the committee has decided on and nothing was added since."""
    found = (_boundary(rule) for rule in rules)
    return [signal for signal in found if signal is not None]


def _boundary(rule: RuleFacts) -> Signal | None:
    if rule.crossing is not None and rule.last_event_at is not None:
        at, state, members = rule.last_event_at, SignalState.FIRING, rule.crossing.codes
    elif rule.decided_at is not None:
        at, state, members = rule.decided_at, SignalState.DECIDED, rule.decided_on
    else:
        return None
    return Signal(
        kind=SignalKind.BOUNDARY,
        slot=rule.key,
        state=state,
        level=0,
        urgency=BOUNDARY_URGENCY,
        first_at=at,
        last_at=at,
        members=members,
    )


def sae_signals(events: Iterable[SeriousEvent], now: datetime, clock: SaeClock) -> list[Signal]:
    """The report that each serious event waits for, from when the site became aware; overdue at its end."""
    return [_report_of(event, now, clock) for event in events]


def _report_of(event: SeriousEvent, now: datetime, clock: SaeClock) -> Signal:
    overdue = read_clock(event.aware_at, None, now, clock).state is ClockState.OVERDUE
    return Signal(
        kind=SignalKind.SAE_CLOCK,
        slot=event.stable_id,
        state=SignalState.FIRING if event.reported_at is None else SignalState.REPORTED,
        level=0,
        urgency=OVERDUE_URGENCY if overdue else REPORT_URGENCY,
        first_at=event.aware_at,
        last_at=event.reported_at or event.aware_at,
    )
