"""CSV files in and out: read strictly, written whole or not at all.

A file that cannot be trusted as a whole (another encoding, an unknown column, a quotation mark that is never
closed) is refused as a whole with one sentence; what is wrong with one row is left to whoever reads the rows.
"""

import codecs
import csv
import difflib
import io
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

BATCH_ROWS: Final = 1 << 14
"""Rows read together: enough to work on columns, few enough to stay small."""

_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


class FileProblem(Exception):  # noqa: N818 -- a sentence for people, not a fault of the program
    """A file cannot be read or written at all; the text is one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a table, and the line on which each begins (the header is line 1)."""

    lines: list[int]
    rows: list[list[str]]


class RowWriter(Protocol):
    """What `writing_table` gives: the writing side of the csv module."""

    def writerow(self, row: Iterable[object], /) -> object:
        """Write one row."""

    def writerows(self, rows: Iterable[Iterable[object]], /) -> object:
        """Write many rows."""


class Table:
    """An open table: its columns, its rows in batches, and how far it has been read.

    Rows without any content are passed over; every other row comes as it stands, whatever its length.
    """

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        """Take an open file; `open_table` reads the header."""
        self.columns: tuple[str, ...] = ()
        self._path = path
        self._stream = stream
        self._size = os.fstat(stream.fileno()).st_size
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        # Strict, because a quotation mark in the wrong place would swallow the rows after it.
        self._reader = csv.reader(text, strict=True)

    @property
    def fraction_read(self) -> float:
        """From 0 to 1; 1 where the length is not known."""
        return min(self._stream.tell() / self._size, 1.0) if self._size else 1.0

    def read_header(self, known: Collection[str], required: Collection[str]) -> None:
        """Read and check the first line. Raises FileProblem."""
        with self._explained():
            header = next(self._reader, None)
        if header is None:
            raise FileProblem(f"{self._path} is empty. It needs a header line with the names of its columns.")
        self.columns = tuple(name.strip() for name in header)
        problem = _header_problem(self.columns, known, required)
        if problem:
            raise FileProblem(f"{self._path}: {problem}")

    def batches(self) -> Iterator[Batch]:
        """All rows after the header, some at a time. Raises FileProblem where the file cannot be read on."""
        while True:
            batch = self._read_batch()
            if not batch.lines:
                return
            yield batch

    def _read_batch(self) -> Batch:
        lines: list[int] = []
        rows: list[list[str]] = []
        with self._explained():
            line = self._reader.line_num + 1
            for cells in self._reader:
                if any(cells):
                    lines.append(line)
                    rows.append(cells)
                    if len(rows) == BATCH_ROWS:
                        break
                line = self._reader.line_num + 1
        return Batch(lines, rows)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError as error:
            line = _first_line_that_is_not_utf8(self._path)
            raise FileProblem(f"{self._path} is not UTF-8 text (line {line}). {_SAVE_AS_UTF8}") from error
        except csv.Error as error:
            line = self._reader.line_num
            if "field limit" in str(error):
                most = f"{csv.field_size_limit():,}"
                raise FileProblem(
                    f"{self._path}: a cell on or before line {line} is longer than {most} "
                    "characters; often a quotation mark before it is not closed. Correct it, then read the "
                    "file again; no row of it was taken."
                ) from error
            raise FileProblem(
                f"{self._path}: a quotation mark on or before line {line} is not closed, or stands inside a "
                "cell. Correct it, then read the file again; no row of it was taken."
            ) from error
        except OSError as error:
            raise FileProblem(f"{self._path} cannot be read: {error.strerror}.") from error


_SAVE_AS_UTF8: Final = 'Save it as UTF-8, in a spreadsheet as "CSV UTF-8", and try again.'


@contextmanager
def open_table(path: Path, known: Collection[str], required: Collection[str]) -> Iterator[Table]:
    """Open a CSV file whose columns are among `known` and include `required`.

    Raises FileProblem, also later from `batches`, with one sentence.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise FileProblem(f"{path} cannot be read: {error.strerror}.") from error
    with stream:
        if stream.peek(2)[:2] in _UTF_16:
            raise FileProblem(f"{path} is UTF-16 text. {_SAVE_AS_UTF8}")
        table = Table(path, stream)
        table.read_header(known, required)
        yield table


@contextmanager
def writing_table(path: Path, columns: Sequence[str]) -> Iterator[RowWriter]:
    """A table written beside its place and moved there at the end, so that nobody ever reads half of it.

    Raises FileProblem where the place cannot be written.
    """
    place = path.resolve()
    if place.exists() and not place.is_file():
        raise FileProblem(f"{path} is not a file. Name a file to write to.")
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            dir=place.parent,
            prefix=f".{place.name}.",
            suffix=".part",
            delete=False,
            encoding="utf-8",
            newline="",
        ) as file:
            try:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(columns)
                yield writer
                file.flush()
                os.chmod(file.name, _mode_of(place))
                os.replace(file.name, place)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise FileProblem(f"{path} cannot be written: {error.strerror}.") from error


def neutralise(text: str) -> str:
    """Free text that a spreadsheet would run as a formula, made into text by a quotation mark before it."""
    if not text.startswith(_FORMULA_SIGNS):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def _header_problem(columns: Sequence[str], known: Collection[str], required: Collection[str]) -> str | None:
    unknown = [name for name in columns if name not in known]
    for name in unknown:
        problem = _not_a_name(name, columns, known)
        if problem:
            return problem
    if unknown:
        return _unknown_columns(unknown, known)
    for name in columns:
        if columns.count(name) > 1:
            return f"the column {name!r} stands there twice. Take one of them out."
    missing = [name for name in required if name not in columns]
    return f"the column {missing[0]} is missing. Add it, with a value in every row." if missing else None


def _not_a_name(name: str, columns: Sequence[str], known: Collection[str]) -> str | None:
    """What is wrong with the file where this is no column's name at all."""
    if "\0" in name:
        return f"not UTF-8 text. {_SAVE_AS_UTF8}"
    if not name:
        return f"column {columns.index(name) + 1} has no name. Name it, or take it out."
    for separator, words in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if any(part.strip() in known for part in name.split(separator)[:-1]):
            return f"its cells are separated by {words}. Save it with commas."
    return None


def _unknown_columns(unknown: Sequence[str], known: Collection[str]) -> str:
    """All of them in one sentence, each with the column that may be meant."""
    meant = {name: difflib.get_close_matches(name.lower(), known, n=1) for name in unknown}
    if len(meant) == 1:
        ((name, close),) = meant.items()
        advice = f"Did you mean {close[0]}?" if close else "Take it out, or correct its name."
        return f"there is no column {name!r}. {advice}"
    words = [f"{name!r} (is it {close[0]}?)" if close else repr(name) for name, close in meant.items()]
    names = f"{', '.join(words[:-1])} and {words[-1]}"
    return f"there are no columns {names}. Take them out, or correct their names."


def _first_line_that_is_not_utf8(path: Path) -> int:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1


def _mode_of(place: Path) -> int:
    if place.exists():
        return place.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
