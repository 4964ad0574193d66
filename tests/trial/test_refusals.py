"""A refusal without an explanation is good for one hour; every other reason stands."""

from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from trial.calendar import Recorded, Slot, SlotKind, SlotStatus, slot_status
from trial.due import DueCourse, SkippedSlot, due_now, newest_skips, skips_that_count
from trial.protocol import load_protocol
from trial.refusals import asked_again_at, still_counts

ZONE = ZoneInfo("Asia/Shanghai")
PROTOCOL = load_protocol()
INFUSED_AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)  # 09:30 at the hospital
DUE_AT = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)  # 06:00 of day 1
SAID_AT = DUE_AT + timedelta(minutes=10)
ICE = (SlotKind.ICE, DUE_AT)
REASONS = ("asleep", "procedure", "refused", "other")


def later(minutes: float) -> datetime:
    return SAID_AT + timedelta(minutes=minutes)


def skip(reason: str = "refused", explanation: str | None = None, minutes: float = 0) -> SkippedSlot:
    return SkippedSlot(SlotKind.ICE, DUE_AT, reason, explanation, later(minutes))


@pytest.mark.parametrize(("reason", "explanation"), [*product((*REASONS, None), ("tired of it", "", None))])
def test_only_a_refusal_without_a_word_is_asked_again(reason: str | None, explanation: str | None) -> None:
    expected = later(60) if reason == "refused" and not explanation else None
    assert asked_again_at(reason, explanation, SAID_AT) == expected


@pytest.mark.parametrize(
    ("minutes", "counts"), [(-30, True), (0, True), (59.99, True), (60, False), (61, False)]
)
def test_it_counts_for_less_than_one_hour(minutes: float, counts: bool) -> None:
    assert still_counts(later(60), later(minutes)) is counts
    assert still_counts(None, later(minutes)) is True
    assert (ICE in skips_that_count([skip()], later(minutes))) is counts


@pytest.mark.parametrize("reason", ["asleep", "procedure", "other"])
def test_any_other_reason_stands_for_good(reason: str) -> None:
    assert skips_that_count([skip(reason)], later(10_000)) == {ICE}
    assert skips_that_count([skip("refused", "afraid of needles")], later(10_000)) == {ICE}


@pytest.mark.parametrize(
    ("skips", "minutes", "counts"),
    [
        ([skip(), skip(minutes=70)], 69, False),  # the second is not yet said at 69, but stands in the row
        ([skip(), skip(minutes=70)], 129, True),
        ([skip(), skip(minutes=70)], 130, False),
        ([skip(), skip(explanation="tired", minutes=70)], 10_000, True),
        ([skip(), skip("asleep", minutes=20)], 10_000, True),
        ([skip(explanation="tired"), skip(minutes=70)], 130, False),
    ],
)
def test_what_was_said_last_decides(skips: list[SkippedSlot], minutes: float, counts: bool) -> None:
    known = [one for one in skips if one.entered_at <= later(minutes)]
    assert (ICE in skips_that_count(known, later(minutes))) is counts
    assert newest_skips(known)[ICE] is known[-1]


def test_each_due_assessment_is_judged_by_its_own_rows() -> None:
    other = SkippedSlot(SlotKind.VITAL_SIGNS, DUE_AT, "refused", None, later(30))
    assert skips_that_count([skip(), other], later(65)) == {(SlotKind.VITAL_SIGNS, DUE_AT)}


@pytest.mark.parametrize(
    ("minutes", "status"),
    [
        (0, SlotStatus.SKIPPED),
        (59, SlotStatus.SKIPPED),
        (60, SlotStatus.DUE),
        (110, SlotStatus.DUE),
        (111, SlotStatus.OVERDUE),
    ],
)
def test_a_slot_refused_without_a_word_is_due_again_and_then_overdue(
    minutes: float, status: SlotStatus
) -> None:
    now = later(minutes)
    skipped = skips_that_count([skip()], now)
    assert slot_status(Slot(DUE_AT, SlotKind.ICE), (), skipped, now, PROTOCOL) is status


@pytest.mark.parametrize(
    ("minutes", "status"),
    [(0, SlotStatus.MET), (59, SlotStatus.MET), (60, SlotStatus.DUE), (111, SlotStatus.OVERDUE)],
)
def test_an_ice_charted_as_refused_without_a_word_meets_its_slot_for_an_hour(
    minutes: float, status: SlotStatus
) -> None:
    charted = Recorded(SAID_AT, vital_signs=True, ice=True, ice_asked_again_at=later(60))
    now = later(minutes)
    assert slot_status(Slot(DUE_AT, SlotKind.ICE), [charted], (), now, PROTOCOL) is status
    signs = slot_status(Slot(DUE_AT, SlotKind.VITAL_SIGNS), [charted], (), now, PROTOCOL)
    assert signs is SlotStatus.MET


def test_a_refused_ice_that_lapsed_says_nothing_of_an_earlier_slot_either() -> None:
    evening = Slot(DUE_AT - timedelta(hours=8), SlotKind.ICE)
    charted = Recorded(SAID_AT, vital_signs=False, ice=True, ice_asked_again_at=later(60))
    assert slot_status(evening, [charted], (), later(59), PROTOCOL) is SlotStatus.MISSED
    assert slot_status(evening, [charted], (), later(60), PROTOCOL) is SlotStatus.OVERDUE


def test_the_board_asks_again_after_an_hour() -> None:
    last = {kind: DUE_AT - timedelta(hours=4) for kind in SlotKind}
    last[SlotKind.ICE] = DUE_AT - timedelta(hours=8)
    last[SlotKind.VITAL_SIGNS] = SAID_AT

    def overdue(minutes: float) -> list[Slot]:
        now = later(minutes)
        course = DueCourse(INFUSED_AT, skipped=skips_that_count([skip()], now))
        return list(due_now(course, last, now, PROTOCOL, zone=ZONE).overdue)

    assert overdue(59) == []
    assert overdue(105) == []
    assert overdue(115) == [Slot(DUE_AT, SlotKind.ICE)]
