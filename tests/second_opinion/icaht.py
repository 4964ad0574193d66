"""A second, slow ICAHT grader, written from the rules alone and shared with no other code.

Early (day 0-30): at or below 500/uL for 1-6, 7-13, 14 days and more is 1, 2, 3, never above is 4;
at or below 100/uL for 7 days and more is 3, for 14 and more 4. Lowest count of a day; gaps of up
to 7 days filled linearly, longer ones left open; spells joined over breaks of at most 2 days; the
longest spell counts; a spell that begins on day 0-3 and runs to day 30, death or the next therapy
is 4; where counts stop sooner, at least what the days seen prove, not settled.
Late (after day 30, to day 100): at or below 1500, 1000, 500, 100; the two lowest values must both
be there, one value is graded alone; not enough counts, not gradable.
"""

from fractions import Fraction
from functools import cache

Series = tuple[str, ...]
"""One letter a day: p at or below 100, s at or below 500, n above, ? open."""


def letter(value: Fraction | None) -> str:
    if value is None:
        return "?"
    return "p" if value <= 100 else "s" if value <= 500 else "n"


def value_of_day(counts: dict[int, float], day: int) -> Fraction | None:
    """The count, or the point on the line between the counts around it, or nothing."""
    if day in counts:
        return Fraction(counts[day])
    left = [each for each in counts if each < day]
    right = [each for each in counts if each > day]
    if not left or not right:
        return None
    start, end = max(left), min(right)
    if end - start - 1 > 7:
        return None
    slope = (Fraction(counts[end]) - Fraction(counts[start])) / (end - start)
    return Fraction(counts[start]) + slope * (day - start)


def seen(counts: dict[int, float], stop: int | None) -> str:
    """The letters of the window."""
    if stop is not None:
        counts = {day: anc for day, anc in counts.items() if day <= stop}
    end = 30 if stop is None or stop > 30 else stop
    return "".join(letter(value_of_day(counts, day)) for day in range(end + 1))


@cache
def grade_of(letters: str) -> int:
    """The grade of a window without an open day."""
    grade = 0
    severe = letters.replace("p", "s")
    profound = letters.replace("s", "n").replace("p", "s")
    last = len(letters) - 1
    for row, steps in ((severe, {1: 1, 7: 2, 14: 3}), (profound, {7: 3, 14: 4})):
        for first in range(len(row)):
            if row[first] != "s":
                continue
            for until in range(first, len(row)):
                spell = row[first : until + 1]
                if "nnn" in spell:
                    break
                if spell[-1] != "s":
                    continue
                grade = max([grade, *(worth for days, worth in steps.items() if len(spell) >= days)])
                if row is severe and first <= 3 and until == last:
                    grade = 4
    return grade


def early(counts: dict[int, float], stop: int | None = None) -> tuple[int, int] | None:
    """The least and the most the grade can be; None where there is nothing to grade."""
    letters = seen(counts, stop)
    if set(letters) == {"?"}:
        return None
    return grade_of(letters.replace("?", "n")), grade_of(letters.replace("?", "p"))


def early_by_every_completion(counts: dict[int, float], stop: int) -> tuple[int, int] | None:
    """The same, by trying every letter for every open day."""
    letters = seen(counts, stop)
    if set(letters) == {"?"}:
        return None
    complete = [""]
    for each in letters:
        complete = [done + more for done in complete for more in ("psn" if each == "?" else each)]
    grades = [grade_of(one) for one in complete]
    return min(grades), max(grades)


def late(counts: dict[int, float], stop: int | None = None) -> int | None:
    """The grade; None where there is nothing to grade."""
    end = 100 if stop is None or stop > 100 else stop
    values = sorted(anc for day, anc in counts.items() if 30 < day <= end)
    if not values:
        return None
    both = values[:2]
    for grade, limit in ((4, 100), (3, 500), (2, 1000), (1, 1500)):
        if all(value <= limit for value in both):
            return grade
    return 0
