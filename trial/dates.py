"""Dates as people read them."""

from datetime import date
from typing import Final

MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def date_words(on: date) -> str:
    """ "8 Mar 2026"."""
    return f"{on.day} {MONTHS[on.month - 1]} {on.year}"
