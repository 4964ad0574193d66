"""Times and people as sentences name them, those of the actions and those of the pages alike."""

import re
from datetime import date, datetime, tzinfo
from typing import Final

from sqlalchemy import RowMapping

from actions import context
from actions.permissions import ROLE_WORDS
from db.roles import Role
from trial.dates import MONTHS
from trial.dates import date_words as date_words

_DATE: Final = re.compile(r"\b(?:19|2[012])\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b")


def when(at: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """ "07:52" today, "7 Mar 22:10" on another day of this year, with the year otherwise.

    zone  the hospital's, unless it is given
    """
    own = _own(zone)
    local, today = at.astimezone(own), now.astimezone(own)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {MONTHS[local.month - 1]}{year} {local:%H:%M}"


def on_day(at: datetime, zone: tzinfo | None = None) -> str:
    """ "8 Mar 2026 10:02"."""
    local = at.astimezone(_own(zone))
    return f"{date_words(local.date())} {local:%H:%M}"


def dates_in_words(words: str) -> str:
    """The same words with "2026-03-08" as "8 Mar 2026": the rules write dates so that they sort."""
    return _DATE.sub(_date_in_words, words)


def _date_in_words(found: re.Match[str]) -> str:
    try:
        return date_words(date.fromisoformat(found[0]))
    except ValueError:  # the 30th of February, in a person's own words
        return found[0]


def _own(zone: tzinfo | None) -> tzinfo:
    return context.settings().zone if zone is None else zone


def author(stored: RowMapping) -> str:
    """ "Dr Chen (investigator)", of a row read with the `display_name` and `role` of who entered it."""
    if stored["role"] is None:
        return "the program"
    return f"{stored['display_name']} ({ROLE_WORDS[Role(stored['role'])]})"
