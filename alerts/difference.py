"""What must change when the signals of a course meet its stored alerts: pure, and nothing when repeated.

An alert belongs to an episode of assessments and keeps its identity through back-dated and corrected
entries: each episode takes the stored alert that shares most assessments with it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from alerts.signals import Signal, SignalState
from trial.protocol import Protocol


class AlertState(StrEnum):
    """How a stored alert stands. The first three are live: at most one a toxicity and infusion."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RECOVERING = "recovering"
    CLOSED = "closed"
    RETRACTED = "retracted"

    @property
    def live(self) -> bool:
        """Whether somebody still has to look."""
        return self in (AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.RECOVERING)


class NoticeKind(StrEnum):
    """What a message tells."""

    OPENING = "opening"
    WORSENED = "worsened"
    AGAIN = "again"
    RECOVERY = "recovery"
    DEATH = "death"
    AMENDMENT = "amendment"
    RETRACTION = "retraction"
    LATE = "late"
    LAPSED = "repeat"
    HISTORICAL_DIGEST = "historical_digest"


class EndedReason(StrEnum):
    """Why an alert is no longer live."""

    RECOVERED = "recovered"
    DEATH = "death"
    CORRECTED = "corrected"
    HISTORICAL = "historical"
    MERGED = "merged"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert as it is stored. `acknowledged_at` is the newest acknowledgement of its level, if any."""

    id: int
    slot: str
    state: AlertState
    level: int
    historical: bool
    members: frozenset[str]
    acknowledged_at: datetime | None = None
    ended_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One alert to write.

    alert_id   the stored alert, None for a new one
    signal     the episode, None when it is gone
    notice     what to tell, None for nothing
    lost       stable ids that belonged to the alert and are no longer grade 3
    """

    alert_id: int | None
    slot: str
    signal: Signal | None
    state: AlertState
    level: int
    historical: bool
    members: frozenset[str]
    ended_reason: EndedReason | None = None
    notice: NoticeKind | None = None
    lost: frozenset[str] = frozenset()


def difference(
    signals: Collection[Signal],
    stored: Collection[StoredAlert],
    *,
    now: datetime,
    newest_entered_at: datetime | None,
    protocol: Protocol,
    historical: bool = False,
) -> list[Change]:
    """Every change, those that end an alert first, so that one live alert never meets another.

    `newest_entered_at` is when the newest assessment of the course was entered; `historical` marks the
    import of old charts, whose alerts are stored and not told one by one.
    """
    changes: list[Change] = []
    for slot in sorted({one.slot for one in signals} | {one.slot for one in stored}):
        episodes = [signal for signal in signals if signal.slot == slot]
        alerts = [one for one in stored if one.slot == slot and one.state is not AlertState.RETRACTED]
        course = _Course(now, newest_entered_at, protocol, historical, episodes, alerts)
        changes += course.changes()
    return sorted(changes, key=lambda change: change.state.live)


def urgency_of(notice: NoticeKind, level: int) -> int:
    """1 is sent first. News of a standing grade 3 is 2, of grade 4 or 5 it is 1."""
    match notice:
        case NoticeKind.OPENING | NoticeKind.WORSENED | NoticeKind.AGAIN | NoticeKind.LAPSED:
            return alert_urgency(level)
        case NoticeKind.RETRACTION:
            return 2
        case NoticeKind.DEATH:
            return 1 if level >= 5 else 3
        case NoticeKind.HISTORICAL_DIGEST:
            return 4
        case _:
            return 3


def alert_urgency(level: int) -> int:
    """The urgency of an alert by its highest grade."""
    return 1 if level >= 4 else 2


@dataclass(frozen=True, slots=True)
class _Course:
    """The episodes and alerts of one toxicity after one infusion."""

    now: datetime
    newest_entered_at: datetime | None
    protocol: Protocol
    historical: bool
    episodes: Sequence[Signal]
    alerts: Sequence[StoredAlert]

    def changes(self) -> list[Change]:
        pairs = _paired(self.episodes, self.alerts)
        taken = {alert.id for _, alert in pairs if alert}
        found = [self._continued(signal, alert) if alert else self._new(signal) for signal, alert in pairs]
        found += [self._gone(alert) for alert in self.alerts if alert.id not in taken]
        return [change for change in found if change is not None]

    def _new(self, signal: Signal) -> Change:
        told = frozenset[str]().union(*(alert.members for alert in self.alerts))
        if signal.state.over and told.issuperset(signal.members):
            return _ended(None, signal, EndedReason.SPLIT, None)
        return self._first_news(None, signal)

    def _first_news(self, alert_id: int | None, signal: Signal) -> Change:
        if self.historical:
            return _ended(alert_id, signal, EndedReason.HISTORICAL, None, historical=True)
        if signal.state is SignalState.DIED:
            return _ended(alert_id, signal, EndedReason.DEATH, NoticeKind.OPENING)
        if signal.state is SignalState.RECOVERED:
            return _ended(alert_id, signal, EndedReason.RECOVERED, NoticeKind.LATE)
        return _live(alert_id, signal, AlertState.OPEN, NoticeKind.OPENING)

    def _continued(self, signal: Signal, alert: StoredAlert) -> Change | None:
        """The change of an alert whose episode still stands; None when nothing is new."""
        if alert.historical:
            change = self._historical(signal, alert)
        else:
            change = self._ending(signal, alert) if signal.state.over else self._going_on(signal, alert)
            change = replace(change, lost=alert.members - self._standing())
            # A level that fell because late entries split the episode corrects nothing that was told.
            fell = change.level < alert.level and alert.members <= change.members
            if change.notice is None and (change.lost or fell):
                change = replace(change, notice=NoticeKind.AMENDMENT)
        same = (change.state, change.level, change.members, change.ended_reason) == (
            alert.state,
            alert.level,
            alert.members,
            alert.ended_reason,
        )
        return None if same and change.notice is None else change

    def _historical(self, signal: Signal, alert: StoredAlert) -> Change:
        """Imported history stays quiet until something at 3 or more joins it or it proves worse."""
        if alert.members.issuperset(signal.members) and signal.level <= alert.level:
            return _ended(alert.id, signal, EndedReason.HISTORICAL, None, historical=True)
        return self._first_news(alert.id, signal)

    def _ending(self, signal: Signal, alert: StoredAlert) -> Change:
        died = signal.state is SignalState.DIED
        reason = EndedReason.DEATH if died else EndedReason.RECOVERED
        notice: NoticeKind | None = None
        if died and (alert.state.live or signal.level > alert.level):
            notice = NoticeKind.DEATH
        elif signal.level > alert.level:
            notice = NoticeKind.LATE
        elif alert.state.live:
            notice = NoticeKind.RECOVERY
        elif alert.ended_reason in (EndedReason.MERGED, EndedReason.SPLIT):
            reason = EndedReason(alert.ended_reason)
        return _ended(alert.id, signal, reason, notice)

    def _going_on(self, signal: Signal, alert: StoredAlert) -> Change:
        firing = signal.state is SignalState.FIRING
        if signal.level > alert.level:
            return _live(alert.id, signal, AlertState.OPEN, NoticeKind.WORSENED)
        if not alert.state.live or (firing and alert.state is AlertState.RECOVERING):
            return _live(alert.id, signal, AlertState.OPEN, NoticeKind.AGAIN)
        if alert.state is AlertState.ACKNOWLEDGED:
            if not firing:
                return _live(alert.id, signal, AlertState.RECOVERING, None)
            if self._lapsed(alert):
                return _live(alert.id, signal, AlertState.OPEN, NoticeKind.LAPSED)
        return _live(alert.id, signal, alert.state, None)

    def _lapsed(self, alert: StoredAlert) -> bool:
        """Whether an acknowledgement is too old: its hours have passed without a newer assessment."""
        if alert.acknowledged_at is None:
            return True
        seen_at = max(alert.acknowledged_at, self.newest_entered_at or alert.acknowledged_at)
        return self.now >= seen_at + self.protocol.acknowledged_for(alert.level)

    def _gone(self, alert: StoredAlert) -> Change | None:
        """The change of an alert that no episode continues: others hold what still stands of it."""
        kept = alert.members & self._standing()
        if not kept:
            notice = None if alert.historical else NoticeKind.RETRACTION
            return _without_signal(alert, AlertState.RETRACTED, EndedReason.CORRECTED, notice)
        lost = alert.members - kept
        level = max(one.levels[member] for one in self.episodes for member in kept & one.levels.keys())
        if not (alert.state.live or lost or level != alert.level):
            return None
        notice = NoticeKind.AMENDMENT if lost and not alert.historical else None
        merged = _without_signal(alert, AlertState.CLOSED, EndedReason.MERGED, notice)
        return replace(merged, level=level, members=kept, lost=lost)

    def _standing(self) -> frozenset[str]:
        return frozenset(member for signal in self.episodes for member in signal.members)


def _paired(
    episodes: Iterable[Signal], alerts: Iterable[StoredAlert]
) -> list[tuple[Signal, StoredAlert | None]]:
    """Each episode with the free alert that shares most with it; the episode that goes on chooses first."""
    free = list(alerts)
    pairs: list[tuple[Signal, StoredAlert | None]] = []
    for signal in sorted(episodes, key=lambda one: (one.state.over, one.first_at)):
        sharing = [alert for alert in free if alert.members.intersection(signal.members)]
        best = max(sharing, key=lambda alert: _likeness(signal, alert), default=None)
        if best is not None:
            free.remove(best)
        pairs.append((signal, best))
    return pairs


def _likeness(signal: Signal, alert: StoredAlert) -> tuple[int, bool, int]:
    return (len(alert.members.intersection(signal.members)), alert.state.live, -alert.id)


def _live(alert_id: int | None, signal: Signal, state: AlertState, notice: NoticeKind | None) -> Change:
    return Change(
        alert_id,
        signal.slot,
        signal,
        state,
        signal.level,
        historical=False,
        members=frozenset(signal.members),
        notice=notice,
    )


def _ended(
    alert_id: int | None,
    signal: Signal,
    reason: EndedReason,
    notice: NoticeKind | None,
    *,
    historical: bool = False,
) -> Change:
    return Change(
        alert_id,
        signal.slot,
        signal,
        AlertState.CLOSED,
        signal.level,
        historical,
        frozenset(signal.members),
        reason,
        notice,
    )


def _without_signal(
    alert: StoredAlert, state: AlertState, reason: EndedReason, notice: NoticeKind | None
) -> Change:
    lost = alert.members if state is AlertState.RETRACTED else frozenset[str]()
    return Change(
        alert.id, alert.slot, None, state, alert.level, alert.historical, alert.members, reason, notice, lost
    )
