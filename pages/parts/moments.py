"""A date and a time as typed in the hospital's zone, and the instant they mean."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from db.inputs import Problem

_TIME: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TypedMoment:
    """What stands in the two boxes."""

    on: str
    at: str

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed."""
        return not self.on.strip() and not self.at.strip()


def typed_moment(at: datetime | None, zone: ZoneInfo) -> TypedMoment:
    """A stored instant as it stands in the boxes, to the minute."""
    if at is None:
        return TypedMoment("", "")
    local = at.astimezone(zone)
    return TypedMoment(f"{local:%Y-%m-%d}", f"{local:%H:%M}")


def read_moment(
    field: str, typed: TypedMoment, zone: ZoneInfo, stored: datetime | None = None
) -> datetime | Problem | None:
    """The instant, None where both boxes are blank, or what is to be put right.

    `stored` is the instant the boxes began with: while they still show it, its seconds are kept.
    """
    if typed.is_blank:
        return None
    if stored is not None and typed == typed_moment(stored, zone):
        return stored
    on = _read_date(typed.on.strip())
    if on is None:
        return Problem(field, typed.on, "Enter the date as 2026-03-08.")
    match = _TIME.fullmatch(typed.at.strip())
    if match is None:
        return Problem(field, typed.at, "Enter the time as 02:30, on the 24 h clock.")
    local = datetime.combine(on, time(int(match[1]), int(match[2])), zone)
    return local.astimezone(UTC)


def _read_date(typed: str) -> date | None:
    if not _DATE.fullmatch(typed):
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
