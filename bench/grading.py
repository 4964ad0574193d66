"""Bulk grading beside a copy of its columns; `grade` on a file beside csv.DictReader over it."""

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.figure import Figure, fastest, ms, slope
from bench.made_up_rows import single_assessments, write_files
from grading.bulk import Columns, grade_columns
from settings import ROOT

_SMALL: Final = 10_000
_ENDS_AT: Final = datetime(2026, 3, 31, tzinfo=UTC)


def measure_bulk(quick: bool, folder: Path) -> Iterator[Figure]:
    """1e6 single assessments; 1e5 when quick."""
    rows = 100_000 if quick else 1_000_000
    small, large = single_assessments(_SMALL), single_assessments(rows)
    grade_columns(small)
    copied = fastest(lambda: _copy(large), 7)
    took = fastest(lambda: grade_columns(large), 5)
    took_small = fastest(lambda: grade_columns(small), 30)
    detail = f"{ms(took)} beside {ms(copied)} for copying the columns"
    yield Figure(f"bulk grading of {rows:,} single assessments", took / copied, 8, "x", detail)
    exponent = slope((_SMALL, took_small), (rows, took))
    yield Figure(
        f"bulk grading, slope {_SMALL:,} to {rows:,}", exponent, 1.05, "", f"{ms(took_small)} to {ms(took)}"
    )


def _copy(columns: Columns) -> list[object]:
    return [getattr(columns, field.name).copy() for field in fields(columns)]


def measure_grade_file(quick: bool, folder: Path) -> Iterator[Figure]:
    """`manage.py grade` as a process of its own, on 1e6 rows; 1e5 when quick."""
    rows = 100_000 if quick else 1_000_000
    _, small = write_files(folder, rows // 10, _ENDS_AT)
    _, large = write_files(folder, rows, _ENDS_AT)
    read = fastest(lambda: _read(large), 2)
    took_small, _ = _grade(small, folder)
    took, megabytes = _grade(large, folder)
    detail = f"{ms(took)} beside {ms(read)} for csv.DictReader"
    yield Figure(f"grade on a file of {rows:,} rows", took / read, 12, "x", detail)
    exponent = slope((rows / 10, took_small), (rows, took))
    name = f"grade, slope {rows // 10:,} to {rows:,} rows"
    yield Figure(name, exponent, 1.1, "", f"{ms(took_small)} to {ms(took)}")
    yield Figure(
        f"grade, memory for {rows:,} rows", megabytes, 1000, "MB", "the largest the process ever was"
    )


def _read(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        for _row in csv.DictReader(stream):
            pass


def _grade(path: Path, folder: Path) -> tuple[float, float]:
    """Processor seconds and megabytes."""
    command = [sys.executable, "manage.py", "grade", str(path), "--out", str(folder / "graded.csv")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, resources = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"grade ended with {process.returncode}")
    return resources.ru_utime + resources.ru_stime, resources.ru_maxrss / 1024
