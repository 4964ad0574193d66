"""Times, days and column names as people read them: 24 h clock, "8 Mar 2026", the zone named once a page."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Final

from actions.words import date_words as date_words
from actions.words import on_day
from actions.words import when as when
from grading.charted import COLUMN_WORDS
from grading.ice import ICE_ITEMS
from trial.completeness import LATE_AFTER

_ORDINALS: Final = {1: "first", 2: "second"}
_MINUTE = timedelta(minutes=1)


def clock_time(at: datetime, zone: tzinfo) -> str:
    """ "07:52" in the hospital's zone."""
    return at.astimezone(zone).strftime("%H:%M")


def date_and_time(at: datetime, zone: tzinfo) -> str:
    """ "8 Mar 2026 07:52" in the hospital's zone."""
    return on_day(at, zone)


def span(length: timedelta) -> str:
    """A length of time: "40 min", "2 h 27 min", "3 days 4 h". Seconds are not shown."""
    minutes = int(abs(length) / _MINUTE)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h" if hours else f"{days} days"


def ago(at: datetime, now: datetime) -> str:
    """ "40 min ago", "just now", or "in 40 min" for an instant ahead. Both must be aware."""
    passed = now - at
    if abs(passed) < _MINUTE:
        return "just now"
    return f"{span(passed)} ago" if passed > timedelta(0) else f"in {span(passed)}"


def when_and_ago(at: datetime, now: datetime, zone: tzinfo) -> str:
    """ "07:52, 40 min ago": a relative time never stands alone."""
    return f"{when(at, now, zone)}, {ago(at, now)}"


def late_words(observed_at: datetime, entered_at: datetime) -> str:
    """ "late by 1 h 20 min" for what was entered more than an hour after it was observed; "" otherwise."""
    late = entered_at - observed_at
    return f"late by {span(late)}" if late > LATE_AFTER else ""


def zone_words(at: datetime, zone: tzinfo) -> str:
    """ "(UTC+08:00)": the offset that holds at this instant."""
    offset = at.astimezone(zone).utcoffset() or timedelta(0)
    minutes = int(abs(offset) / _MINUTE)
    sign = "-" if offset < timedelta(0) else "+"
    return f"(UTC{sign}{minutes // 60:02d}:{minutes % 60:02d})"


def infusion_words(number: int) -> str:
    """ "first infusion", "second infusion"."""
    return f"{_ORDINALS.get(number, f'no. {number}')} infusion"


def infusion_and_day(number: int, days_since_infusion: int) -> str:
    """ "second infusion, day 6"; Day 0 is the hospital's date of the infusion."""
    return f"{infusion_words(number)}, day {days_since_infusion}"


def column_words(column: str) -> str:
    """The words of a file column inside a sentence: "oxygen device"."""
    return COLUMN_WORDS[column]


def columns_words(columns: Iterable[str]) -> str:
    """The words of several columns: "oxygen device, ICE score".

    The five items of the ICE are one thing to do where none is recorded; where some are, the rest is named.
    """
    named = list(columns)
    if "ice_score" in named:
        items = [item.column for item in ICE_ITEMS if item.column in named]
        left_out = items if len(items) in (0, len(ICE_ITEMS)) else ["ice_score"]
        named = [column for column in named if column not in left_out]
    return ", ".join(column_words(column) for column in named)


def listed(words: Sequence[str], last: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def counted(number: int, one: str, many: str) -> str:
    """ "1 person", "4 people"."""
    return f"{number} {one if number == 1 else many}"


def sentence_case(words: str) -> str:
    """The words with a capital at their start."""
    return words[:1].upper() + words[1:]
