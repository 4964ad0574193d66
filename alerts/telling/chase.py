"""Who was told of an alert since it became open, and who is told next unless somebody acknowledges."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from alerts.escalation import Life, Next, first_step, groups_until, plan_of, what_comes_next
from alerts.holding import holds_for
from alerts.model import SignalKind
from alerts.posting import active_recipients
from alerts.states import CALLING, STARTING, AlertState, Change, NoticeKind
from alerts.telling.desk import Desk
from alerts.words.story import Chase
from db.models import Acknowledgement, Delivery, Notice, Recipient, Silence
from trial.protocol import EVERYONE, Step


@dataclass(frozen=True, slots=True)
class _Told:
    """One earlier notice that called for an answer, to one group."""

    notice_id: int
    kind: str
    at: datetime
    group: str


def load_chase(desk: Desk, change: Change, alert_id: int, step: int) -> Chase | None:
    """None where the notice asks for no answer. `step` is the plan's that this notice tells."""
    if change.notice not in CALLING:
        return None
    starting = change.notice in STARTING
    told = [] if starting else _since_open(_told(desk, alert_id))
    open_since = told[0].at if told else desk.now
    plan = plan_of(change.kind, change.urgency, desk.protocol)
    life = Life(
        open_since=open_since,
        reached=step,
        refused=False,
        told_at=desk.now,
        silent_until=_silent_until(desk, alert_id),
        since=change.signal.first_at if change.signal and change.kind is SignalKind.SAE_CLOCK else None,
        answered=change.state is AlertState.ACKNOWLEDGED,
    )
    coming = what_comes_next(life, change.kind, change.urgency, desk.protocol)
    listed = {person.group for person in active_recipients(desk.session, desk.now)}
    groups, again = _next(plan, step, listed, coming)
    return Chase(
        open_since=open_since,
        at=desk.now,
        before=_by_moment(told),
        times=len({one.notice_id for one in told}) + 1,
        next_at=coming.at if coming else None,
        next_groups=groups,
        again=again,
        acknowledged_at=_acknowledged_at(desk, alert_id) if change.notice is NoticeKind.LAPSED else None,
        held_for=holds_for(change.kind, change.level, desk.protocol),
    )


def _told(desk: Desk, alert_id: int) -> list[_Told]:
    rows = desk.session.connection().execute(
        select(col(Notice.id), col(Notice.kind), col(Notice.created_at), col(Recipient.group))
        .outerjoin(Delivery, col(Delivery.notice_id) == col(Notice.id))
        .outerjoin(Recipient, col(Recipient.id) == col(Delivery.recipient_id))
        .where(col(Notice.alert_id) == alert_id, col(Notice.kind).in_([kind.value for kind in CALLING]))
        .order_by(col(Notice.id))
    )
    return [_Told(int(notice_id or 0), kind, at, group or "") for notice_id, kind, at, group in rows]


def _since_open(told: Sequence[_Told]) -> list[_Told]:
    newest = max((one.notice_id for one in told if one.kind in STARTING), default=0)
    return [one for one in told if one.notice_id >= newest]


def _by_moment(told: Sequence[_Told]) -> tuple[tuple[datetime, tuple[str, ...]], ...]:
    """Each group at the moment when it was told first."""
    first: dict[str, datetime] = {}
    for one in told:
        if one.group:
            first.setdefault(one.group, one.at)
    moments = sorted(set(first.values()))
    return tuple((at, tuple(group for group in first if first[group] == at)) for at in moments)


def _next(
    plan: Sequence[Step], step: int, listed: Collection[str], coming: Next | None
) -> tuple[tuple[str, ...], bool]:
    """The groups told next, those with a recipient; and whether they are the ones told so far."""
    further = plan[step + 1 :]
    if not further or (coming is not None and coming.again):
        return _listed(groups_until(plan, step), listed), True
    return _listed(further[first_step(further, listed)].groups, listed), False


def _listed(groups: Collection[str], listed: Collection[str]) -> tuple[str, ...]:
    if EVERYONE in groups:
        return (EVERYONE,) if listed else ()
    return tuple(sorted(set(groups).intersection(listed)))


def _silent_until(desk: Desk, alert_id: int) -> datetime | None:
    query = (
        select(col(Silence.until))
        .where(col(Silence.alert_id) == alert_id)
        .order_by(col(Silence.id).desc())
        .limit(1)
    )
    return desk.session.connection().execute(query).scalar_one_or_none()


def _acknowledged_at(desk: Desk, alert_id: int) -> datetime | None:
    query = (
        select(col(Acknowledgement.at))
        .where(col(Acknowledgement.alert_id) == alert_id)
        .order_by(col(Acknowledgement.id).desc())
        .limit(1)
    )
    return desk.session.connection().execute(query).scalar_one_or_none()
