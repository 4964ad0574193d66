"""Grading laboratory results: early ICAHT and CTCAE, alone and on the stored results of 1,000 patients."""

import random
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from actions import context
from bench.figure import Figure, fastest, ms, processor_seconds
from bench.site import open_site
from db import session as database
from db.models import Record
from db.queries.lab_results import load_lab_rows_of_all, load_trial_courses
from db.session import reading, writing
from grading.ctcae_v5 import grade_lab
from grading.icaht import grade_early
from trial.blood_counts import TrialCourse, baseline_before, grade_icaht
from trial.laboratory import LabRow, baselines, grade_rows, worst_by_day

_PATIENTS: Final = 1000
_R_SCRIPT_ROWS_A_SECOND: Final = 2000
_TIMES_FASTER: Final = 100
_DAYS: Final = range(-5, 55)
_INFUSED_AT: Final = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
_PANEL: Final[dict[str, tuple[str, float, float, int, float | None, float | None]]] = {
    "anc": ("10^9/L", 0.02, 6, 2, 1.8, 6.3),
    "platelets": ("10^9/L", 5, 300, 0, 125, 350),
    "hemoglobin": ("g/L", 60, 140, 0, 115, 150),
    "wbc": ("10^9/L", 0.1, 12, 2, 3.5, 9.5),
    "lymphocytes": ("10^9/L", 0.05, 3, 2, 1.1, 3.2),
    "alt": ("U/L", 5, 400, 0, 7, 40),
    "ast": ("U/L", 5, 400, 0, 13, 35),
    "bilirubin": ("umol/L", 5, 60, 0, None, 21),
    "creatinine": ("umol/L", 40, 300, 0, 41, 73),
    "fibrinogen": ("g/L", 0.4, 5, 2, 2, 4),
}
"""Every analyte that CTCAE grades: unit, lowest and highest made-up value, decimals, LLN, ULN."""


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
    yield _measure_stored(_PATIENTS // 10 if quick else _PATIENTS, folder)


def _measure_stored(patients: int, folder: Path) -> Figure:
    """Grading all stored results for the first time in a process, beside reading the same rows."""
    settings = open_site(folder / "laboratory")
    _store(patients)
    read = fastest(lambda: _read(settings.zone), 3)
    rows, courses = _read(settings.zone)
    took = processor_seconds(lambda: _grade(rows, courses, settings.zone))
    database.close()
    results = sum(map(len, rows.values()))
    name = f"{results:,} stored results of {patients:,} patients graded"
    return Figure(name, took / read, 5, "x", f"{ms(took)} beside {ms(read)} for reading them")


def _read(zone: ZoneInfo) -> tuple[Mapping[int, list[LabRow]], Mapping[int, TrialCourse]]:
    with reading() as session:
        return load_lab_rows_of_all(session), load_trial_courses(session, zone)


def _grade(rows: Mapping[int, list[LabRow]], courses: Mapping[int, TrialCourse], zone: ZoneInfo) -> None:
    """CTCAE of each result, the worst of each day, and ICAHT: all that the pages ask of a patient."""
    now = _INFUSED_AT + timedelta(days=max(_DAYS) + 1)
    within = context.protocol().treatments.lymphodepletion_days
    for patient_id, own in rows.items():
        course = courses[patient_id]
        graded = grade_rows(own, baselines(own, baseline_before(course, within)))
        worst_by_day(graded, course.infused_at[1], zone)
        grade_icaht(own, course, 1, now=now, zone=zone, lymphodepletion_days=within)


def _store(patients: int) -> None:
    """Patients, each infused once, with a panel every morning."""
    made = random.Random(1)
    numbers = range(1, patients + 1)
    by = {"version": 1, "entered_at": _INFUSED_AT}
    mornings = [_INFUSED_AT + timedelta(days=day, hours=-4) for day in _DAYS]
    with writing() as session:
        connection = session.connection()
        enrolled = [
            {"id": one, "study_code": f"CART-{one:04d}", "enrolled_at": _INFUSED_AT} for one in numbers
        ]
        connection.execute(insert(Record.metadata.tables["patient"]), enrolled)
        infused = [by | {"patient_id": one, "number": 1, "infused_at": _INFUSED_AT} for one in numbers]
        connection.execute(insert(Record.metadata.tables["infusion"]), infused)
        for one in numbers:
            results = [by | {"patient_id": one} | result for result in panels(made, mornings)]
            connection.execute(insert(Record.metadata.tables["lab_result"]), results)


def panels(made: random.Random, times: Iterable[datetime]) -> Iterator[dict[str, Any]]:
    """Made-up results of every analyte of the panel at each of these times, but for patient and version."""
    for taken_at in times:
        for analyte, (unit, low, high, decimals, lln, uln) in _PANEL.items():
            yield {
                "stable_id": uuid4().hex,
                "analyte": analyte,
                "taken_at": taken_at,
                "value": round(made.uniform(low, high), decimals),
                "unit": unit,
                "lln": lln,
                "uln": uln,
                "voided": False,
                "confirmed": False,
                "source": "demo",
            }


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
