"""The fast way through the gate for the rows of a file: columns of text in, columns of codes out.

Each cell is read by the gate's own reader (`AssessmentIn.readers`), once for each different text. The rules
between cells are asked for a whole column at a time. A row that breaks one, or holds a cell no reader takes,
is only marked here: `AssessmentIn` judges it again and finds the sentence. So this may doubt a good row,
which costs time, and must never let a bad one through; a test compares the two on random rows.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from db.inputs import COMMENT_MOST, ICE_ITEMS, AssessmentIn
from db.readers import Reader, Unreadable
from grading.bulk import LISTS, NUMBERS, WORDS, Columns
from grading.charted import Consciousness, CrsJudgement, DeathDueTo, IceNotDone, OxygenDevice, Word
from grading.ice import ICE_COLUMNS

Array = NDArray[Any]

UNREADABLE_AT: Final = np.iinfo(np.int64).min
"""An `assessed_at` that is blank or no reader takes."""

_UNREADABLE: Final = -2
_UNREADABLE_NUMBER: Final = np.inf
_MOST_REMEMBERED: Final = 200_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Encode = Callable[[Any], Any]


class Cells(dict[str, Any]):
    """The code of every text met so far in one column."""

    def __init__(self, reader: Reader, encode: Encode, blank: object, unreadable: object) -> None:
        """Take the gate's reader and how its values are coded."""
        super().__init__({"": blank})
        self._reader, self._encode, self._unreadable, self._blank = reader, encode, unreadable, blank

    def __missing__(self, text: str) -> Any:  # noqa: ANN401 -- a number or a code
        """Read a text that was not met before."""
        if len(self) > _MOST_REMEMBERED:
            self.clear()
            self[""] = self._blank
        try:
            code = self._encode(self._reader(text)) if text.strip() else self._blank
        except Unreadable:
            code = self._unreadable
        self[text] = code
        return code


def nanoseconds_of(at: datetime) -> int:
    """An aware instant as nanoseconds since 1970, the unit of `grading.bulk`."""
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000


def encode_value(column: str, value: Any) -> float | int:  # noqa: ANN401 -- a value of any column
    """A value that passed the gate as its code in `grading.bulk.Columns`; None is not recorded."""
    if column in NUMBERS:
        return np.nan if value is None else float(value)
    if value is None:
        return -1
    if column in WORDS:
        return _place(WORDS[column], value)
    if column in LISTS:
        return sum(1 << _place(LISTS[column], word) for word in value)
    return int(value)


def _place(words: type[Word], word: Word) -> int:
    return list(words).index(word)


def _cells(column: str) -> Cells:
    reader = AssessmentIn.readers[column]

    def encode(value: object) -> float | int:
        return encode_value(column, value)

    if column in NUMBERS:
        return Cells(reader, encode, np.nan, _UNREADABLE_NUMBER)
    return Cells(reader, encode, -1, _UNREADABLE)


_KIND: Final[dict[str, type[np.generic]]] = {
    **dict.fromkeys(NUMBERS, np.float64),
    **dict.fromkeys((*WORDS, *ICE_COLUMNS), np.int8),
    **dict.fromkeys(LISTS, np.int16),
}


class CellReader:
    """Reads batch after batch of one file; what it has met is remembered from one to the next."""

    def __init__(self) -> None:
        """Begin with nothing met."""
        self._charted = {column: _cells(column) for column in _KIND}
        self._numbers = Cells(AssessmentIn.readers["infusion_number"], int, 0, _UNREADABLE)
        self._instants = Cells(
            AssessmentIn.readers["assessed_at"], nanoseconds_of, UNREADABLE_AT, UNREADABLE_AT
        )

    def charting(self, texts: Mapping[str, Sequence[str]], rows: int) -> tuple[Columns, Array]:
        """The charted columns of a batch, and True where a row has to be judged by `AssessmentIn`.

        `course`, `assessed_at` and what comes from other rows are left to the caller.
        """
        columns = Columns.empty(rows)
        doubtful = np.zeros(rows, np.bool_)
        for column, kind in _KIND.items():
            if column in texts:
                codes = np.fromiter(
                    map(self._charted[column].__getitem__, texts[column]), dtype=kind, count=rows
                )
                getattr(columns, column)[:] = codes
                doubtful |= codes == (_UNREADABLE_NUMBER if column in NUMBERS else _UNREADABLE)
        if "comment" in texts:
            doubtful |= ~np.fromiter(map(_is_plain_comment, texts["comment"]), dtype=np.bool_, count=rows)
        doubtful |= _breaks_a_rule(columns)
        columns.confirmed[:] = columns.crs_judgement != _NOT_CRS
        return columns, doubtful

    def infusion_numbers(self, texts: Sequence[str]) -> Array:
        """1, 2, 0 for blank, -2 where it cannot be read."""
        return np.fromiter(map(self._numbers.__getitem__, texts), dtype=np.int8, count=len(texts))

    def instants(self, texts: Sequence[str]) -> Array:
        """Nanoseconds since 1970, or UNREADABLE_AT."""
        return np.fromiter(map(self._instants.__getitem__, texts), dtype=np.int64, count=len(texts))


def _is_plain_comment(text: str) -> bool:
    return not text or (len(text) <= COMMENT_MOST and text.isprintable())


_NOT_CRS: Final = encode_value("crs_judgement", CrsJudgement.NOT_CRS)
_ROOM_AIR: Final = encode_value("oxygen_device", OxygenDevice.ROOM_AIR)
_WHY_UNAROUSABLE: Final = encode_value("ice_not_done", IceNotDone.UNAROUSABLE)
_UNAROUSABLE: Final = encode_value("consciousness", Consciousness.UNAROUSABLE)
_OF_CRS: Final = encode_value("death_due_to", DeathDueTo.CRS)


def _breaks_a_rule(columns: Columns) -> Array:
    """The rules between the cells of a row, in the order of `AssessmentIn.rules`."""
    points = [getattr(columns, column) for column in ICE_COLUMNS]
    some_points = np.logical_or.reduce([column >= 0 for column in points])
    some_above_0 = np.logical_or.reduce([column > 0 for column in points])
    unarousable = columns.consciousness == _UNAROUSABLE
    why = columns.ice_not_done
    broken: Array = np.logical_or.reduce(
        [
            columns.diastolic_mmhg >= columns.systolic_mmhg,
            (columns.oxygen_device == _ROOM_AIR) & (columns.oxygen_l_per_min > 0),
            _total_does_not_fit(columns),
            (why >= 0) & some_points,
            (why == _WHY_UNAROUSABLE) & (columns.consciousness >= 0) & ~unarousable,
            unarousable & some_above_0,
            (columns.death_due_to == _OF_CRS) & (columns.crs_judgement == _NOT_CRS),
        ]
    )
    return broken


def _total_does_not_fit(columns: Columns) -> Array:
    given = np.zeros(len(columns), np.int8)
    best = np.zeros(len(columns), np.int8)
    for item, most in ICE_ITEMS.items():
        points = getattr(columns, item)
        given += np.maximum(points, np.int8(0))
        best += np.where(points < 0, np.int8(most), points)
    score = columns.ice_score
    outside: Array = (score >= 0) & ((score < given) | (score > best))
    return outside
