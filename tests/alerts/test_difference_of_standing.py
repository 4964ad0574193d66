"""What stands or does not meets the stored alerts; how other episodes than grade 3 end theirs."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts.difference import difference
from alerts.model import Signal, SignalKind, SignalState
from alerts.states import AlertState, Change, EndedReason, NoticeKind, StoredAlert
from tests.alerts.courses import START
from trial.protocol import load_protocol

PROTOCOL = load_protocol()
NOW = START + timedelta(hours=20)
K, N, R = SignalKind, NoticeKind, EndedReason


def signal(kind: SignalKind, slot: str = "ice", **more: object) -> Signal:
    values = {"state": SignalState.FIRING, "level": 0, "urgency": 3, "first_at": START, "last_at": START}
    return Signal(kind, slot, **(values | more))  # type: ignore[arg-type]


def alert(kind: SignalKind, slot: str = "ice", **more: object) -> StoredAlert:
    values = {
        "state": AlertState.OPEN,
        "level": 0,
        "urgency": 3,
        "historical": False,
        "members": frozenset(),
        "opened_at": START,
        "updated_at": START,
    }
    return StoredAlert(1, kind, slot, **(values | more))  # type: ignore[arg-type]


def meet(signals: list[Signal], stored: list[StoredAlert], **more: object) -> list[Change]:
    options: dict[str, object] = {"now": NOW, "newest_entered_at": None, "protocol": PROTOCOL}
    return difference(signals, stored, **(options | more))  # type: ignore[arg-type]


def only(changes: list[Change]) -> tuple[AlertState, NoticeKind | None, EndedReason | None]:
    (change,) = changes
    return change.state, change.notice, change.ended_reason


STANDING = [K.UNSETTLED, K.MISSED, K.SYSTEM]


@pytest.mark.parametrize("kind", STANDING)
def test_what_stands_opens_one_alert_and_standing_on_changes_nothing(kind: SignalKind) -> None:
    assert only(meet([signal(kind)], [])) == (AlertState.OPEN, N.OPENING, None)
    assert meet([signal(kind)], [alert(kind)]) == []
    assert meet([signal(kind)], [alert(kind, slot="other")], monitored=False)[-1].notice is N.OPENING


@pytest.mark.parametrize(
    ("kind", "reason"), [(K.UNSETTLED, R.SETTLED), (K.MISSED, R.MET), (K.SYSTEM, R.GONE)]
)
def test_what_stands_no_longer_is_closed_and_told(kind: SignalKind, reason: EndedReason) -> None:
    assert only(meet([], [alert(kind)])) == (AlertState.CLOSED, N.RECOVERY, reason)


@pytest.mark.parametrize("kind", [K.UNSETTLED, K.MISSED])
def test_of_a_patient_who_is_not_monitored_any_more_it_is_closed_without_a_mail(kind: SignalKind) -> None:
    assert only(meet([], [alert(kind)], monitored=False)) == (AlertState.CLOSED, None, R.LEFT)


@pytest.mark.parametrize("updated_at", [START, NOW, NOW + timedelta(minutes=1)])
def test_a_clock_set_back_a_little_behind_the_opening_closes_nothing(updated_at: datetime) -> None:
    later = alert(K.MISSED, opened_at=NOW + timedelta(minutes=1), updated_at=updated_at)
    assert meet([], [later]) == []


def test_a_clock_that_was_far_ahead_keeps_no_alert() -> None:
    wrong = alert(K.MISSED, opened_at=NOW + timedelta(days=365))
    assert only(meet([], [wrong])) == (AlertState.CLOSED, N.RECOVERY, R.MET)


def test_an_import_of_history_raises_and_closes_nothing_that_stands() -> None:
    assert meet([signal(K.MISSED)], [], historical=True) == []
    assert meet([], [alert(K.MISSED)], historical=True) == []


def test_an_answer_to_what_stands_lapses_and_one_that_is_closed_opens_a_new_one() -> None:
    answered = alert(K.MISSED, state=AlertState.ACKNOWLEDGED, acknowledged_at=START)
    assert meet([signal(K.MISSED)], [answered], now=START + timedelta(hours=11.9)) == []
    assert only(meet([signal(K.MISSED)], [answered], now=START + timedelta(hours=12))) == (
        AlertState.OPEN,
        N.LAPSED,
        None,
    )
    over = alert(K.MISSED, state=AlertState.CLOSED, ended_reason="met")
    (change,) = meet([signal(K.MISSED)], [over])
    assert (change.alert_id, change.notice) == (None, N.OPENING)


def test_what_stands_more_urgently_is_worse() -> None:
    assert only(meet([signal(K.MISSED, urgency=1)], [alert(K.MISSED, urgency=2)])) == (
        AlertState.OPEN,
        N.WORSENED,
        None,
    )


def episode(kind: SignalKind, state: SignalState, members: str = "a1", **more: object) -> Signal:
    slot = "" if kind is K.SUPPORT_UNGRADED else "crs"
    return signal(kind, slot, state=state, members=tuple(members.split()), **more)


def open_episode(kind: SignalKind, members: str = "a1", **more: object) -> StoredAlert:
    slot = "" if kind is K.SUPPORT_UNGRADED else "crs"
    return alert(kind, slot, members=frozenset(members.split()), **more)


@pytest.mark.parametrize(
    ("state", "reason", "notice"),
    [
        (SignalState.RECOVERED, R.RECOVERED, N.RECOVERY),
        (SignalState.JUDGED, R.JUDGED, N.RECOVERY),
        (SignalState.GRADED, R.GRADED, N.RECOVERY),
        (SignalState.GONE, R.GONE, N.RECOVERY),
        (SignalState.SUPERSEDED, R.SUPERSEDED, None),
        (SignalState.EXPIRED, R.EXPIRED, None),
        (SignalState.LEFT, R.LEFT, None),
        (SignalState.DIED, R.DEATH, None),
    ],
)
@pytest.mark.parametrize("kind", [K.RISE_2, K.SUPPORT_UNGRADED])
def test_each_end_has_its_reason_and_is_told_where_somebody_waits_for_it(
    kind: SignalKind, state: SignalState, reason: EndedReason, notice: NoticeKind | None
) -> None:
    over = episode(kind, state)
    assert only(meet([over], [open_episode(kind)])) == (AlertState.CLOSED, notice, reason)
    closed = open_episode(kind, state=AlertState.CLOSED, ended_reason=reason.value)
    assert meet([over], [closed]) == []
    assert meet([over], []) == [], "over before anybody could act on it"


@pytest.mark.parametrize("reason", [R.EXPIRED, R.LEFT])
def test_what_the_clock_ended_is_not_reopened_by_the_clock_but_by_a_new_member(reason: EndedReason) -> None:
    closed = open_episode(K.SUPPORT_UNGRADED, state=AlertState.CLOSED, ended_reason=reason.value)
    assert meet([episode(K.SUPPORT_UNGRADED, SignalState.FIRING)], [closed]) == []
    joined = episode(K.SUPPORT_UNGRADED, SignalState.FIRING, "a1 a2")
    assert only(meet([joined], [closed])) == (AlertState.OPEN, N.AGAIN, None)
    stronger = episode(K.SUPPORT_UNGRADED, SignalState.FIRING, urgency=2)
    assert only(meet([stronger], [closed])) == (AlertState.OPEN, N.WORSENED, None)


def test_a_rise_that_grade_3_spoke_for_stands_again_when_the_3_was_wrong() -> None:
    closed = open_episode(K.RISE_2, level=2, urgency=2, state=AlertState.CLOSED, ended_reason="superseded")
    risen = episode(K.RISE_2, SignalState.FIRING, level=2, urgency=2)
    assert only(meet([risen], [closed])) == (AlertState.OPEN, N.AGAIN, None)


@pytest.mark.parametrize("state", [AlertState.OPEN, AlertState.ACKNOWLEDGED])
def test_a_rise_corrected_upwards_is_not_taken_back_grade_3_speaks_for_it(state: AlertState) -> None:
    risen = open_episode(K.RISE_2, level=2, urgency=2, state=state)
    grave = signal(K.GRADE_3, "crs", level=3, urgency=2, members=("a1",), levels={"a1": 3})
    changes = {change.kind: change for change in meet([grave], [risen])}
    over = changes[K.RISE_2]
    assert (over.state, over.notice, over.ended_reason) == (AlertState.CLOSED, None, R.SUPERSEDED)
    assert changes[K.GRADE_3].notice is N.OPENING
    closed = replace(risen, state=AlertState.CLOSED, ended_reason="superseded")
    assert [change.kind for change in meet([grave], [closed])] == [K.GRADE_3]
    assert only(meet([], [closed])) == (AlertState.RETRACTED, N.RETRACTION, R.CORRECTED)


def test_one_member_of_a_rise_corrected_upwards_amends_nothing() -> None:
    risen = open_episode(K.RISE_2, "a1 a2", level=2, urgency=2)
    grave = signal(K.GRADE_3, "crs", level=3, urgency=2, members=("a2",), levels={"a2": 3})
    over = episode(K.RISE_2, SignalState.SUPERSEDED, "a1", level=2, urgency=2)
    changes = {change.kind: change for change in meet([grave, over], [risen])}
    assert (changes[K.RISE_2].notice, changes[K.RISE_2].ended_reason) == (None, R.SUPERSEDED)


def test_a_corrected_entry_takes_its_support_back() -> None:
    assert only(meet([], [open_episode(K.SUPPORT_UNGRADED)])) == (
        AlertState.RETRACTED,
        N.RETRACTION,
        R.CORRECTED,
    )


def test_two_that_grow_together_are_one_and_the_other_is_closed() -> None:
    first = open_episode(K.SUPPORT_UNGRADED, urgency=2)
    second = replace(first, id=2, members=frozenset({"a2"}), state=AlertState.CLOSED, ended_reason="gone")
    both = episode(K.SUPPORT_UNGRADED, SignalState.FIRING, "a1 a2", urgency=2, levels={"a1": 0, "a2": 0})
    changes = {change.alert_id: change for change in meet([both], [first, second])}
    assert changes[1].members == {"a1", "a2"}
    assert (changes[1].state, changes[1].notice) == (AlertState.OPEN, None)
    assert 2 not in changes
    live = replace(second, state=AlertState.OPEN, ended_reason=None)
    changes = {change.alert_id: change for change in meet([both], [first, live])}
    assert (changes[2].state, changes[2].ended_reason, changes[2].urgency) == (AlertState.CLOSED, R.MERGED, 2)


def test_history_stays_quiet_until_it_proves_worse() -> None:
    imported = open_episode(
        K.SUPPORT_UNGRADED, state=AlertState.CLOSED, ended_reason="historical", historical=True
    )
    quiet = episode(K.SUPPORT_UNGRADED, SignalState.FIRING)
    assert meet([quiet], [imported]) == []
    assert only(meet([replace(quiet, urgency=2)], [imported])) == (AlertState.OPEN, N.OPENING, None)
    over = episode(K.SUPPORT_UNGRADED, SignalState.GONE, "a1 a2")
    assert meet([over], [imported]) == []
    assert [one.historical for one in meet([quiet], [], historical=True)] == [True]


def moment(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def test_those_that_end_an_alert_come_first() -> None:
    changes = meet(
        [episode(K.RISE_2, SignalState.FIRING, "a9", level=2, urgency=2)],
        [open_episode(K.RISE_2, "a1", level=2, urgency=2)],
        now=moment(30),
    )
    assert [change.state.live for change in changes] == [False, True]
