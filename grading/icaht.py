"""Immune effector cell-associated hematotoxicity: the EHA/EBMT consensus table.

Rejeski K, Subklewe M, Aljurf M, et al. Immune effector cell-associated hematotoxicity: EHA/EBMT
consensus grading and best practice recommendations. Blood 2023;142(10):865-877.

Early ICAHT is graded by how long the neutrophils stay low from day 0 to 30, late ICAHT by how low
they fall after day 30, to day 100. Days count from the infusion the counts belong to. The two are
reported apart. READINGS are the choices of this project.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from math import inf
from typing import Final, NamedTuple

from grading.cells import write_number
from grading.scale import Grade
from grading.spells import LONGEST_BREAK, LONGEST_FILLED_GAP, Spell, fill_gaps, spells

REFERENCE: Final = (
    "Rejeski K, Subklewe M, Aljurf M, et al. Immune effector cell-associated hematotoxicity: EHA/EBMT "
    "consensus grading and best practice recommendations. Blood 2023;142(10):865-877."
)
RULESET: Final = "EHA/EBMT 2023, rules 1.0"
"""Edition of the consensus and version of this project's numbered readings of it."""


class Icaht(StrEnum):
    """The two parts of the scale."""

    EARLY = "early_icaht"
    LATE = "late_icaht"

    @property
    def label(self) -> str:
        """The name on screens and in reports."""
        return f"{self.name.capitalize()} ICAHT"


class EarlyCell(NamedTuple):
    """One cell of the early table: neutrophils at or below a limit for so many days."""

    grade: int
    limit: int
    from_days: int
    published: str


EARLY: Final = (
    EarlyCell(1, 500, 1, "1-6 days"),
    EarlyCell(2, 500, 7, "7-13 days"),
    EarlyCell(3, 500, 14, ">= 14 days"),
    EarlyCell(3, 100, 7, ">= 7 days"),
    EarlyCell(4, 100, 14, ">= 14 days"),
)
"""Limits in cells/uL; one more cell, NEVER_ABOVE, has no number of days."""
NEVER_ABOVE: Final = EarlyCell(4, 500, 0, "never above 500/uL")

LATE: Final[dict[int, int]] = {1: 1500, 2: 1000, 3: 500, 4: 100}
"""Grade and limit in cells/uL, which belongs to the grade."""

EARLY_DAYS: Final = (0, 30)
LATE_DAYS: Final = (31, 100)
LATEST_START: Final = 3
_WORST: Final = 4
_SUSPECT_BELOW: Final = 100

READINGS: Final[tuple[str, ...]] = (
    "The lowest count of a day is the count of that day. A limit belongs to the worse side: 500 counts as "
    "low, 500.1 does not. Counts are compared as stored or as filled, never rounded.",
    f"A gap is the days without a count between two counts. Up to {LONGEST_FILLED_GAP} such days are filled "
    "on the straight line between the two; a longer gap is left open as a whole. Days before the first and "
    "after the last count are never filled (J).",
    "Counts before day 0 and after day 30 are not graded as early, but they end a gap and so help to fill "
    "it; counts after the end of observation are left out altogether (J).",
    f"Two spells with at most {LONGEST_BREAK} days above the limit between them are one spell, and the days "
    "between them count. A break that reaches the end of the window ends the spell (J).",
    f"`Never above 500/uL` is a spell, joined as above, that begins on day {EARLY_DAYS[0]}-{LATEST_START} "
    f"and reaches the end of the window: day {EARLY_DAYS[1]}, death or the next therapy. A count above 500 "
    "before the neutrophils fall does not speak against it.",
    "The day of death or of the next therapy is the last day of the window: its count is taken before the "
    "therapy works (J). The lymphodepletion before the second infusion, or that infusion where there was "
    "none, is the next therapy of the first.",
    "An open day lies between the best and the worst a count could be. The grade is settled when both give "
    "the same; where counts simply stop, it is at least what the days seen prove.",
    "Late: the grade is that of the second lowest daily count, so that two are at or below its limit. One "
    "count is graded alone. While the window is still running the grade is not settled, and one count "
    "alone proves nothing yet (J).",
    "Without a count in the window the grade is not gradable, which is not 0.",
    f"Where every count is below {_SUSPECT_BELOW} and one is not a whole number, a note asks for the unit: "
    "0.5 is more often 0.5 x 10^9/L, which is 500 cells/uL. Nothing is converted.",
)
"""Numbered readings of this project."""


def next_therapy_day(lymphodepletion_day: int | None, second_infusion_day: int | None) -> int | None:
    """The next therapy of the first infusion, in days since it: the lymphodepletion, else the infusion."""
    return second_infusion_day if lymphodepletion_day is None else lymphodepletion_day


def grade_early(
    anc_by_day: Mapping[int, float],
    last_day: int | None = None,
    next_therapy_day: int | None = None,
) -> Grade[Icaht]:
    """Grade early ICAHT, day 0 to 30.

    anc_by_day        the lowest neutrophil count of each day in cells/uL, by days since the infusion
    last_day          the day of death; leave it out where counts merely stop
    next_therapy_day  the day the next therapy began

    Raises ValueError, with a sentence, for a count that is none and for an end before day 0.
    """
    stop = _stop(last_day, next_therapy_day)
    first, end = EARLY_DAYS[0], EARLY_DAYS[1] if stop is None else min(stop, EARLY_DAYS[1])
    counts = _counts_until(anc_by_day, stop)
    known = {day: anc for day, anc in fill_gaps(counts).items() if first <= day <= end}
    if not known:
        window = _stretch(first, end)
        return _not_gradable(Icaht.EARLY, f"no {window}: not gradable", (window,))
    open_days = [day for day in range(first, end + 1) if day not in known]
    met = _cells_met(known, [], end)
    at_least = _worst(met)
    at_most = _worst(_cells_met(known, open_days, end)) if open_days else at_least
    settled = at_least == at_most
    filled = sum(day not in anc_by_day for day in known)
    return Grade(
        scale=Icaht.EARLY,
        grade=at_least if settled else None,
        at_least=at_least,
        missing=() if settled else tuple(_stretches(open_days)),
        reasons=_early_reasons(met, {day: anc for day, anc in counts if day in known}),
        notes=_notes(anc_by_day, known.values(), stop, filled),
        ruleset=RULESET,
        at_most=at_most,
    )


def grade_late(
    anc_by_day: Mapping[int, float],
    last_day: int | None = None,
    next_therapy_day: int | None = None,
    still_observed: bool = False,
) -> Grade[Icaht]:
    """Grade late ICAHT, day 31 to 100.

    anc_by_day        the lowest neutrophil count of each day in cells/uL, by days since the infusion
    last_day          the day of progression, death or last follow-up
    next_therapy_day  the day the next therapy began
    still_observed    True while the window is running: more counts may come, the grade is not settled

    Raises ValueError, with a sentence, for a count that is none and for an end before day 0.
    """
    stop = _stop(last_day, next_therapy_day)
    first, end = LATE_DAYS[0], LATE_DAYS[1] if stop is None else min(stop, LATE_DAYS[1])
    if end < first:
        return _not_gradable(Icaht.LATE, f"the window ended on day {end}, before day {first}: not gradable")
    counts = {day: anc for day, anc in _counts_until(anc_by_day, stop) if first <= day <= end}
    if not counts:
        window = _stretch(first, end)
        return _not_gradable(Icaht.LATE, f"no {window}: not gradable", (window,))
    lowest = sorted((anc, day) for day, anc in counts.items())[:2]
    grade = _late_grade(lowest[-1][0])
    running = still_observed and max(counts) < end
    alone = len(lowest) == 1
    at_least = 0 if alone and running else grade
    at_most = _WORST if running else grade
    settled = at_least == at_most
    notes = _notes(anc_by_day, counts.values(), stop)
    return Grade(
        scale=Icaht.LATE,
        grade=at_least if settled else None,
        at_least=at_least,
        missing=() if settled else (_stretch(max(counts) + 1, end),),
        reasons=tuple(f"ANC {write_number(anc)} cells/uL on day {day}" for anc, day in lowest),
        notes=(f"One count only: alone it is grade {grade}.", *notes) if alone else notes,
        ruleset=RULESET,
        at_most=at_most,
    )


def _cells_met(known: Mapping[int, float], open_days: list[int], end: int) -> list[tuple[EarlyCell, Spell]]:
    """The cells of the early table that are met when every open day is low, each with its spell."""
    found = {
        limit: spells(sorted([*(day for day, anc in known.items() if anc <= limit), *open_days]))
        for limit in (500, 100)
    }
    met = []
    for cell in EARLY:
        longest = max(found[cell.limit], key=Spell.length, default=None)
        if longest and longest.length() >= cell.from_days:
            met.append((cell, longest))
    to_the_end = (spell for spell in found[NEVER_ABOVE.limit] if spell.last == end)
    return met + [(NEVER_ABOVE, spell) for spell in to_the_end if spell.first <= LATEST_START]


def _worst(met: list[tuple[EarlyCell, Spell]]) -> int:
    return max((cell.grade for cell, _ in met), default=0)


def _early_reasons(met: list[tuple[EarlyCell, Spell]], counted: Mapping[int, float]) -> tuple[str, ...]:
    """The cells that give the grade; for grade 0 the lowest count."""
    worst = _worst(met)
    if not worst:
        lowest, day = min((anc, day) for day, anc in counted.items())
        return (f"no ANC <= 500 cells/uL; the lowest is {write_number(lowest)} on day {day}",)
    return tuple(_spell_phrase(cell, spell) for cell, spell in met if cell.grade == worst)


def _spell_phrase(cell: EarlyCell, spell: Spell) -> str:
    low = f"ANC <= {cell.limit} cells/uL"
    if cell is NEVER_ABOVE:
        return f"{low} from day {spell.first} to the end of the window on day {spell.last}"
    if spell.length() == 1:
        return f"{low} for 1 day, day {spell.first}"
    return f"{low} for {spell.length()} days, day {spell.first} to {spell.last}"


def _late_grade(anc: float) -> int:
    return max((grade for grade, limit in LATE.items() if anc <= limit), default=0)


def _stop(last_day: int | None, next_therapy_day: int | None) -> int | None:
    """The day observation ends, whatever ends it."""
    days = [day for day in (last_day, next_therapy_day) if day is not None]
    if any(day < 0 for day in days):
        raise ValueError(
            f"The observation ends on day {min(days)}, before the infusion: enter day 0 or later."
        )
    return min(days, default=None)


def _counts_until(anc_by_day: Mapping[int, float], stop: int | None) -> list[tuple[int, float]]:
    """The counts in order of day, each checked, without those after the end of observation."""
    for day, anc in anc_by_day.items():
        if not 0 <= anc < inf:
            raise ValueError(f"The ANC of day {day} is {anc}: enter a count in cells/uL, 0 or more.")
    return sorted((day, anc) for day, anc in anc_by_day.items() if stop is None or day <= stop)


def _not_gradable(scale: Icaht, reason: str, missing: tuple[str, ...] = ()) -> Grade[Icaht]:
    return Grade(scale, None, 0, missing, (reason,), (), RULESET, _WORST)


def _stretch(first: int, last: int) -> str:
    return f"ANC of day {first}" if first == last else f"ANC of day {first} to {last}"


def _stretches(days: list[int]) -> Iterator[str]:
    """Name days in rising order, those in a row together."""
    first = 0
    for place, day in enumerate(days):
        if place + 1 == len(days) or days[place + 1] != day + 1:
            yield _stretch(days[first], day)
            first = place + 1


def _notes(
    anc_by_day: Mapping[int, float], counts: Iterable[float], stop: int | None, filled: int = 0
) -> tuple[str, ...]:
    """What the reader of a grade should know of the counts behind it."""
    notes = [f"{filled} days without a count are filled between counts."] if filled else []
    left_out = 0 if stop is None else sum(day > stop for day in anc_by_day)
    if left_out:
        notes.append(f"Counts after day {stop}, the end of observation, are left out: {left_out}.")
    if _looks_like_another_unit(list(counts)):
        notes.append(f"No count reaches {_SUSPECT_BELOW} cells/uL and one is not whole: check the unit.")
    return tuple(notes)


def _looks_like_another_unit(counts: list[float]) -> bool:
    return max(counts) < _SUSPECT_BELOW and any(anc != int(anc) for anc in counts)
