"""What changes when signals meet stored alerts: identity, state, what is told, and never twice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.difference import difference, grade_urgency, urgency_of
from alerts.episodes import grade_3_episodes
from alerts.model import ALERT_GRADE, CourseFacts, SignalKind
from alerts.states import AlertState, Change, EndedReason, NoticeKind, StoredAlert
from tests.alerts.courses import ROWS, START, course_of
from trial.protocol import load_protocol

PROTOCOL = load_protocol()
NOW = START + timedelta(days=10)


def changes_of(
    course: CourseFacts,
    stored: Sequence[StoredAlert] = (),
    *,
    now: datetime = NOW,
    newest_entered_at: datetime | None = NOW,
    historical: bool = False,
) -> list[Change]:
    signals = grade_3_episodes(course, PROTOCOL)
    return difference(
        signals,
        stored,
        now=now,
        newest_entered_at=newest_entered_at,
        protocol=PROTOCOL,
        historical=historical,
    )


def apply(
    stored: Sequence[StoredAlert], changes: Sequence[Change], told: list[NoticeKind]
) -> list[StoredAlert]:
    """What the writer does to the stored alerts, in the order of the changes."""
    alerts = {alert.id: alert for alert in stored}
    for change in changes:
        alert_id = change.alert_id or len(alerts) + 1
        before = alerts.get(alert_id)
        alerts[alert_id] = StoredAlert(
            id=alert_id,
            kind=change.kind,
            slot=change.slot,
            state=change.state,
            level=change.level,
            urgency=change.urgency,
            historical=change.historical,
            members=change.members,
            opened_at=before.opened_at if before else NOW,
            updated_at=NOW,
            acknowledged_at=before.acknowledged_at if before else None,
            ended_reason=change.ended_reason,
        )
        if change.notice:
            told.append(change.notice)
        live = [alert.slot for alert in alerts.values() if alert.state.live]
        assert len(live) == len(set(live)), "two live alerts of one toxicity"
    return list(alerts.values())


def after(rows: str, **options: object) -> tuple[list[StoredAlert], list[NoticeKind]]:
    """The alerts and notices of a course entered in one go."""
    told: list[NoticeKind] = []
    return apply([], changes_of(course_of(rows, **options)), told), told  # type: ignore[arg-type]


def open_alert(members: str = "a0", level: int = 3, **more: object) -> StoredAlert:
    alert = StoredAlert(
        1,
        SignalKind.GRADE_3,
        "crs",
        AlertState.OPEN,
        level,
        grade_urgency(level),
        False,
        frozenset(members.split()),
        START,
        START,
    )
    return replace(alert, **more)  # type: ignore[arg-type]


def one(changes: Sequence[Change]) -> Change:
    (change,) = changes
    return change


def test_a_grade_3_opens_one_alert_and_repeating_it_changes_nothing() -> None:
    course = course_of("03")
    change = one(changes_of(course))
    assert (change.alert_id, change.state, change.level) == (None, AlertState.OPEN, 3)
    assert change.notice is NoticeKind.OPENING
    stored = apply([], [change], [])
    assert changes_of(course, stored) == []


@pytest.mark.parametrize(
    ("rows", "hours", "stored", "state", "notice"),
    [
        # a further 3 is no news; it joins the episode
        ("33", 4, open_alert(), AlertState.OPEN, None),
        # worse
        ("34", 4, open_alert(), AlertState.OPEN, NoticeKind.WORSENED),
        ("34", 4, open_alert(state=AlertState.ACKNOWLEDGED), AlertState.OPEN, NoticeKind.WORSENED),
        # on the way back, and back again
        ("32", 4, open_alert(state=AlertState.ACKNOWLEDGED), AlertState.RECOVERING, None),
        ("323", 4, open_alert(state=AlertState.RECOVERING), AlertState.OPEN, NoticeKind.AGAIN),
        # over
        ("322", 12, open_alert(), AlertState.CLOSED, NoticeKind.RECOVERY),
        ("322", 12, open_alert(state=AlertState.RECOVERING), AlertState.CLOSED, NoticeKind.RECOVERY),
        ("3d", 4, open_alert(), AlertState.CLOSED, NoticeKind.DEATH),
        ("35", 4, open_alert(), AlertState.CLOSED, NoticeKind.DEATH),
        # over, and a late entry shows that it was worse
        ("3422", 12, open_alert(), AlertState.CLOSED, NoticeKind.LATE),
    ],
)
def test_the_life_of_an_alert(
    rows: str, hours: int, stored: StoredAlert, state: AlertState, notice: NoticeKind | None
) -> None:
    change = one(changes_of(course_of(rows, hours=hours), [stored]))
    assert (change.alert_id, change.state, change.notice) == (1, state, notice)


def test_an_unacknowledged_alert_stays_open_through_a_milder_grade() -> None:
    assert changes_of(course_of("32"), [open_alert()]) == []


@pytest.mark.parametrize(
    ("rows", "state", "notice", "reason"),
    [
        ("322", AlertState.CLOSED, NoticeKind.LATE, EndedReason.RECOVERED),
        ("3d", AlertState.CLOSED, NoticeKind.OPENING, EndedReason.DEATH),
        ("5", AlertState.CLOSED, NoticeKind.OPENING, EndedReason.DEATH),
        ("32", AlertState.OPEN, NoticeKind.OPENING, None),
    ],
)
def test_an_episode_over_when_it_is_entered_gets_one_notice(
    rows: str, state: AlertState, notice: NoticeKind, reason: EndedReason | None
) -> None:
    change = one(changes_of(course_of(rows, hours=12)))
    assert (change.state, change.notice, change.ended_reason) == (state, notice, reason)


def test_a_corrected_grade_takes_the_alert_back() -> None:
    change = one(changes_of(course_of("0"), [open_alert()]))
    assert (change.state, change.notice) == (AlertState.RETRACTED, NoticeKind.RETRACTION)
    assert change.ended_reason is EndedReason.CORRECTED
    assert change.lost == frozenset({"a0"})
    assert changes_of(course_of("0"), apply([open_alert()], [change], [])) == []


def test_a_closed_alert_is_taken_back_too() -> None:
    closed = open_alert(state=AlertState.CLOSED, ended_reason="recovered")
    assert one(changes_of(course_of("0"), [closed])).notice is NoticeKind.RETRACTION


def test_after_a_retraction_a_new_3_is_a_new_alert() -> None:
    retracted = open_alert(state=AlertState.RETRACTED, ended_reason="corrected")
    change = one(changes_of(course_of("3"), [retracted]))
    assert (change.alert_id, change.notice) == (None, NoticeKind.OPENING)


def test_when_others_keep_it_at_3_the_correction_is_an_amendment() -> None:
    stored = open_alert("a0 a1", state=AlertState.ACKNOWLEDGED, acknowledged_at=NOW)
    change = one(changes_of(course_of("30"), [stored]))
    assert (change.state, change.notice) == (AlertState.RECOVERING, NoticeKind.AMENDMENT)
    assert change.lost == frozenset({"a1"})


def test_a_4_corrected_to_3_is_an_amendment_and_stays_acknowledged() -> None:
    stored = open_alert(level=4, state=AlertState.ACKNOWLEDGED, acknowledged_at=NOW)
    change = one(changes_of(course_of("3"), [stored]))
    assert (change.state, change.level, change.notice) == (AlertState.ACKNOWLEDGED, 3, NoticeKind.AMENDMENT)


@pytest.mark.parametrize(
    ("level", "hours", "lapsed"), [(3, 11.9, False), (3, 12, True), (4, 3.9, False), (4, 4, True)]
)
def test_an_acknowledgement_lapses_without_a_newer_assessment(level: int, hours: float, lapsed: bool) -> None:
    stored = open_alert(level=level, state=AlertState.ACKNOWLEDGED, acknowledged_at=NOW)
    course = course_of(str(level))
    later = NOW + timedelta(hours=hours)
    changes = changes_of(course, [stored], now=later, newest_entered_at=START)
    assert [(change.state, change.notice) for change in changes] == (
        [(AlertState.OPEN, NoticeKind.LAPSED)] if lapsed else []
    )
    assert changes_of(course, [stored], now=later, newest_entered_at=later) == []


def test_an_acknowledged_alert_without_its_acknowledgement_is_opened_again() -> None:
    stored = open_alert(state=AlertState.ACKNOWLEDGED)
    assert one(changes_of(course_of("3"), [stored])).notice is NoticeKind.LAPSED


def test_a_recovery_that_was_corrected_away_opens_the_alert_again() -> None:
    closed = open_alert(state=AlertState.CLOSED, ended_reason="recovered")
    change = one(changes_of(course_of("32", hours=12), [closed]))
    assert (change.state, change.notice) == (AlertState.OPEN, NoticeKind.AGAIN)


def test_a_closed_alert_learns_of_a_worse_or_a_withdrawn_entry() -> None:
    closed = open_alert("a0", state=AlertState.CLOSED, ended_reason="recovered")
    assert one(changes_of(course_of("422", hours=12), [closed])).notice is NoticeKind.LATE
    pair = replace(closed, members=frozenset({"a0", "a9"}))
    assert one(changes_of(course_of("322", hours=12), [pair])).notice is NoticeKind.AMENDMENT


def test_imported_history_is_stored_and_told_to_nobody() -> None:
    for rows in ("3", "322", "3d"):
        course = course_of(rows, hours=12)
        change = one(changes_of(course, historical=True))
        assert (change.state, change.historical, change.notice) == (AlertState.CLOSED, True, None)
        assert change.ended_reason is EndedReason.HISTORICAL
        assert changes_of(course, apply([], [change], [])) == []


@pytest.mark.parametrize(
    ("rows", "state", "notice"),
    [
        ("33", AlertState.OPEN, NoticeKind.OPENING),
        ("4", AlertState.OPEN, NoticeKind.OPENING),
        ("3322", AlertState.CLOSED, NoticeKind.LATE),
        ("422", AlertState.CLOSED, NoticeKind.LATE),
    ],
)
def test_a_new_3_in_imported_history_is_told(rows: str, state: AlertState, notice: NoticeKind) -> None:
    historical = open_alert(state=AlertState.CLOSED, historical=True, ended_reason="historical")
    change = one(changes_of(course_of(rows, hours=12), [historical]))
    assert (change.alert_id, change.state, change.notice) == (1, state, notice)
    assert not change.historical


def test_imported_history_follows_its_corrections_in_silence() -> None:
    historical = open_alert("a0 a1", 4, state=AlertState.CLOSED, historical=True, ended_reason="historical")
    change = one(changes_of(course_of("30"), [historical]))
    assert (change.level, change.members, change.notice) == (3, frozenset({"a0"}), None)
    assert change.historical
    gone = one(changes_of(course_of("00"), [historical]))
    assert (gone.state, gone.notice) == (AlertState.RETRACTED, None)


def test_a_back_dated_entry_joins_two_episodes_and_the_live_alert_goes_on() -> None:
    first = open_alert("a0", state=AlertState.CLOSED, ended_reason="recovered")
    second = replace(open_alert("a2"), id=2)
    merged = course_of("333")
    told: list[NoticeKind] = []
    stored = apply([first, second], changes_of(merged, [first, second]), told)
    assert told == []
    assert [(alert.id, alert.state) for alert in stored] == [(1, AlertState.CLOSED), (2, AlertState.OPEN)]
    assert changes_of(merged, stored) == []


def test_when_the_live_alert_shares_less_it_is_merged_into_the_other() -> None:
    first = open_alert("a0 a1", state=AlertState.CLOSED, ended_reason="recovered")
    second = replace(open_alert("a2"), id=2)
    changes = changes_of(course_of("333"), [first, second])
    assert [(change.alert_id, change.state, change.ended_reason) for change in changes] == [
        (2, AlertState.CLOSED, EndedReason.MERGED),
        (1, AlertState.OPEN, None),
    ]
    assert changes_of(course_of("333"), apply([first, second], changes, [])) == []


def test_an_episode_split_by_late_entries_keeps_its_alert_on_the_part_that_goes_on() -> None:
    stored = open_alert("a0 a3")
    course = course_of("3223", hours=[0, 12, 13, 14])
    changes = changes_of(course, [stored])
    assert [(change.alert_id, change.state, change.notice) for change in changes] == [
        (None, AlertState.CLOSED, None),
        (1, AlertState.OPEN, None),
    ]
    assert changes[0].ended_reason is EndedReason.SPLIT
    assert changes_of(course, apply([stored], changes, [])) == []


def test_a_split_that_leaves_the_worse_part_behind_is_no_correction() -> None:
    stored = open_alert("a0 a3", level=4)
    course = course_of("4223", hours=[0, 12, 13, 14])
    changes = changes_of(course, [stored])
    assert [(change.alert_id, change.level, change.notice) for change in changes] == [
        (None, 4, None),
        (1, 3, None),
    ]
    assert changes_of(course, apply([stored], changes, [])) == []


def test_an_entry_taken_out_of_an_alert_that_was_merged_is_told_there_too() -> None:
    going_on = open_alert("a0 a2")
    ended = replace(open_alert("a0 a1", level=5, state=AlertState.CLOSED, ended_reason="death"), id=2)
    course = course_of("303", hours=6)
    change = one(changes_of(course, [going_on, ended]))
    assert (change.alert_id, change.state, change.level) == (2, AlertState.CLOSED, 3)
    assert (set(change.members), set(change.lost)) == ({"a0"}, {"a1"})
    assert change.notice is NoticeKind.AMENDMENT
    assert changes_of(course, apply([going_on, ended], [change], [])) == []


def test_news_of_a_grade_4_goes_first_and_good_news_later() -> None:
    assert [urgency_of(NoticeKind.OPENING, urgency) for urgency in (1, 2, 3)] == [1, 2, 3]
    assert urgency_of(NoticeKind.WORSENED, 1) == urgency_of(NoticeKind.DEATH, 1, 5) == 1
    assert urgency_of(NoticeKind.ESCALATION, 1) == urgency_of(NoticeKind.REPEAT, 1) == 1
    assert [urgency_of(NoticeKind.RETRACTION, urgency) for urgency in (1, 2, 3)] == [2, 2, 3]
    assert urgency_of(NoticeKind.RECOVERY, 1) == 3
    assert urgency_of(NoticeKind.DEATH, 1, 4) == 2
    assert urgency_of(NoticeKind.LATE, 1) == urgency_of(NoticeKind.AMENDMENT, 1) == 3
    assert urgency_of(NoticeKind.HISTORICAL_DIGEST, 1) == 4
    assert (grade_urgency(3), grade_urgency(4)) == (2, 1)


ROW = st.sampled_from(sorted(ROWS))


@st.composite
def histories(draw: st.DrawFn) -> list[list[str | None]]:
    """A chart of eight places as it was at each step: places are filled, corrected and emptied."""
    chart: list[str | None] = [None] * 8
    steps = []
    for _ in range(draw(st.integers(1, 12))):
        chart = chart.copy()
        chart[draw(st.integers(0, 7))] = draw(st.one_of(ROW, st.none()))
        steps.append(chart)
    return steps


@given(histories(), st.booleans())
def test_any_history_of_entries_and_corrections_ends_told_and_still(
    steps: list[list[str | None]], acknowledges: bool
) -> None:
    stored: list[StoredAlert] = []
    told: list[NoticeKind] = []
    ever_high: set[str] = set()
    for chart in steps:
        whole = course_of("".join(row or "0" for row in chart), hours=6)
        kept = tuple(fact for fact, row in zip(whole.assessments, chart, strict=True) if row)
        course = CourseFacts(1, kept)
        stored = apply(stored, changes_of(course, stored), told)
        assert changes_of(course, stored) == [], "repeating it must change nothing"
        high = {fact.stable_id for fact in kept if fact.crs.at_least >= ALERT_GRADE}
        listed = set().union(*(one.members for one in stored if one.state is not AlertState.RETRACTED))
        assert high == listed, "every 3 belongs to an alert, and nothing else does"
        ever_high |= high
        levels = [fact.crs.at_least for fact in kept if fact.crs.at_least >= ALERT_GRADE]
        standing = [one.level for one in stored if one.state is not AlertState.RETRACTED]
        assert max(levels, default=0) == max(standing, default=0)
        if acknowledges:
            stored = [
                replace(one, state=AlertState.ACKNOWLEDGED, acknowledged_at=NOW)
                if one.state is AlertState.OPEN
                else one
                for one in stored
            ]
    first_news = {NoticeKind.OPENING, NoticeKind.LATE}
    assert bool(first_news.intersection(told)) == bool(ever_high)
