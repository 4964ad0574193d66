"""What stands now or does not: a toxicity long unsettled, and a due assessment that was missed."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.model import AssessmentFact, CourseFacts, FactGrade, Monitoring, Signal, SignalKind
from alerts.standing import missed_signals, unsettled_signals
from trial.calendar import SlotKind, StayKind, StayPeriod
from trial.protocol import load_protocol

PROTOCOL = load_protocol()
ZONE = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 3, 2, tzinfo=ZONE)
WELL, OPEN, GRAVE, LOW = (
    FactGrade(0, 0),
    FactGrade(None, 0),
    FactGrade(None, 3),
    FactGrade(None, 0, at_most=2),
)


def at(clock: str, day: int = 0) -> datetime:
    """A time of the hospital's clock, days after 2 March."""
    hours, minutes = clock.split(":")
    return DAY + timedelta(days=day, hours=int(hours), minutes=int(minutes))


def fact(
    when: datetime,
    *,
    crs: FactGrade = WELL,
    icans: FactGrade = WELL,
    ice: bool = True,
    died: bool = False,
    asked_again_at: datetime | None = None,
) -> AssessmentFact:
    name = f"{when:%d%H%M}"
    return AssessmentFact(
        name, int(name), 1, when, when, crs, icans, died=died, ice_met=ice, ice_asked_again_at=asked_again_at
    )


def course(*facts: AssessmentFact, **monitoring: object) -> CourseFacts:
    infused_at = at("08:00")
    return CourseFacts(1, facts, Monitoring(infused_at, ZONE, **monitoring))  # type: ignore[arg-type]


def missed(course: CourseFacts, now: datetime) -> dict[str, datetime]:
    found = missed_signals(course, now, PROTOCOL)
    assert {(one.kind, one.urgency, one.level) for one in found} <= {(SignalKind.MISSED, 3, 0)}
    return {one.slot: one.first_at for one in found}


def unsettled(course: CourseFacts, now: datetime) -> list[Signal]:
    return unsettled_signals(course, now, PROTOCOL)


def test_a_round_is_missed_two_hours_after_it_was_due() -> None:
    done = fact(at("10:00"))
    assert missed(course(done), at("15:59")) == {}
    assert missed(course(done), at("16:01")) == {"vital_signs": at("14:00"), "ice": at("14:00")}


def test_the_first_one_overdue_is_told_of_and_a_later_entry_ends_it() -> None:
    done = fact(at("10:00"))
    assert missed(course(done), at("23:00"))["vital_signs"] == at("14:00")
    assert missed(course(done, fact(at("22:30"))), at("23:00")) == {}
    assert missed(course(done, fact(at("22:30"), ice=False)), at("23:00")) == {"ice": at("14:00")}


def test_a_late_entry_at_its_own_time_ends_it_and_uncovers_the_next() -> None:
    done, late = fact(at("10:00")), fact(at("14:30"))
    assert missed(course(done, late), at("21:00")) == {"vital_signs": at("18:00")}


def test_vital_signs_that_leave_crs_open_do_not_meet_the_round_unless_it_is_proved_grave() -> None:
    done = fact(at("10:00"))
    assert "vital_signs" in missed(course(done, fact(at("14:00"), crs=OPEN)), at("16:30"))
    assert "vital_signs" not in missed(course(done, fact(at("14:00"), crs=GRAVE)), at("16:30"))


def test_what_was_not_done_because_is_not_missed() -> None:
    skipped = frozenset({(SlotKind.VITAL_SIGNS, at("14:00")), (SlotKind.ICE, at("14:00"))})
    assert missed(course(fact(at("10:00")), skipped=skipped), at("17:00")) == {}


def test_an_unexplained_refusal_of_the_ice_counts_for_an_hour() -> None:
    refused = fact(at("14:00"), asked_again_at=at("15:00"))
    assert missed(course(fact(at("10:00")), refused), at("16:30")) == {"ice": at("14:00")}


@pytest.mark.parametrize(
    ("monitoring", "still"),
    [
        ({"stays": (StayPeriod(StayKind.HOME, at("12:00")),)}, False),
        ({"stays": (StayPeriod(StayKind.INTENSIVE_CARE, at("12:00")),)}, True),
        ({"ended_at": at("12:00")}, False),
        ({}, True),
    ],
)
def test_going_home_withdrawal_and_the_next_infusion_end_it_and_intensive_care_does_not(
    monitoring: dict[str, object], still: bool
) -> None:
    assert bool(missed(course(fact(at("10:00")), **monitoring), at("17:00"))) is still


def test_nothing_is_missed_after_a_death_or_without_a_window() -> None:
    assert missed(course(fact(at("10:00"), died=True)), at("17:00")) == {}
    assert missed_signals(CourseFacts(1, (fact(at("10:00")),)), at("17:00"), PROTOCOL) == []


def test_a_toxicity_is_unsettled_after_eight_hours() -> None:
    open_since = course(fact(at("10:00")), fact(at("11:00"), icans=OPEN))
    assert unsettled(open_since, at("18:59")) == []
    (signal,) = unsettled(open_since, at("19:00"))
    assert (signal.kind, signal.slot, signal.urgency) == (SignalKind.UNSETTLED, "icans", 3)
    assert (signal.first_at, signal.last_at, signal.latest_id) == (at("11:00"), at("11:00"), 21100)


def test_or_in_two_due_assessments_in_a_row() -> None:
    first = fact(at("14:00"), crs=OPEN)
    assert unsettled(course(first), at("14:10")) == []
    assert [one.slot for one in unsettled(course(first, fact(at("18:10"), crs=OPEN)), at("18:20"))] == ["crs"]
    # Between two rounds nothing was due, however often it was looked at.
    assert unsettled(course(first, fact(at("15:00"), crs=OPEN)), at("15:10")) == []


def test_rounds_of_vital_signs_alone_leave_icans_open_without_an_alert() -> None:
    rows = [fact(at("14:00")), fact(at("18:00"), icans=OPEN, ice=False), fact(at("22:00"))]
    assert unsettled(course(*rows), at("22:05")) == []


@pytest.mark.parametrize("last", [WELL, GRAVE, LOW])
def test_settled_proved_grave_or_out_of_reach_of_3_ends_it(last: FactGrade) -> None:
    rows = [fact(at("14:00"), crs=OPEN), fact(at("18:00"), crs=OPEN), fact(at("19:00"), crs=last)]
    assert unsettled(course(*rows), at("23:00")) == []


def test_nobody_is_asked_to_settle_who_is_at_home_or_dead() -> None:
    rows = [fact(at("14:00"), crs=OPEN), fact(at("18:00"), crs=OPEN)]
    home = (StayPeriod(StayKind.HOME, at("20:00")),)
    assert unsettled(course(*rows), at("23:00"))
    assert unsettled(course(*rows, stays=home), at("23:00")) == []
    assert unsettled(course(*rows, fact(at("19:00"), crs=OPEN, died=True)), at("23:00")) == []
