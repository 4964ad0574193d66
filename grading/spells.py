"""Daily counts with gaps, and the spells of days they spend at or below a limit."""

from collections.abc import Iterable
from itertools import pairwise
from math import inf
from typing import Final, NamedTuple

LONGEST_FILLED_GAP: Final = 7
"""Days without a count between two counts that may be filled."""
LONGEST_BREAK: Final = 2
"""Days above the limit that do not part two spells."""


class Spell(NamedTuple):
    """Days at or below a limit, short breaks included; the first and the last of them."""

    first: int
    last: int

    def length(self) -> int:
        """Days from the first to the last."""
        return self.last - self.first + 1


def lowest_by_day(counts: Iterable[tuple[int, float]]) -> dict[int, float]:
    """Keep the lowest count (cells/uL) of each day since the infusion."""
    lowest: dict[int, float] = {}
    for day, anc in counts:
        lowest[day] = min(anc, lowest.get(day, inf))
    return lowest


def fill_gaps(counts: list[tuple[int, float]]) -> dict[int, float]:
    """Fill the short gaps of counts in order of day with the straight line between their ends."""
    filled = dict(counts)
    for (day, anc), (next_day, next_anc) in pairwise(counts):
        span = next_day - day
        if span <= LONGEST_FILLED_GAP + 1:
            for step in range(1, span):
                # The products come first: whole counts then meet a limit exactly.
                filled[day + step] = (anc * (span - step) + next_anc * step) / span
    return filled


def spells(low_days: Iterable[int]) -> list[Spell]:
    """Join days in rising order into spells, over breaks of at most 2 days."""
    found: list[Spell] = []
    for day in low_days:
        if found and day - found[-1].last <= LONGEST_BREAK + 1:
            found[-1] = Spell(found[-1].first, day)
        else:
            found.append(Spell(day, day))
    return found
