"""The words of alert mails: grades, days and times as a person reads them, in the hospital's zone."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from db.roles import Role
from grading.charted import COLUMN_WORDS
from grading.scale import Toxicity
from grading.stored_values import join_words
from trial.calendar import day_of

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ORDINALS: Final = {1: "first", 2: "second"}
_HOURS_AS_HOURS: Final = 48

GROUP_WORDS: Final = {
    "ward": "ward on duty",
    "treating": "treating investigator",
    "pi": "principal investigator",
    "deputy": "deputy investigator",
    "committee_chair": "committee chair",
    "sponsor_safety": "sponsor safety",
}
"""Whom a recipient stands for, in the order in which a mail names them."""

ROLE_WORDS: Final = {
    Role.WARD: "the ward",
    Role.INVESTIGATOR: "an investigator",
    Role.COORDINATOR: "the coordinator",
    Role.COMMITTEE: "the committee",
    Role.ADMIN: "the administrator",
    Role.DISPLAY: "the wall screen",
}


def group_words(groups: Iterable[str]) -> list[str]:
    """The groups as people read them, each once, in the order of the list of groups."""
    present = set(groups)
    return [words for group, words in GROUP_WORDS.items() if group in present]


def reference(alert_id: int) -> str:
    """ "A-0142", the alert's short name in subjects and on the page."""
    return f"A-{alert_id:04d}"


def grade_words(grade: int | None, at_least: int) -> str:
    """ "grade 3", "at least grade 3", or "not graded yet"."""
    if grade is not None:
        return f"grade {grade}"
    return f"at least grade {at_least}" if at_least else "not graded yet"


def toxicity_words(scale: Toxicity, grade: int | None, at_least: int) -> str:
    """ "grade 3 ICANS", "at least grade 3 ICANS"."""
    return f"{grade_words(grade, at_least)} {scale.label}"


def counted(number: int, noun: str) -> str:
    """ "1 patient", "2 patients"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def days_after(at: datetime, infused_at: datetime, number: int, zone: ZoneInfo) -> str:
    """ "6 days after the second infusion"."""
    days = day_of(at, infused_at, zone)
    infusion = f"the {_ORDINALS[number]} infusion"
    if days <= 0:
        return f"on the day of {infusion}"
    return f"{days} {'day' if days == 1 else 'days'} after {infusion}"


def lasted(duration: timedelta) -> str:
    """ "15 min", "4 h 5 min", "2 h", "3 days 2 h"."""
    minutes = max(int(duration.total_seconds()) // 60, 0)
    hours, minutes = divmod(minutes, 60)
    if hours >= _HOURS_AS_HOURS:
        days, hours = divmod(hours, 24)
        return f"{days} days" + (f" {hours} h" if hours else "")
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours)
    return " ".join(parts)


def late_by(duration: timedelta) -> str:
    """ "02:45", in hours and minutes."""
    hours, minutes = divmod(max(int(duration.total_seconds()) // 60, 0), 60)
    return f"{hours:02d}:{minutes:02d}"


def full_time(at: datetime, zone: ZoneInfo) -> str:
    """ "8 March 2026, 07:52 (UTC+08:00)"."""
    local = at.astimezone(zone)
    return f"{_date(local)} {local.year}, {local:%H:%M} ({zone_words(local)})"


def full_date(on: date) -> str:
    """ "8 March 2026"."""
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def time_on_day(at: datetime, zone: ZoneInfo) -> str:
    """ "20:00 on 7 March"."""
    local = at.astimezone(zone)
    return f"{local:%H:%M} on {_date(local)}"


def time_beside(at: datetime, other: datetime, zone: ZoneInfo) -> str:
    """ "07:54" on the same day as `other`, "8 March 2026, 07:54" on another."""
    local = at.astimezone(zone)
    if local.date() == other.astimezone(zone).date():
        return f"{local:%H:%M}"
    return f"{_date(local)} {local.year}, {local:%H:%M}"


def zone_words(local: datetime) -> str:
    """ "UTC+08:00"."""
    minutes = int((local.utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"


def sentence(reasons: Sequence[str], notes: Sequence[str] = ()) -> str:
    """The grade's reasons as a sentence, and its notes after it."""
    joined = "; ".join(reasons)
    start = f"{joined[:1].upper()}{joined[1:]}." if joined else ""
    return " ".join(part for part in (start, *notes) if part)


def to_settle(missing: Sequence[str]) -> str:
    """ "record the oxygen device and SpO2."."""
    return f"record {join_words([COLUMN_WORDS.get(column, column) for column in missing])}."


def _date(local: datetime) -> str:
    return f"{local.day} {_MONTHS[local.month - 1]}"
