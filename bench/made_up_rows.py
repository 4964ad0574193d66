"""Made-up rows in quantity: as columns for the bulk grader, as files for `grade` and `import`."""

import csv
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

import numpy as np

from exchange import infusion_file
from grading.bulk import LISTS, NUMBERS, WORDS, Columns
from grading.charted import FILE_COLUMNS
from grading.ice import ICE_COLUMNS

ROWS_A_PATIENT: Final = 90
EVERY: Final = timedelta(hours=4)


def single_assessments(rows: int) -> Columns:
    """Assessments that each stand alone, with every column filled or blank at random."""
    rng = np.random.default_rng(1)
    columns = Columns.empty(rows)
    limits = {
        "temperature_c": (36, 40),
        "systolic_mmhg": (70, 150),
        "diastolic_mmhg": (40, 69),
        "heart_rate_per_min": (50, 150),
        "respiratory_rate_per_min": (8, 35),
        "spo2_percent": (82, 100),
        "oxygen_l_per_min": (0, 15),
    }
    for name in NUMBERS:
        values = np.round(rng.uniform(*limits[name], rows), 1)
        values[rng.random(rows) < 0.1] = np.nan
        getattr(columns, name)[:] = values
    for name, words in WORDS.items():
        getattr(columns, name)[:] = rng.integers(-1, len(words), rows)
    for name in LISTS:
        getattr(columns, name)[:] = rng.integers(-1, 4, rows)
    for name in ICE_COLUMNS:
        getattr(columns, name)[:] = rng.integers(-1, 2, rows)
    return columns


def write_files(
    folder: Path, rows: int, ends_at: datetime, *, a_patient: int = ROWS_A_PATIENT
) -> tuple[Path, Path]:
    """An infusion file and an assessment file of made-up patients whose last row is before `ends_at`."""
    rng = Random(1)
    patients = -(-rows // a_patient)
    infused_at = ends_at - EVERY * (a_patient + 1)
    infusions, assessments = folder / f"infusions-{rows}.csv", folder / f"assessments-{rows}.csv"
    with infusions.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(infusion_file.COLUMNS)
        blank = [""] * (len(infusion_file.COLUMNS) - 3)
        table.writerows(
            [f"B-{patient:05d}", 1, infused_at.isoformat(), *blank] for patient in range(patients)
        )
    with assessments.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(FILE_COLUMNS)
        for row in range(rows):
            patient, place = divmod(row, a_patient)
            at = infused_at + EVERY * (place + 1) + timedelta(minutes=patient % 60)
            cells = _cells(f"B-{patient:05d}", at, rng)
            table.writerow([cells.get(column, "") for column in FILE_COLUMNS])
    return infusions, assessments


def _cells(code: str, at: datetime, rng: Random) -> dict[str, object]:
    systolic = rng.randint(80, 140)
    return {
        "patient_id": code,
        "infusion_number": 1,
        "assessed_at": at.isoformat(timespec="minutes"),
        "temperature_c": round(rng.gauss(37.4, 0.8), 1),
        "systolic_mmhg": systolic,
        "diastolic_mmhg": systolic - rng.randint(20, 45),
        "heart_rate_per_min": rng.randint(55, 140),
        "respiratory_rate_per_min": rng.randint(10, 30),
        "spo2_percent": rng.randint(86, 100),
        "oxygen_device": rng.choice(("room_air", "room_air", "nasal_cannula", "face_mask", "")),
        "vasopressors": rng.choice(("none", "none", "none", "norepinephrine", "")),
        "iv_fluid_bolus": rng.choice(("no", "no", "yes", "")),
        "fever_masking_drugs": rng.choice(("none", "acetaminophen", "dexamethasone;acetaminophen")),
        "ice_score": rng.choice((10, 10, 9, 5, "")),
        "consciousness": rng.choice(("alert", "alert", "awakens_to_voice", "")),
        "seizure": "none",
        "motor_weakness": "none",
        "edema_or_raised_icp": "none",
    }
