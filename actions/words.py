"""Times and people as the sentences of the actions name them."""

from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping

from actions import context
from actions.permissions import ROLE_WORDS
from db.roles import Role

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def when(at: datetime, now: datetime) -> str:
    """ "10:02" today, "8 Mar 2026 10:02" on another day."""
    zone = context.settings().zone
    local = at.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H:%M}"
    return on_day(at)


def on_day(at: datetime) -> str:
    """ "8 Mar 2026 10:02"."""
    local = at.astimezone(context.settings().zone)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year} {local:%H:%M}"


def author(stored: RowMapping) -> str:
    """ "Dr Chen (investigator)", of a row read with the `display_name` and `role` of who entered it."""
    if stored["role"] is None:
        return "the program"
    return f"{stored['display_name']} ({ROLE_WORDS[Role(stored['role'])]})"
