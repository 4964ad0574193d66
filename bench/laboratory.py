"""Grading blood counts: early ICAHT and CTCAE on the results of a thousand made-up patients."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.figure import Figure, fastest, ms
from grading.ctcae_v5 import grade_lab
from grading.icaht import grade_early

_PATIENTS: Final = 1000
_R_SCRIPT_ROWS_A_SECOND: Final = 2000
_TIMES_FASTER: Final = 100


def measure_laboratory(quick: bool, folder: Path) -> Iterator[Figure]:
    """`grade_early` beside the public R script (daily counts of days 0 to 59), and `grade_lab` beside it."""
    courses = _courses(_PATIENTS)
    rows = sum(len(course) for course in courses)
    took = fastest(lambda: [grade_early(course) for course in courses], 5)
    allowed = rows / (_R_SCRIPT_ROWS_A_SECOND * _TIMES_FASTER)
    detail = (
        f"{rows / took:,.0f} rows/s; the public R script {_R_SCRIPT_ROWS_A_SECOND:,}, times {_TIMES_FASTER}"
    )
    yield Figure(f"early ICAHT of {_PATIENTS:,} patients", took / allowed, 1, "x", detail)
    counts = [anc for course in courses for anc in course.values()][: 10_000 if quick else rows]
    took = fastest(lambda: [grade_lab("anc", anc, "cells/uL", lln=1800) for anc in counts], 3)
    per_result = took / len(counts) * 1e6
    yield Figure("CTCAE grade of one result", per_result, 50, "us", f"{ms(took)} for {len(counts):,} results")


def _courses(patients: int) -> list[dict[int, float]]:
    """Counts that fall after the infusion and come back, one every day for 60 days."""
    made = random.Random(1)
    courses = []
    for _ in range(patients):
        low_from, low_days = made.randint(0, 10), made.randint(0, 35)
        courses.append(
            {
                day: float(
                    made.randint(0, 600) if low_from <= day < low_from + low_days else made.randint(400, 6000)
                )
                for day in range(60)
            }
        )
    return courses
