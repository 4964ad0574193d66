"""What comes next of an alert that nobody has acknowledged: which step, when, and whom it reaches."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from alerts.escalation import Life, groups_until, plan_of, what_comes_next
from alerts.model import SignalKind
from alerts.posting import LAST_THAT_NEVER_WAITS, Person, active_recipients, in_groups, quiet_until
from alerts.states import AlertState, StoredAlert
from alerts.stored import load_lives
from alerts.wording import GROUP_WORDS
from db.queries.alerts import AlertRow
from db.roles import Group
from pages.parts.wording import listed, when
from trial.protocol import EVERYONE, Protocol


@dataclass(frozen=True, slots=True)
class Coming:
    """The next step or repeat.

    step      which step of the plan, 0 the first; None for a repeat
    people    whom it reaches today; nobody where its groups and all later ones are empty
    quiet_to  when the mails of people outside the ward leave, where they wait for it
    """

    at: datetime
    step: int | None
    groups: tuple[str, ...]
    people: tuple[Person, ...]
    quiet_to: datetime | None = None


def load_coming(
    session: Session, alerts: Collection[AlertRow], now: datetime, protocol: Protocol, zone: ZoneInfo
) -> dict[int, Coming | None]:
    """Each open alert with what comes next; None where nobody else is told any more."""
    waiting = [alert for alert in alerts if alert.state == AlertState.OPEN and not alert.historical]
    if not waiting:
        return {}
    lives = load_lives(session, [_stored(alert) for alert in waiting])
    people = active_recipients(session, now)
    return {
        alert.id: coming_of(alert, lives[alert.id], people, now, protocol, zone)
        for alert in waiting
        if alert.id in lives
    }


def coming_of(
    alert: AlertRow, life: Life, people: Sequence[Person], now: datetime, protocol: Protocol, zone: ZoneInfo
) -> Coming | None:
    """What comes next of one alert that became open as its `life` says."""
    kind = SignalKind(alert.signal)
    coming = what_comes_next(life, kind, alert.urgency, protocol)
    if coming is None:
        return None
    at = coming.at
    plan = plan_of(kind, alert.urgency, protocol)
    step: int | None = None
    groups = groups_until(plan, life.reached)
    if not coming.again:
        step = life.reached + 1
        # Steps that reach nobody are passed over at once.
        while step < len(plan) - 1 and not in_groups(people, groups_until(plan, step, after=life.reached)):
            step += 1
        groups = groups_until(plan, step, after=life.reached)
        is_silent = life.silent_until is not None and now < life.silent_until and alert.urgency > 1
        at = now if life.refused and not is_silent else at
    at = max(at, now)
    quiet = quiet_until(at, protocol, zone) if alert.urgency > LAST_THAT_NEVER_WAITS else None
    return Coming(at, step, groups, tuple(in_groups(people, groups)), quiet)


def coming_words(coming: Coming | None, now: datetime, zone: ZoneInfo) -> str:
    """ "Next: deputy investigator (Dr Sun) at 10:17 if nobody acknowledges."."""
    if coming is None:
        return "No further step: nobody else is told of it."
    at = "within a minute" if coming.at <= now else f"at {when(coming.at, now, zone)}"
    if not coming.people:
        return f"Next: {_groups(coming.groups)} {at}, which reaches nobody on the list."
    who = "everyone again" if coming.step is None else _people(coming)
    waits = ""
    if coming.quiet_to is not None and any(person.group != Group.WARD for person in coming.people):
        waits = f" Mails to others than the ward wait until {when(coming.quiet_to, now, zone)}: quiet hours."
    return f"Next: {who} {at} if nobody acknowledges.{waits}"


def _people(coming: Coming) -> str:
    if EVERYONE in coming.groups:
        return "everyone on the list"
    names: Mapping[str, list[str]] = {
        group: [person.name for person in coming.people if person.group == group] for group in coming.groups
    }
    return listed([f"{GROUP_WORDS[group]} ({', '.join(found)})" for group, found in names.items() if found])


def _groups(groups: Sequence[str]) -> str:
    return listed([GROUP_WORDS.get(group, group) for group in groups])


def _stored(alert: AlertRow) -> StoredAlert:
    return StoredAlert(
        id=alert.id,
        kind=SignalKind(alert.signal),
        slot=alert.slot,
        state=AlertState(alert.state),
        level=alert.level,
        urgency=alert.urgency,
        historical=alert.historical,
        members=frozenset(),
        opened_at=alert.opened_at,
        updated_at=alert.updated_at,
        first_observed_at=alert.first_observed_at,
    )
