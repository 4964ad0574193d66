"""Grades for many assessments at once: columns in, columns out.

The rules are not written again here. Charting becomes small integer codes, the codes are
looked up in tables made by the single grader (`bulk_tables.py`), and courses of more than
one row go through the same walker. Assessments that stand alone never enter a Python loop.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any, Final, Self

import numpy as np

from grading import bulk_tables as tables
from grading.bulk_tables import Array
from grading.charted import (
    Consciousness,
    CrsJudgement,
    DeathDueTo,
    EdemaOrRaisedIcp,
    FeverMaskingDrug,
    IceNotDone,
    MotorWeakness,
    OxygenDevice,
    Seizure,
    Sign,
    Vasopressor,
    Word,
    YesNo,
)
from grading.crs_course import Walked, walk
from grading.ice import ICE_COLUMNS, ICE_ITEMS
from grading.settings import DEFAULT_SETTINGS, GradingSettings

CHUNK_ROWS: Final = 1 << 15
"""Rows worked on together: few enough that the intermediate columns stay in the processor's cache."""

WORDS: Final[dict[str, type[Word]]] = {
    "oxygen_device": OxygenDevice,
    "hypoxia": YesNo,
    "iv_fluid_bolus": YesNo,
    "hypotension": YesNo,
    "crs_judgement": CrsJudgement,
    "ice_not_done": IceNotDone,
    "consciousness": Consciousness,
    "seizure": Seizure,
    "motor_weakness": MotorWeakness,
    "death_due_to": DeathDueTo,
}
"""Columns of one word: the code is its place in the enum, -1 not recorded."""

LISTS: Final[dict[str, type[Word]]] = {
    "vasopressors": Vasopressor,
    "fever_masking_drugs": FeverMaskingDrug,
    "edema_or_raised_icp": EdemaOrRaisedIcp,
    "attributed_elsewhere": Sign,
}
"""List columns: bit n is the n-th word of the enum, 0 is `none`, -1 not recorded."""

NUMBERS: Final = (
    "temperature_c",
    "systolic_mmhg",
    "diastolic_mmhg",
    "heart_rate_per_min",
    "respiratory_rate_per_min",
    "spo2_percent",
    "oxygen_l_per_min",
)
"""Numbers: NaN is not recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Charting as arrays of one length, named as in the file and coded by `WORDS`, `LISTS`, `NUMBERS`.

    course       int64, one number for each patient and infusion
    assessed_at  int64, nanoseconds since 1970 in UTC
    ICE points   int8, -1 not recorded
    confirmed    bool, False where a `not_crs` comes from a file
    refused_earlier  bool, True after a refused row of the same course
    """

    course: Array
    assessed_at: Array
    temperature_c: Array
    systolic_mmhg: Array
    diastolic_mmhg: Array
    heart_rate_per_min: Array
    respiratory_rate_per_min: Array
    spo2_percent: Array
    oxygen_l_per_min: Array
    oxygen_device: Array
    hypoxia: Array
    vasopressors: Array
    iv_fluid_bolus: Array
    hypotension: Array
    fever_masking_drugs: Array
    crs_judgement: Array
    ice_orientation: Array
    ice_naming: Array
    ice_commands: Array
    ice_writing: Array
    ice_attention: Array
    ice_score: Array
    ice_not_done: Array
    consciousness: Array
    seizure: Array
    motor_weakness: Array
    edema_or_raised_icp: Array
    attributed_elsewhere: Array
    death_due_to: Array
    confirmed: Array
    refused_earlier: Array

    @classmethod
    def empty(cls, rows: int) -> Self:
        """Columns to fill in place: nothing recorded, each row a course of its own at instant 0."""
        arrays: dict[str, Array] = {name: np.full(rows, np.nan) for name in NUMBERS}
        arrays |= {name: np.full(rows, -1, np.int8) for name in (*WORDS, *ICE_COLUMNS)}
        arrays |= {name: np.full(rows, -1, np.int16) for name in LISTS}
        return cls(
            course=np.arange(rows, dtype=np.int64),
            assessed_at=np.zeros(rows, np.int64),
            confirmed=np.ones(rows, np.bool_),
            refused_earlier=np.zeros(rows, np.bool_),
            **arrays,
        )

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.course)

    def slice(self, start: int, stop: int) -> "Columns":
        """The rows from start up to stop, without copying."""
        return Columns(**{field.name: getattr(self, field.name)[start:stop] for field in fields(self)})


@dataclass(frozen=True, slots=True)
class BulkGrades:
    """Grades of all rows, in the order of the columns.

    crs_grade, icans_grade        int8, -1 while not settled
    crs_at_least, ..._at_most     int8
    crs_missing, icans_missing    uint32, read with `bulk_tables.missing_text`
    walked                        uint8, what the course means to the row (`Walked`)
    hypotension, hypoxia          codes of the findings, for the reasons
    """

    columns: Columns
    settings: GradingSettings
    crs_grade: Array
    crs_at_least: Array
    crs_at_most: Array
    crs_missing: Array
    icans_grade: Array
    icans_at_least: Array
    icans_at_most: Array
    icans_missing: Array
    walked: Array
    hypotension: Array
    hypoxia: Array


RESULTS: Final[dict[str, type[np.generic]]] = {
    **{f"{scale}_{part}": np.int8 for scale in ("crs", "icans") for part in ("grade", "at_least", "at_most")},
    "crs_missing": np.uint32,
    "icans_missing": np.uint32,
    "walked": np.uint8,
    "hypotension": np.uint8,
    "hypoxia": np.uint16,
}


def grade_columns(columns: Columns, settings: GradingSettings = DEFAULT_SETTINGS) -> BulkGrades:
    """Grade every row; courses and rows may come in any order."""
    rows = len(columns)
    grades = BulkGrades(
        columns,
        settings,
        **{name: np.empty(rows, kind) for name, kind in RESULTS.items()},
    )
    codes = np.empty(rows, np.uint16)
    steps = np.empty(rows, np.uint8)
    for start, stop in chunks(rows):
        part = columns.slice(start, stop)
        _find(part, settings, grades, codes, steps, slice(start, stop))
        _grade_icans(part, grades, slice(start, stop))
    _walk_courses(columns, settings, steps, grades.walked)
    for start, stop in chunks(rows):
        _grade_crs(grades, codes, slice(start, stop))
    return grades


def chunks(rows: int) -> Iterator[tuple[int, int]]:
    """Start and stop of each chunk of rows."""
    for start in range(0, rows, CHUNK_ROWS):
        yield start, min(start + CHUNK_ROWS, rows)


def reading(values: Array, limit: float) -> Array:
    """Codes of `Reading`: NaN is neither equal to itself nor at its limit."""
    recorded: Array = values == values
    reached: Array = values >= limit
    return recorded.view(np.uint8) + reached.view(np.uint8)


def look_up(table: Array, codes: Array) -> Array:
    """Look codes up; -1 finds the last entry, which every table of a file column keeps for "not recorded"."""
    found: Array = table.take(codes, mode="wrap")
    return found


def answer(column: Array) -> Array:
    """Codes that begin with "not recorded" as 0."""
    return (column + np.int8(1)).view(np.uint8)


def elsewhere(part: Columns, sign: Sign) -> Array:
    """1 where the sign is attributed to another cause."""
    listed = np.maximum(part.attributed_elsewhere, np.int16(0)) >> np.int16(list(Sign).index(sign))
    return (listed & np.int16(1)).astype(np.uint8)


def settled(at_least: Array, at_most: Array) -> Array:
    """The grade where both bounds are the same, else -1."""
    differ: Array = at_least != at_most
    grade: Array = at_least.view(np.int8) | -differ.view(np.int8)
    return grade


def _find(
    part: Columns, settings: GradingSettings, grades: BulkGrades, codes: Array, steps: Array, at: "slice"
) -> None:
    hypotension = reading(part.systolic_mmhg, settings.low_systolic_mmhg)
    hypotension = hypotension * np.uint8(4) + look_up(tables.AGENTS, part.vasopressors)
    hypotension = hypotension * np.uint8(3) + answer(part.iv_fluid_bolus)
    hypotension = hypotension * np.uint8(3) + answer(part.hypotension)
    hypotension = hypotension * np.uint8(2) + elsewhere(part, Sign.HYPOTENSION)
    flow = part.oxygen_l_per_min
    flows = (
        (flow == flow).view(np.uint8) + (flow > 0).view(np.uint8) + (flow > tables.LOW_FLOW).view(np.uint8)
    )
    hypoxia = (look_up(tables.DEVICE, part.oxygen_device) * np.uint8(4) + flows).astype(np.uint16)
    hypoxia = hypoxia * np.uint16(3) + reading(part.spo2_percent, settings.low_spo2_percent)
    hypoxia = hypoxia * np.uint16(3) + answer(part.hypoxia)
    hypoxia = hypoxia * np.uint16(2) + elsewhere(part, Sign.HYPOXIA)
    grades.hypotension[at] = hypotension
    grades.hypoxia[at] = hypoxia
    fever = reading(part.temperature_c, settings.fever_c) * np.uint8(2) + elsewhere(part, Sign.FEVER)
    least = np.maximum(look_up(tables.HYPOTENSION_LEAST, hypotension), look_up(tables.HYPOXIA_LEAST, hypoxia))
    most = np.maximum(look_up(tables.HYPOTENSION_MOST, hypotension), look_up(tables.HYPOXIA_MOST, hypoxia))
    code = (look_up(tables.FEVER, fever) * np.uint8(5) + least).astype(np.uint16) * np.uint16(5) + most
    code = code * np.uint16(3) + answer(part.crs_judgement)
    code = code * np.uint16(2) + (part.death_due_to == tables.DIED_OF_CRS)
    codes[at] = code
    keeps_open = look_up(tables.KEEPS_OPEN, part.fever_masking_drugs)
    steps[at] = look_up(tables.STEP, code * np.uint16(2) + keeps_open)


def _walk_courses(columns: Columns, settings: GradingSettings, steps: Array, walked: Array) -> None:
    """Look up rows that stand alone in the walker's answers; walk the others in time order."""
    walked[:] = look_up(tables.WALKED_ALONE, steps)
    if (columns.course[1:] > columns.course[:-1]).all():
        return
    order = np.lexsort((columns.assessed_at, columns.course))
    course = columns.course[order]
    joined = course[1:] == course[:-1]
    in_company = np.concatenate((joined, [False])) | np.concatenate(([False], joined))
    order = order[in_company]
    hour = 3_600_000_000_000
    walked[order] = walk(
        _in_blocks(columns.course, order),
        _in_blocks(columns.assessed_at, order),
        _in_blocks(steps, order),
        round(settings.clear_hours * hour),
        round(settings.drug_hours * hour),
    )


def _in_blocks(values: Array, order: Array) -> Iterator[Any]:
    """Plain numbers in the given order, a chunk at a time so that a million rows stay small."""
    return chain.from_iterable(values[order[start:stop]].tolist() for start, stop in chunks(len(order)))


def _grade_crs(grades: BulkGrades, codes: Array, at: "slice") -> None:
    in_course = (grades.walked[at] & Walked.IN_COURSE.value).astype(np.uint16)
    code = in_course * np.uint16(tables.CRS_CODE_COUNT) + codes[at]
    at_least, at_most = look_up(tables.CRS_AT_LEAST, code), look_up(tables.CRS_AT_MOST, code)
    outranked = look_up(tables.CRS_OUTRANKED, code)
    grades.crs_at_least[at] = at_least
    grades.crs_at_most[at] = at_most
    grades.crs_grade[at] = settled(at_least, at_most)
    grades.crs_missing[at] = (
        look_up(tables.TEMPERATURE_MASK, code)
        | look_up(tables.HYPOTENSION_OPEN, grades.hypotension[at] * np.uint16(6) + outranked)
        | look_up(tables.HYPOXIA_OPEN, grades.hypoxia[at] * np.uint16(6) + outranked)
    )


def ice_bounds(part: Columns) -> tuple[Array, Array, Array]:
    """Worst and best score still possible, and the blank items as bits, in the paper's order."""
    worst = np.zeros(len(part), np.int8)
    could_add = np.zeros(len(part), np.int8)
    blank = np.zeros(len(part), np.uint8)
    for place, item in enumerate(ICE_ITEMS):
        points = getattr(part, item.column)
        is_blank = points < 0
        worst += np.maximum(points, np.int8(0))
        could_add += is_blank.view(np.int8) * np.int8(item.points)
        blank |= is_blank.view(np.uint8) << np.uint8(place)
    no_total = part.ice_score < 0
    worst = worst * no_total.view(np.int8) + np.maximum(part.ice_score, np.int8(0))
    could_add *= no_total.view(np.int8)
    blank *= no_total.view(np.uint8)
    return worst, worst + could_add, blank


def domain_codes(part: Columns) -> Array:
    """One code for consciousness, seizure, motor weakness and edema, each with its attribution."""
    unarousable = (part.consciousness < 0) & (part.ice_not_done == tables.NOT_DONE_UNAROUSABLE)
    implied = unarousable.view(np.uint8) * np.uint8(tables.UNAROUSABLE + 1)
    cells = {
        Sign.CONSCIOUSNESS: answer(part.consciousness) + implied,
        Sign.SEIZURE: answer(part.seizure),
        Sign.MOTOR_WEAKNESS: answer(part.motor_weakness),
        Sign.EDEMA_OR_RAISED_ICP: look_up(tables.EDEMA, part.edema_or_raised_icp),
    }
    code = np.zeros(len(part), np.uint16)
    for sign, cell in cells.items():
        code *= np.uint16(2 * len(tables.DOMAIN_CELLS[sign]))
        code += cell * np.uint8(2) + elsewhere(part, sign)
    return code


def _grade_icans(part: Columns, grades: BulkGrades, at: "slice") -> None:
    worst, best, blank = ice_bounds(part)
    has_finding = (blank != tables.ALL_ITEMS_BLANK).view(np.uint8)
    counts = np.uint8(1) - (has_finding & elsewhere(part, Sign.ICE))
    ice_least, ice_most = look_up(tables.ICE_GRADE, best) * counts, look_up(tables.ICE_GRADE, worst) * counts
    code = domain_codes(part)
    died = (part.death_due_to == tables.DIED_OF_ICANS).view(np.uint8) * np.uint8(tables.DEATH_GRADE)
    at_least = np.maximum(np.maximum(ice_least, look_up(tables.DOMAINS_LEAST, code)), died)
    at_most = np.maximum(np.maximum(ice_most, look_up(tables.DOMAINS_MOST, code)), died)
    ice_open = (ice_most > at_least).view(np.uint8) * blank
    grades.icans_at_least[at] = at_least
    grades.icans_at_most[at] = at_most
    grades.icans_grade[at] = settled(at_least, at_most)
    grades.icans_missing[at] = look_up(tables.ICE_OPEN, ice_open) | look_up(
        tables.DOMAINS_OPEN, code * np.uint16(6) + at_least
    )
