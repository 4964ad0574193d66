"""What must change when the signals of a course meet its stored alerts: pure, and nothing when repeated.

An alert belongs to an episode of assessments and keeps its identity through back-dated and corrected
entries: each episode takes the stored alert that shares most assessments with it. A signal that merely
stands takes the live alert of its slot, and so does what only a person ends.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from alerts.holding import holds_for
from alerts.model import ALERT_GRADE, Signal, SignalKind, SignalState
from alerts.states import STARTING, AlertState, Change, EndedReason, NoticeKind, StoredAlert
from trial.protocol import Protocol


def difference(
    signals: Collection[Signal],
    stored: Collection[StoredAlert],
    *,
    now: datetime,
    newest_entered_at: datetime | None,
    protocol: Protocol,
    historical: bool = False,
    monitored: bool = True,
) -> list[Change]:
    """Every change, those that end an alert first, so that one live alert never meets another.

    `newest_entered_at` is when the newest assessment of the course was entered; `historical` marks the
    import of old charts, whose alerts are stored and not told one by one; `monitored`, whether the patient
    is still in the monitoring window, decides why something no longer stands.
    """
    changes: list[Change] = []
    slots = {(one.kind, one.slot) for one in signals} | {(one.kind, one.slot) for one in stored}
    # What the patient has is told before what follows from it.
    for kind, slot in sorted(slots, key=lambda pair: (pair[0] is SignalKind.BARRED, pair)):
        found = [one for one in signals if (one.kind, one.slot) == (kind, slot)]
        alerts = [
            one
            for one in stored
            if (one.kind, one.slot) == (kind, slot) and one.state is not AlertState.RETRACTED
        ]
        graver = _graver(signals, slot) if kind is SignalKind.RISE_2 else frozenset()
        meeting = _Meeting(now, newest_entered_at, protocol, historical, monitored, found, alerts, graver)
        changes += meeting.changes(kind)
    return sorted(changes, key=lambda change: change.state.live)


def urgency_of(notice: NoticeKind, alert_urgency: int, level: int = 0) -> int:
    """1 is sent first. What calls for an answer is as urgent as its alert, news of it is 3, a digest 4."""
    match notice:
        case NoticeKind.ESCALATION | NoticeKind.REPEAT:
            return alert_urgency
        case notice if notice in STARTING:
            return alert_urgency
        case NoticeKind.RETRACTION:
            return max(2, alert_urgency)
        case NoticeKind.DEATH:
            return 1 if level >= 5 else 2
        case NoticeKind.HISTORICAL_DIGEST | NoticeKind.DIGEST | NoticeKind.TEST:
            return 4
        case _:
            return 3


def grade_urgency(level: int) -> int:
    """The urgency of a grade of 3 or more."""
    return 1 if level > ALERT_GRADE else 2


_ENDS: Final = {
    SignalState.RECOVERED: (EndedReason.RECOVERED, NoticeKind.RECOVERY),
    SignalState.DIED: (EndedReason.DEATH, None),
    SignalState.SUPERSEDED: (EndedReason.SUPERSEDED, None),
    SignalState.EXPIRED: (EndedReason.EXPIRED, None),
    SignalState.JUDGED: (EndedReason.JUDGED, NoticeKind.RECOVERY),
    SignalState.GRADED: (EndedReason.GRADED, NoticeKind.RECOVERY),
    SignalState.GONE: (EndedReason.GONE, NoticeKind.RECOVERY),
    SignalState.LEFT: (EndedReason.LEFT, None),
    SignalState.RELEASED: (EndedReason.RELEASED, NoticeKind.RECOVERY),
    SignalState.DECIDED: (EndedReason.DECIDED, NoticeKind.RECOVERY),
    SignalState.REPORTED: (EndedReason.REPORTED, NoticeKind.RECOVERY),
}
"""How an ended episode ends its alert, and what is told where the alert was live."""

_SET_BACK: Final = timedelta(days=1)
"""A clock that was further ahead raised the alert wrongly, and must not keep it."""

_STAND_ENDS: Final = {SignalKind.UNSETTLED: EndedReason.SETTLED, SignalKind.MISSED: EndedReason.MET}
_BY_THE_CLOCK: Final = (EndedReason.EXPIRED, EndedReason.LEFT)


@dataclass(frozen=True, slots=True)
class _Meeting:
    """The signals and alerts of one kind and slot after one infusion."""

    now: datetime
    newest_entered_at: datetime | None
    protocol: Protocol
    historical: bool
    monitored: bool
    signals: Sequence[Signal]
    alerts: Sequence[StoredAlert]
    graver: frozenset[str]
    """Assessments that a graver signal speaks for: that they left this one corrects nothing."""

    def changes(self, kind: SignalKind) -> list[Change]:
        """What must change, by the family of the signal."""
        if kind.is_episode:
            return self.episodes()
        return self.latched() if kind.is_latched else self.standing(kind)

    def episodes(self) -> list[Change]:
        """The changes of alerts that belong to assessments."""
        pairs = _paired(self.signals, self.alerts)
        taken = {alert.id for _, alert in pairs if alert}
        found = [self._continued(signal, alert) if alert else self._new(signal) for signal, alert in pairs]
        found += [self._gone(alert) for alert in self.alerts if alert.id not in taken]
        return [change for change in found if change is not None]

    def standing(self, kind: SignalKind) -> list[Change]:
        """The changes of what stands now or does not."""
        live = next((alert for alert in self.alerts if alert.state.live), None)
        signal = next(iter(self.signals), None)
        if self.historical:
            return []
        if signal is None:
            return [] if live is None else self._no_longer(kind, live)
        if live is None:
            return [_live(None, signal, AlertState.OPEN, NoticeKind.OPENING)]
        if signal.urgency < live.urgency:
            return [_live(live.id, signal, AlertState.OPEN, NoticeKind.WORSENED)]
        if live.state is AlertState.ACKNOWLEDGED and self._lapsed(live):
            return [_live(live.id, signal, AlertState.OPEN, NoticeKind.LAPSED)]
        return []

    def _no_longer(self, kind: SignalKind, alert: StoredAlert) -> list[Change]:
        """A clock that was set back behind the opening, by less than a day, proves nothing."""
        if self.now < alert.opened_at <= self.now + _SET_BACK:
            return []
        if not self.monitored and kind is not SignalKind.SYSTEM:
            return [_without_signal(alert, AlertState.CLOSED, EndedReason.LEFT, None)]
        reason = _STAND_ENDS.get(kind, EndedReason.GONE)
        return [_without_signal(alert, AlertState.CLOSED, reason, NoticeKind.RECOVERY)]

    def latched(self) -> list[Change]:
        """The changes of a stopping rule or a serious event: one signal a slot, which a person ends."""
        signal = next(iter(self.signals), None)
        live = next((alert for alert in self.alerts if alert.state.live), None)
        change = self._not_latched(signal) if live is None else self._latched(signal, live)
        return [] if change is None else [change]

    def _not_latched(self, signal: Signal | None) -> Change | None:
        """Imported history stays quiet until something joins it."""
        if signal is None or signal.state.over:
            return None
        if any(alert.historical and alert.members.issuperset(signal.members) for alert in self.alerts):
            return None
        return self._first_news(None, signal)

    def _latched(self, signal: Signal | None, alert: StoredAlert) -> Change | None:
        if signal is None or (signal.kind is SignalKind.BOUNDARY and self._decided_before(signal, alert)):
            return self._unfounded(alert)
        if signal.state.over:
            reason, notice = _ENDS[signal.state]
            return _ended(alert.id, signal, reason, notice)
        if _is_worse(signal, alert) or not alert.members.issuperset(signal.members):
            return _live(alert.id, signal, AlertState.OPEN, NoticeKind.WORSENED)
        if alert.state is AlertState.ACKNOWLEDGED and self._lapsed(alert):
            return _live(alert.id, signal, AlertState.OPEN, NoticeKind.LAPSED)
        lost = alert.members - set(signal.members)
        if lost or signal.urgency > alert.urgency:
            return replace(_live(alert.id, signal, alert.state, NoticeKind.AMENDMENT), lost=lost)
        moved = signal.kind is SignalKind.SAE_CLOCK and signal.first_at != alert.first_observed_at
        return _live(alert.id, signal, alert.state, None) if moved else None

    @staticmethod
    def _decided_before(signal: Signal, alert: StoredAlert) -> bool:
        """A decision taken before the alert opened was taken on something else."""
        return signal.state.over and signal.last_at < alert.opened_at

    def _unfounded(self, alert: StoredAlert) -> Change | None:
        """What raised it was corrected: a serious event is taken back, a stopping rule still waits."""
        if alert.kind is SignalKind.SAE_CLOCK:
            return _without_signal(alert, AlertState.RETRACTED, EndedReason.CORRECTED, NoticeKind.RETRACTION)
        if not alert.members:
            return None
        fallen = _without_signal(alert, alert.state, None, NoticeKind.AMENDMENT)
        return replace(fallen, members=frozenset(), lost=alert.members)

    def _new(self, signal: Signal) -> Change | None:
        told = frozenset[str]().union(*(alert.members for alert in self.alerts))
        if signal.state.over and told.issuperset(signal.members):
            return _ended(None, signal, EndedReason.SPLIT, None)
        return self._first_news(None, signal)

    def _first_news(self, alert_id: int | None, signal: Signal) -> Change | None:
        if self.historical:
            return _ended(alert_id, signal, EndedReason.HISTORICAL, None, historical=True)
        if not signal.state.over:
            return _live(alert_id, signal, AlertState.OPEN, NoticeKind.OPENING)
        if signal.kind is not SignalKind.GRADE_3:
            return None  # over before anybody could act on it
        if signal.state is SignalState.DIED:
            return _ended(alert_id, signal, EndedReason.DEATH, NoticeKind.OPENING)
        return _ended(alert_id, signal, EndedReason.RECOVERED, NoticeKind.LATE)

    def _continued(self, signal: Signal, alert: StoredAlert) -> Change | None:
        """The change of an alert whose episode still stands; None when nothing is new."""
        if signal.kind is SignalKind.BARRED and alert.state.live:
            # Only an attempt makes it more urgent, and time takes that back from nobody.
            signal = replace(signal, urgency=min(signal.urgency, alert.urgency))
        if alert.historical:
            change = self._historical(signal, alert)
            if change is None:
                return None
        else:
            change = self._ending(signal, alert) if signal.state.over else self._going_on(signal, alert)
            change = replace(change, lost=alert.members - self._standing() - self.graver)
            # A level that fell because late entries split the episode corrects nothing that was told.
            fell = change.level < alert.level and alert.members <= change.members
            if change.notice is None and (change.lost or fell):
                change = replace(change, notice=NoticeKind.AMENDMENT)
        same = (change.state, change.level, change.urgency, change.members, change.ended_reason) == (
            alert.state,
            alert.level,
            alert.urgency,
            alert.members,
            alert.ended_reason,
        )
        return None if same and change.notice is None else change

    def _historical(self, signal: Signal, alert: StoredAlert) -> Change | None:
        """Imported history stays quiet until something joins it or it proves worse."""
        if alert.members.issuperset(signal.members) and not _is_worse(signal, alert):
            return _ended(alert.id, signal, EndedReason.HISTORICAL, None, historical=True)
        return self._first_news(alert.id, signal)

    def _ending(self, signal: Signal, alert: StoredAlert) -> Change:
        reason, news = _ENDS[signal.state]
        notice = news if alert.state.live else None
        if signal.kind is SignalKind.GRADE_3:
            died, grew = signal.state is SignalState.DIED, signal.level > alert.level
            if died and (alert.state.live or grew):
                notice = NoticeKind.DEATH
            elif grew:
                notice = NoticeKind.LATE
        if notice is None and alert.ended_reason in (EndedReason.MERGED, EndedReason.SPLIT):
            reason = EndedReason(alert.ended_reason)
        return _ended(alert.id, signal, reason, notice)

    def _going_on(self, signal: Signal, alert: StoredAlert) -> Change:
        firing = signal.state is SignalState.FIRING
        if _is_worse(signal, alert):
            return _live(alert.id, signal, AlertState.OPEN, NoticeKind.WORSENED)
        if alert.ended_reason in _BY_THE_CLOCK and alert.members.issuperset(signal.members):
            return _ended(alert.id, signal, EndedReason(alert.ended_reason), None)
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
        holds = holds_for(alert.kind, alert.level, self.protocol)
        seen_at = max(alert.acknowledged_at, self.newest_entered_at or alert.acknowledged_at)
        return self.now - seen_at >= holds

    def _gone(self, alert: StoredAlert) -> Change | None:
        """The change of an alert that no episode continues: others hold what still stands of it."""
        kept = alert.members & self._standing()
        if not kept and alert.members & self.graver:
            over = _without_signal(alert, AlertState.CLOSED, EndedReason.SUPERSEDED, None)
            return over if alert.state.live else None
        if not kept:
            notice = None if alert.historical else NoticeKind.RETRACTION
            return _without_signal(alert, AlertState.RETRACTED, EndedReason.CORRECTED, notice)
        lost = alert.members - kept
        level = max(one.levels[member] for one in self.signals for member in kept & one.levels.keys())
        if not (alert.state.live or lost or level != alert.level):
            return None
        notice = NoticeKind.AMENDMENT if lost and not alert.historical else None
        merged = _without_signal(alert, AlertState.CLOSED, EndedReason.MERGED, notice)
        urgency = grade_urgency(level) if alert.kind is SignalKind.GRADE_3 else alert.urgency
        return replace(merged, level=level, urgency=urgency, members=kept, lost=lost)

    def _standing(self) -> frozenset[str]:
        return frozenset(member for signal in self.signals for member in signal.members)


def _graver(signals: Iterable[Signal], slot: str) -> frozenset[str]:
    """The assessments of this toxicity at grade 3 or more."""
    return frozenset(
        member
        for one in signals
        if (one.kind, one.slot) == (SignalKind.GRADE_3, slot)
        for member in one.members
    )


def _is_worse(signal: Signal, alert: StoredAlert) -> bool:
    return signal.level > alert.level or signal.urgency < alert.urgency


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
        signal.kind,
        signal.slot,
        signal,
        state,
        signal.level,
        signal.urgency,
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
        signal.kind,
        signal.slot,
        signal,
        AlertState.CLOSED,
        signal.level,
        signal.urgency,
        historical,
        frozenset(signal.members),
        reason,
        notice,
    )


def _without_signal(
    alert: StoredAlert, state: AlertState, reason: EndedReason | None, notice: NoticeKind | None
) -> Change:
    return Change(
        alert.id,
        alert.kind,
        alert.slot,
        None,
        state,
        alert.level,
        alert.urgency,
        alert.historical,
        alert.members,
        reason,
        notice,
        alert.members if state is AlertState.RETRACTED else frozenset(),
    )
