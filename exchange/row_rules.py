"""What rows of one assessment file say about each other, for `grade` and for `import` alike.

A row can be good by itself and still be refused: its infusion is not named while another row of the patient
names the second, another row of the same moment says something else, or the patient had died.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

NEVER: Final = np.iinfo(np.int64).max


class Verdict(IntEnum):
    """What the other rows make of a row that is good by itself."""

    TAKEN = 0
    WHICH_INFUSION = 1
    DIFFERS = 2
    REPEATED = 3
    AFTER_DEATH = 4


@dataclass(frozen=True, slots=True)
class Judgements:
    """The verdict on each row, and the row that it refers to (-1 for none)."""

    verdict: Array
    because_of: Array


def judge_together(
    *,
    patient: Array,
    number: Array,
    at: Array,
    died: Array,
    names_second: Array,
    same: Callable[[int, int], bool],
) -> Judgements:
    """Judge rows that passed the gate, in the order of the file.

    patient       a number for each patient
    number        1 or 2, 0 where the cell is blank (it counts as 1 where no row of the patient says 2)
    at            the instant, in any unit
    died          True where the row records a death
    names_second  by patient: True where any row of the file, refused ones too, names infusion 2
    same          whether two rows, by their places, record the same values
    """
    verdict = np.zeros(len(patient), np.int8)
    because_of = np.full(len(patient), -1, np.int64)
    verdict[(number == 0) & names_second[patient]] = Verdict.WHICH_INFUSION
    for group in _groups_of_one_moment(patient, np.maximum(number, 1), at, verdict):
        _judge_moment(group, same, verdict, because_of)
    _judge_deaths(patient, at, died, verdict, because_of)
    return Judgements(verdict, because_of)


def _groups_of_one_moment(patient: Array, number: Array, at: Array, verdict: Array) -> Iterator[list[int]]:
    """Places of the rows that share patient, infusion and instant, where there are several."""
    order = np.lexsort((at, number, patient))
    order = order[verdict[order] == Verdict.TAKEN]
    joined = np.ones(max(len(order) - 1, 0), np.bool_)
    for key in (patient, number, at):
        joined &= key[order[1:]] == key[order[:-1]]
    if not joined.any():
        return
    bounds = [0, *(np.flatnonzero(~joined) + 1).tolist(), len(order)]
    for start, stop in pairwise(bounds):
        if stop - start > 1:
            yield sorted(order[start:stop].tolist())


def _judge_moment(
    group: list[int], same: Callable[[int, int], bool], verdict: Array, because_of: Array
) -> None:
    first, *others = group
    differing = next((place for place in others if not same(first, place)), None)
    if differing is None:
        verdict[others] = Verdict.REPEATED
        because_of[others] = first
        return
    verdict[group] = Verdict.DIFFERS
    because_of[group] = first
    because_of[first] = differing


def _judge_deaths(patient: Array, at: Array, died: Array, verdict: Array, because_of: Array) -> None:
    deaths = np.flatnonzero(died & (verdict == Verdict.TAKEN))
    if not len(deaths):
        return
    deaths = deaths[np.argsort(at[deaths], kind="stable")[::-1]]
    death_of = np.full(int(patient.max()) + 1, -1, np.int64)
    death_of[patient[deaths]] = deaths  # the earliest is written last
    death = death_of[patient]
    died_at = np.where(death >= 0, at[death], NEVER)
    late = (at > died_at) & (verdict == Verdict.TAKEN)
    verdict[late] = Verdict.AFTER_DEATH
    because_of[late] = death[late]


class RefusedTimes:
    """The earliest refused row of each course: later rows of the course carry a note."""

    def __init__(self) -> None:
        """Begin with nothing refused."""
        self._earliest: dict[tuple[int, int], int] = {}

    def add(self, patient: int, number: int, at: int) -> None:
        """A refused row. Where its infusion is not known (not 1 or 2), it may be either.

        A row whose time cannot be read stands at the lowest number: it may be earlier than any other.
        """
        for each in (number,) if number in (1, 2) else (1, 2):
            key = (patient, each)
            self._earliest[key] = min(at, self._earliest.get(key, NEVER))

    def is_later(self, patient: Array, number: Array, at: Array) -> Array:
        """True where an earlier row of the same course was refused."""
        later = np.zeros(len(patient), np.bool_)
        if self._earliest:
            keys = list(self._earliest)
            limit = np.full((int(patient.max(initial=0)) + 1, 3), NEVER, np.int64)
            known = [key for key in keys if key[0] < len(limit)]
            if known:
                limit[tuple(np.array(known).T)] = [self._earliest[key] for key in known]
            later = at > limit[patient, number]
        return later
