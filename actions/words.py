"""Times as the sentences of the actions name them: the hospital's clock, with the date if not today's."""

from datetime import datetime
from typing import Final

from actions import context

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
