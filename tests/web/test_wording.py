"""Times, days and counts as people read them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pages.parts import wording

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 8, 0, 32, tzinfo=UTC)  # 08:32 in Shanghai


def before(**length: int) -> datetime:
    return NOW - timedelta(**length)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (before(minutes=40), "07:52, 40 min ago"),
        (before(seconds=59), "08:31, just now"),
        (before(seconds=60), "08:31, 1 min ago"),
        (before(hours=2), "06:32, 2 h ago"),
        (before(hours=6, minutes=27), "02:05, 6 h 27 min ago"),
        (before(hours=10), "7 Mar 22:32, 10 h ago"),
        (before(hours=47, minutes=59), "6 Mar 08:33, 47 h 59 min ago"),
        (before(days=2), "6 Mar 08:32, 2 days ago"),
        (before(days=3, hours=4), "5 Mar 04:32, 3 days 4 h ago"),
        (before(days=100), "28 Nov 2025 08:32, 100 days ago"),
        (before(minutes=-40), "09:12, in 40 min"),
    ],
)
def test_a_relative_time_never_stands_alone(at: datetime, words: str) -> None:
    assert wording.when_and_ago(at, NOW, SHANGHAI) == words


def test_times_are_the_hospitals_and_name_their_zone() -> None:
    assert wording.clock_time(NOW, SHANGHAI) == "08:32"
    assert wording.date_and_time(NOW, SHANGHAI) == "8 Mar 2026 08:32"
    assert wording.date_words(date(2026, 12, 31)) == "31 Dec 2026"
    assert wording.zone_words(NOW, SHANGHAI) == "(UTC+08:00)"
    assert wording.zone_words(NOW, ZoneInfo("America/St_Johns")) == "(UTC-03:30)"
    assert wording.zone_words(NOW, UTC) == "(UTC+00:00)"


def test_elapsed_time_is_right_over_a_change_of_the_clock() -> None:
    # On 29 Mar 2026 Berlin goes from 02:00 to 03:00.
    earlier = datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN)
    later = datetime(2026, 3, 29, 3, 30, tzinfo=BERLIN)
    assert wording.ago(earlier.astimezone(UTC), later.astimezone(UTC)) == "1 h ago"


def test_infusions_and_days_are_named() -> None:
    assert wording.infusion_and_day(1, 0) == "first infusion, day 0"
    assert wording.infusion_and_day(2, 6) == "second infusion, day 6"


def test_columns_are_named_as_on_the_form() -> None:
    assert wording.columns_words(("oxygen_device", "ice_score")) == "oxygen device, ICE score"


def test_an_ice_nobody_did_is_one_thing_to_record_and_the_rest_of_one_partly_done_is_named() -> None:
    items = ("ice_orientation", "ice_naming", "ice_commands", "ice_writing", "ice_attention")
    assert wording.columns_words((*items, "ice_score", "consciousness")) == "ICE score, consciousness"
    assert (
        wording.columns_words((*items[3:], "ice_score", "seizure")) == "ICE writing, ICE attention, seizure"
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_lists_are_read_as_sentences(words: list[str], expected: str) -> None:
    assert wording.listed(words) == expected


def test_counts_agree_with_their_noun() -> None:
    assert wording.counted(1, "person", "people") == "1 person"
    assert wording.counted(4, "person", "people") == "4 people"
    assert wording.sentence_case("alert") == "Alert"
    assert wording.sentence_case("") == ""
