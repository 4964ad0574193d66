"""Rows of an assessment file as arrays: what the bulk grader takes, and what stood beside it in the file."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from db.inputs import AssessmentIn
from exchange.cells import encode_value, nanoseconds_of
from grading.bulk import LISTS, NUMBERS, WORDS, Columns
from grading.charted import OxygenDevice
from grading.ice import ICE_COLUMNS
from grading.settings import DEFAULT_SETTINGS

Array = NDArray[Any]

_CONTENT: Final = (*NUMBERS, *WORDS, *LISTS, *ICE_COLUMNS)
_BESIDE: Final = ("patient", "number", "line", "at_text", "remark")
_ROOM_AIR: Final = encode_value("oxygen_device", OxygenDevice.ROOM_AIR)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that passed the gate, in the order of the file.

    patient   the place of the study code among the patients of the file
    number    1 or 2; 0 where the cell was blank, until the whole file is read
    line      where the row begins in the file
    at_text   `assessed_at` as it stands in the file, in bytes
    remark    a number that differs where the comments differ
    """

    columns: Columns
    patient: Array
    number: Array
    line: Array
    at_text: Array
    remark: Array

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.patient)

    def only(self, kept: Array) -> "Rows":
        """The rows where `kept` is True."""
        if kept.all():
            return self
        return Rows(
            Columns(**{one.name: getattr(self.columns, one.name)[kept] for one in fields(Columns)}),
            *(getattr(self, name)[kept] for name in _BESIDE),
        )

    def same(self, one: int, other: int) -> bool:
        """Whether two rows record the same values."""
        if self.remark[one] != self.remark[other]:
            return False
        columns = [getattr(self.columns, name) for name in _CONTENT]
        return all(
            column[one] == column[other] or (column[one] != column[one] and column[other] != column[other])
            for column in columns
        )

    def names_a_sign(self, place: int) -> bool:
        """Whether the row names a vasopressor, oxygen or fever."""
        columns = self.columns
        return bool(
            columns.vasopressors[place] > 0
            or columns.oxygen_device[place] not in (-1, _ROOM_AIR)
            or columns.oxygen_l_per_min[place] > 0
            or columns.temperature_c[place] >= DEFAULT_SETTINGS.fever_c
        )

    def at(self, place: int) -> str:
        """`assessed_at` of a row as it stands in the file."""
        return bytes(self.at_text[place]).decode()

    def put(self, place: int, entry: AssessmentIn) -> None:
        """Take the values of an entry that the fast check had doubted."""
        for name in _CONTENT:
            getattr(self.columns, name)[place] = encode_value(name, getattr(entry, name))
        self.number[place] = entry.infusion_number if self.number[place] else 0
        self.columns.assessed_at[place] = nanoseconds_of(entry.assessed_at)


def join_rows(parts: list[Rows]) -> Rows:
    """All parts in one; the list is emptied on the way, so that a long file is never held twice."""
    if not parts:
        return make_rows(Columns.empty(0), np.empty(0, np.int64), np.empty(0, np.int8), [], (), ())
    columns = {
        one.name: _joined([getattr(part.columns, one.name) for part in parts]) for one in fields(Columns)
    }
    beside = [_joined([getattr(part, name) for part in parts]) for name in _BESIDE]
    parts.clear()
    return Rows(Columns(**columns), *beside)


def make_rows(
    columns: Columns,
    patient: Array,
    number: Array,
    lines: Sequence[int],
    at_texts: Sequence[str],
    comments: Sequence[str],
) -> Rows:
    """One batch of rows from the texts of the file."""
    return Rows(
        columns,
        patient,
        number,
        np.array(lines, np.int64),
        np.array([text.strip().encode() for text in at_texts], np.bytes_),
        np.fromiter(map(hash, comments), dtype=np.int64, count=len(comments)),
    )


def _joined(arrays: list[Array]) -> Array:
    whole: Array = np.concatenate(arrays)
    return whole
