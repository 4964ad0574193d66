"""What a reconciliation would write: changes of alerts, and steps or repeats of those that did not change."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from alerts.difference import difference
from alerts.escalation import Due, due_now
from alerts.model import Signal, SignalKind
from alerts.posting import active_recipients
from alerts.states import AlertState, Change, StoredAlert
from alerts.stored import load_lives
from alerts.writing import Writer
from trial.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Pending:
    """Changes of alerts, steps or repeats of the others, and those whose clock was set back."""

    changes: tuple[Change, ...] = ()
    due: tuple[tuple[StoredAlert, Signal | None, Due], ...] = ()
    set_back: tuple[StoredAlert, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes or self.due or self.set_back)


def find_pending(
    session: Session,
    signals: Collection[Signal],
    stored: Sequence[StoredAlert],
    now: datetime,
    protocol: Protocol,
    *,
    newest_entered_at: datetime | None = None,
    historical: bool = False,
    monitored: bool = True,
) -> Pending:
    """What is to be written now for these signals and alerts; see `difference`. Reads only."""
    changes = difference(
        signals,
        stored,
        now=now,
        newest_entered_at=newest_entered_at,
        protocol=protocol,
        historical=historical,
        monitored=monitored,
    )
    changed = {change.alert_id for change in changes}
    waiting = [alert for alert in stored if _waits(alert) and alert.id not in changed]
    if not waiting:
        return Pending(tuple(changes))
    lives = load_lives(session, waiting)
    listed = {person.group for person in active_recipients(session, now)}
    due, set_back = [], []
    for alert in waiting:
        life = lives.get(alert.id)
        if life is None:
            continue
        if life.open_since > now:
            set_back.append(alert)
            continue
        found = due_now(life, alert.kind, alert.urgency, now, protocol, listed)
        if found is not None:
            due.append((alert, _signal_of(alert, signals), found))
    return Pending(tuple(changes), tuple(due), tuple(set_back))


def write_pending(writer: Writer, pending: Pending) -> None:
    """Write all of it, the changes first."""
    for change in pending.changes:
        writer.write(change)
    for alert, signal, due in pending.due:
        writer.take_further(alert, signal, due)
    for alert in pending.set_back:
        writer.count_from_now(alert)


def only_of_an_entry(pending: Pending) -> Pending:
    """An entry raises what belongs to assessments; that nothing was entered is for the sweep to find."""
    changes = (one for one in pending.changes if one.kind.is_episode or one.alert_id is not None)
    return replace(pending, changes=tuple(changes))


def _waits(alert: StoredAlert) -> bool:
    """Whether something may be due: nobody has answered, or a clock runs on whatever was answered."""
    runs_on = alert.kind is SignalKind.SAE_CLOCK and alert.state is AlertState.ACKNOWLEDGED
    return (alert.state is AlertState.OPEN or runs_on) and not alert.historical


def _signal_of(alert: StoredAlert, signals: Collection[Signal]) -> Signal | None:
    """The episode or standing signal behind an alert that did not change."""
    of_slot = [one for one in signals if (one.kind, one.slot) == (alert.kind, alert.slot)]
    if not alert.kind.is_episode:
        return next(iter(of_slot), None)
    return next((one for one in of_slot if alert.members.intersection(one.members)), None)
