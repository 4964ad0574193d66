"""Who is told next of an alert that nobody has acknowledged, and when: pure.

The steps of an alert's plan run from the moment it last became open. A step whose mail was refused for good
lets the next one run at once. After the last step the alert is repeated, until somebody acknowledges it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.model import CLOCK_ERROR, SignalKind
from alerts.states import NoticeKind
from trial.protocol import EVERYONE, Protocol, Step
from trial.sae_clock import clock_moments

LAST_REPEATED: Final = 2
"""Alerts up to this urgency are repeated."""

_OVERDUE: Final = 1
"""The urgency of a report that is overdue, and of an attempt at a barred infusion."""


@dataclass(frozen=True, slots=True)
class Life:
    """What was told of an open alert.

    open_since     when it last became open; the moment a clock set back was noticed, where that is earlier
    reached        the highest step told since then
    refused        a mail of that step was refused for good
    told_at        its newest notice that calls for an answer
    repeats        how often it was repeated since it became open
    silent_until   repeats and escalation rest until then
    since          when the clock of a serious event began; None of another alert
    answered       somebody has acknowledged it, and only a clock goes on
    """

    open_since: datetime
    reached: int
    refused: bool
    told_at: datetime
    repeats: int = 0
    silent_until: datetime | None = None
    since: datetime | None = None
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be told now: `step` is the plan's, and `groups` are its people."""

    kind: NoticeKind
    step: int
    groups: tuple[str, ...]


def plan_of(kind: SignalKind, urgency: int, protocol: Protocol) -> Sequence[Step]:
    """The steps of an alert's plan."""
    return protocol.plans[plan_name(kind, urgency)]


def plan_name(kind: SignalKind, urgency: int) -> str:
    """The name of an alert's plan in the protocol."""
    match kind:
        case SignalKind.MISSED | SignalKind.SYSTEM | SignalKind.BOUNDARY:
            return kind.value
        case SignalKind.BARRED if urgency > _OVERDUE:
            return kind.value
        case SignalKind.SAE_CLOCK:
            return "sae" if urgency > _OVERDUE else "sae_overdue"
        case _:
            return f"p{min(urgency, 3)}"


def first_step(plan: Sequence[Step], listed: Collection[str]) -> int:
    """The first step that reaches anybody, where `listed` are the groups with a recipient; 0 if none does."""
    reaching = (index for index, step in enumerate(plan) if _reached(step.groups, listed))
    return next(reaching, 0)


def groups_until(plan: Sequence[Step], step: int, *, after: int = -1) -> tuple[str, ...]:
    """The groups of the steps up to and including `step`, those up to `after` left out."""
    return tuple(dict.fromkeys(group for one in plan[after + 1 : step + 1] for group in one.groups))


def due_now(
    life: Life,
    kind: SignalKind,
    urgency: int,
    now: datetime,
    protocol: Protocol,
    listed: Collection[str],
) -> Due | None:
    """The step or the repeat that is due, or None. `listed` are the groups that have a recipient now."""
    if life.silent_until is not None and now < life.silent_until and urgency > 1:
        return None
    plan = plan_of(kind, urgency, protocol)
    step = life.reached if life.answered else _due_step(life, plan, now, listed)
    if step > life.reached:
        return Due(NoticeKind.ESCALATION, step, groups_until(plan, step, after=life.reached))
    if kind is SignalKind.SAE_CLOCK:
        repeats = _reminder_is_due(life, now, protocol)
    else:
        last_step = life.reached >= len(plan) - 1
        repeats = urgency <= LAST_REPEATED and last_step and _repeat_is_due(life, plan, now, protocol)
    return Due(NoticeKind.REPEAT, life.reached, groups_until(plan, life.reached)) if repeats else None


@dataclass(frozen=True, slots=True)
class Next:
    """When an alert is told next if nobody acknowledges; `again` where it is to those told so far."""

    at: datetime
    again: bool


def what_comes_next(life: Life, kind: SignalKind, urgency: int, protocol: Protocol) -> Next | None:
    """The next step or repeat; None where nothing more comes."""
    plan = plan_of(kind, urgency, protocol)
    coming = []
    if life.reached < len(plan) - 1 and not life.answered:
        coming.append(Next(life.open_since + plan[life.reached + 1].after, again=False))
    if kind is SignalKind.SAE_CLOCK:
        coming += _reminder_to_come(life, protocol)
    elif not coming and urgency <= LAST_REPEATED:
        soon = life.told_at + timedelta(minutes=protocol.repeat_minutes)
        coming.append(Next(life.told_at + _interval(soon - life.open_since, protocol), again=True))
    first = min(coming, key=lambda one: one.at, default=None)
    if first is None or life.silent_until is None or urgency == 1:
        return first
    return Next(max(first.at, life.silent_until), first.again)


def _reminder_is_due(life: Life, now: datetime, protocol: Protocol) -> bool:
    """Whether the clock of a serious event asks for a mail that nothing told since has made needless.

    A last notice far ahead was written by a clock that was wrong.
    """
    if life.since is None:
        return False
    if life.told_at > now + CLOCK_ERROR:
        return True
    moments = clock_moments(life.since, now, protocol.sae)
    return bool(moments) and life.told_at < moments[-1].at


def _reminder_to_come(life: Life, protocol: Protocol) -> list[Next]:
    if life.since is None:
        return []
    hours = protocol.sae.clock_hours + protocol.sae.overdue_repeat_hours
    until = max(life.told_at, life.since) + timedelta(hours=hours)
    moments = clock_moments(life.since, until, protocol.sae)
    return [Next(moment.at, again=True) for moment in moments if moment.at > life.told_at][:1]


def _due_step(life: Life, plan: Sequence[Step], now: datetime, listed: Collection[str]) -> int:
    """The highest step whose time has come; one further after a refusal, and past steps without people."""
    elapsed = now - life.open_since
    due = max((index for index, step in enumerate(plan) if step.after <= elapsed), default=life.reached)
    if life.refused:
        due = max(due, life.reached + 1)
    due = min(due, len(plan) - 1)
    while life.reached < due < len(plan) - 1 and not _reached(plan[due].groups, listed):
        due += 1
    return due


def _reached(groups: Collection[str], listed: Collection[str]) -> bool:
    return bool(listed) if EVERYONE in groups else not set(groups).isdisjoint(listed)


def _repeat_is_due(life: Life, plan: Sequence[Step], now: datetime, protocol: Protocol) -> bool:
    """Whether the last notice is long enough ago, also where the last step ran before its time.

    Where it lies far ahead, the repeats are counted: a clock that was set back must not silence an alert.
    """
    elapsed = now - life.open_since
    since_told = now - life.told_at
    interval = _interval(elapsed, protocol)
    if since_told > -interval:
        return since_told >= interval
    return _repeats_by(elapsed - plan[-1].after, protocol) > life.repeats


def _repeats_by(elapsed: timedelta, protocol: Protocol) -> int:
    """How many repeats belong to this time after the last step."""
    soon, later = timedelta(minutes=protocol.repeat_minutes), timedelta(minutes=protocol.repeat_later_minutes)
    at_first = timedelta(hours=protocol.repeat_for_hours)
    if elapsed < timedelta(0):
        return 0
    return min(elapsed, at_first) // soon + max(elapsed - at_first, timedelta(0)) // later


def _interval(elapsed: timedelta, protocol: Protocol) -> timedelta:
    at_first = elapsed < timedelta(hours=protocol.repeat_for_hours)
    return timedelta(minutes=protocol.repeat_minutes if at_first else protocol.repeat_later_minutes)
