"""The assessment file, read row by row and then as a whole; what is refused is listed, never guessed.

`grade` and `import` read through here, so that both take and refuse the same rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from db.inputs import AssessmentIn, Problem
from db.readers import Unreadable
from exchange.cells import UNREADABLE_AT, CellReader
from exchange.rejected import RejectedRow, names_a_sign
from exchange.row_rules import RefusedTimes, Verdict, judge_together
from exchange.rows import Array, Rows, join_rows, make_rows
from exchange.tables import Batch, open_table
from grading.charted import FILE_COLUMNS

Progress = Callable[[float], None]

REQUIRED: Final = ("patient_id", "assessed_at")


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """What a file came to.

    rows      the rows that stand, their courses numbered by patient and infusion
    patients  study codes, in the order in which the file first names them
    entries   line -> the row's entry, where they were asked for
    rejected  every refused row
    repeated  how many rows were left out because an identical one counts already
    """

    rows: Rows
    patients: Sequence[str]
    entries: Mapping[int, AssessmentIn]
    rejected: Sequence[RejectedRow]
    repeated: int


def load_assessment_file(
    path: Path, *, progress: Progress | None = None, keep_entries: bool = False
) -> LoadedFile:
    """Read a whole file. Raises FileProblem where it cannot be read at all.

    keep_entries  also keep each row's AssessmentIn, for the import
    """
    with open_table(path, FILE_COLUMNS, REQUIRED) as table:
        loading = _Loading(table.columns, keep_entries)
        for batch in table.batches():
            loading.take(batch)
            if progress:
                progress(table.fraction_read)
    return loading.finish()


class _Patients:
    """Study codes and their places."""

    def __init__(self) -> None:
        self.codes: list[str] = []
        self._places: dict[str, int] = {}
        self._reader = AssessmentIn.readers["patient_id"]

    def place(self, text: str) -> int:
        """The place of a study code; -1 where it cannot be read."""
        place = self._places.get(text)
        if place is None:
            place = self._places[text] = self._new(text)
        return place

    def _new(self, text: str) -> int:
        try:
            code: str = self._reader(text)
        except Unreadable:
            return -1
        if code != text:
            return self.place(code)
        self.codes.append(code)
        return len(self.codes) - 1


class _Loading:
    """Takes batches, and judges the rows together at the end."""

    def __init__(self, columns: Sequence[str], keep_entries: bool) -> None:
        self._names = columns
        self._keep_entries = keep_entries
        self._entries: dict[int, AssessmentIn] = {}
        self._reader = CellReader()
        self._patients = _Patients()
        self._parts: list[Rows] = []
        self._with_second: set[int] = set()
        self._refused: list[tuple[int, int, int]] = []
        self._rejected: list[RejectedRow] = []

    def take(self, batch: Batch) -> None:
        """Read one batch: whole columns first, then one by one the rows that are doubtful."""
        lines, rows = self._without_ragged(batch)
        if not rows:
            return
        count = len(rows)
        texts = dict(zip(self._names, zip(*rows, strict=True), strict=True))
        blank = ("",) * count
        columns, doubtful = self._reader.charting(texts, count)
        columns.assessed_at[:] = self._reader.instants(texts["assessed_at"])
        number = self._reader.infusion_numbers(texts.get("infusion_number", blank))
        patient = np.fromiter(map(self._patients.place, texts["patient_id"]), dtype=np.int64, count=count)
        self._with_second.update(patient[number == 2].tolist())
        doubtful |= (number < 0) | (columns.assessed_at == UNREADABLE_AT) | (patient < 0)
        part = make_rows(columns, patient, number, lines, texts["assessed_at"], texts.get("comment", blank))
        self._judge_one_by_one(part, rows, doubtful)
        self._parts.append(part.only(~doubtful))

    def finish(self) -> LoadedFile:
        """Judge the rows together and keep those that stand."""
        rows = join_rows(self._parts)
        names_second = np.zeros(len(self._patients.codes), np.bool_)
        names_second[[place for place in self._with_second if place >= 0]] = True
        judged = judge_together(
            patient=rows.patient,
            number=rows.number,
            at=rows.columns.assessed_at,
            died=rows.columns.death_due_to >= 0,
            names_second=names_second,
            same=rows.same,
        )
        for place in np.flatnonzero((judged.verdict != Verdict.TAKEN) & (judged.verdict != Verdict.REPEATED)):
            self._reject_together(rows, int(place), judged.verdict[place], int(judged.because_of[place]))
        repeated = int(np.count_nonzero(judged.verdict == Verdict.REPEATED))
        rows = rows.only(judged.verdict == Verdict.TAKEN)
        self._number_courses(rows, names_second)
        return LoadedFile(rows, self._patients.codes, self._entries, self._rejected, repeated)

    def _without_ragged(self, batch: Batch) -> tuple[list[int], list[list[str]]]:
        width = len(self._names)
        if all(len(row) == width for row in batch.rows):
            return batch.lines, batch.rows
        whole = [len(row) == width for row in batch.rows]
        for line, row, good in zip(batch.lines, batch.rows, whole, strict=True):
            if not good:
                sentence = f"The row has {len(row)} cells and the header has {width}. Check its commas."
                self._reject(line, dict(zip(self._names, row, strict=False)), [Problem("", None, sentence)])
        return (
            [line for line, good in zip(batch.lines, whole, strict=True) if good],
            [row for row, good in zip(batch.rows, whole, strict=True) if good],
        )

    def _judge_one_by_one(self, part: Rows, rows: Sequence[Sequence[str]], doubtful: Array) -> None:
        """Ask `AssessmentIn` about the doubtful rows, and clear the mark of those that it takes."""
        places = range(len(rows)) if self._keep_entries else np.flatnonzero(doubtful).tolist()
        for place in places:
            typed = dict(zip(self._names, rows[place], strict=True))
            entry, problems = AssessmentIn.check(typed)
            line = int(part.line[place])
            doubtful[place] = entry is None
            if entry is None:
                self._reject(line, typed, problems)
                continue
            part.put(place, entry)
            if self._keep_entries:
                self._entries[line] = entry

    def _reject(self, line: int, typed: Mapping[str, str], problems: Sequence[Problem]) -> None:
        """List a row that is refused for itself, with the texts that stand in the file."""
        shown = tuple(Problem(one.field, typed.get(one.field, ""), one.sentence) for one in problems)
        self._rejected.append(RejectedRow(line, shown, names_a_sign(typed)))
        patient = self._patients.place(typed.get("patient_id", ""))
        number = int(self._reader.infusion_numbers([typed.get("infusion_number", "")])[0])
        at = int(self._reader.instants([typed.get("assessed_at", "")])[0])
        if patient >= 0:
            self._refused.append((patient, number, at))
        if number == 2:
            self._with_second.add(patient)

    def _reject_together(self, rows: Rows, place: int, verdict: int, because_of: int) -> None:
        """List a row that is refused because of another one."""
        code = self._patients.codes[rows.patient[place]]
        at = rows.at(place)
        other = f"Line {rows.line[because_of]}"
        problem = {
            Verdict.WHICH_INFUSION: Problem(
                "infusion_number", "", f"Enter the infusion number: another row of {code} says 2."
            ),
            Verdict.DIFFERS: Problem(
                "assessed_at",
                at,
                f"{other} has the same patient, infusion and time, and other values. Keep one.",
            ),
            Verdict.AFTER_DEATH: Problem(
                "assessed_at",
                at,
                f"{other} records the death of {code} at {rows.at(because_of)}; nothing comes after it.",
            ),
        }[Verdict(verdict)]
        self._rejected.append(RejectedRow(int(rows.line[place]), (problem,), rows.names_a_sign(place)))
        self._refused.append(
            (int(rows.patient[place]), int(rows.number[place]), int(rows.columns.assessed_at[place]))
        )

    def _number_courses(self, rows: Rows, names_second: Array) -> None:
        """Fill in what only the whole file tells: the infusion, the course, and what was refused before."""
        np.maximum(rows.number, np.int8(1), out=rows.number)
        rows.columns.course[:] = rows.patient * 2 + rows.number - 1
        refused = RefusedTimes()
        for patient, number, at in self._refused:
            unsaid = number == 0 and not names_second[patient]
            refused.add(patient, 1 if unsaid else number, at)
        rows.columns.refused_earlier[:] = refused.is_later(
            rows.patient, rows.number, rows.columns.assessed_at
        )
