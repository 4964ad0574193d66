"""The second grader gives the published answers: the case files, and the cases most programs get wrong."""

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.second_opinion import tables
from tests.second_opinion.grader import grade_course
from tests.second_opinion.signs import Row

CASES = Path(__file__).parent.parent / "cases"
ICE_COLUMNS = [*tables.ICE_MAXIMUM, "ice_score"]

WELL: Row = {
    "temperature_c": "36.8",
    "systolic_mmhg": "120",
    "spo2_percent": "97",
    "oxygen_device": "room_air",
    "vasopressors": "none",
    "fever_masking_drugs": "none",
    "ice_score": "10",
    "consciousness": "alert",
    "seizure": "none",
    "motor_weakness": "none",
    "edema_or_raised_icp": "none",
}
FEVER = "38.6"


def at(hour: float, **cells: str | None) -> Row:
    """A row of a patient who is well but for the given cells, some hours into 1 March."""
    days, minutes = divmod(round(hour * 60), 24 * 60)
    stamp = f"2026-03-{1 + days:02d}T{minutes // 60:02d}:{minutes % 60:02d}+08:00"
    return {**WELL, **cells, "assessed_at": stamp}


def last(scale: str, *rows: Row) -> dict[str, Any]:
    """The verdict of the given scale on the last row."""
    graded: dict[str, Any] = grade_course(list(rows))[-1][scale]
    return graded


def brief(scale: str, *rows: Row) -> tuple[int | None, int, list[str]]:
    """Grade, at least and missing of the last row."""
    graded = last(scale, *rows)
    return graded["grade"], graded["at_least"], graded["missing"]


# --- The case files --------------------------------------------------------------------------------------


def read(name: str) -> list[Row]:
    with (CASES / name).open(encoding="utf-8", newline="") as file:
        return [{column: cell or None for column, cell in row.items()} for row in csv.DictReader(file)]


def key(row: Row) -> tuple[str | None, str | None, str | None]:
    return row["patient_id"], row["infusion_number"], row["assessed_at"]


def graded_cases() -> dict[tuple[str | None, ...], dict[str, Any]]:
    courses: dict[tuple[str | None, ...], list[Row]] = {}
    for row in read("cases.csv"):
        courses.setdefault(key(row)[:2], []).append(row)
    graded = {}
    for name, rows in courses.items():
        for result in grade_course(rows):
            graded[*name, result["assessed_at"]] = result
    return graded


def test_every_row_of_the_case_files_is_graded_as_expected() -> None:
    graded = graded_cases()
    expected = read("expected.csv")
    assert len(expected) == len(graded) == len(read("cases.csv")) > 60

    def whole(cell: str | None) -> int | None:
        return None if cell is None else int(cell)

    for row in expected:
        for scale in ("crs", "icans"):
            mine = graded[key(row)][scale]
            theirs = whole(row[f"{scale}_grade"]), whole(row[f"{scale}_at_least"])
            assert (mine["grade"], mine["at_least"]) == theirs, (key(row), scale)


def test_the_header_of_the_case_file_is_the_typed_order_of_columns() -> None:
    assert tuple(read("cases.csv")[0]) == tables.COLUMNS


# --- The 28 cases that most programs get wrong -----------------------------------------------------------

CRS_CASES: list[tuple[str, list[Row], tuple[int | None, int, list[str]]]] = [
    (
        "1 afebrile after acetaminophen, cannula 4 L/min",
        [
            at(8, temperature_c=FEVER, fever_masking_drugs="acetaminophen"),
            at(14, oxygen_device="nasal_cannula", oxygen_l_per_min="4"),
        ],
        (2, 2, []),
    ),
    (
        "2 afebrile after tocilizumab, norepinephrine",
        [
            at(8, temperature_c=FEVER, fever_masking_drugs="tocilizumab"),
            at(20, vasopressors="norepinephrine"),
        ],
        (3, 3, []),
    ),
    (
        "3 never febrile, prophylactic dexamethasone",
        [at(8, systolic_mmhg="82", iv_fluid_bolus="yes", fever_masking_drugs="dexamethasone")],
        (0, 0, []),
    ),
    (
        "4a norepinephrine and vasopressin",
        [at(8, temperature_c=FEVER, vasopressors="norepinephrine;vasopressin")],
        (3, 3, []),
    ),
    (
        "4b two and vasopressin",
        [at(8, temperature_c=FEVER, vasopressors="norepinephrine;epinephrine;vasopressin")],
        (4, 4, []),
    ),
    (
        "5 low-dose norepinephrine",
        [at(8, temperature_c=FEVER, vasopressors="norepinephrine")],
        (3, 3, []),
    ),
    (
        "6a cannula 6.0",
        [at(8, temperature_c=FEVER, oxygen_device="nasal_cannula", oxygen_l_per_min="6.0")],
        (2, 2, []),
    ),
    (
        "6b cannula 6.1",
        [at(8, temperature_c=FEVER, oxygen_device="nasal_cannula", oxygen_l_per_min="6.1")],
        (3, 3, []),
    ),
    (
        "7a face mask 5",
        [at(8, temperature_c=FEVER, oxygen_device="face_mask", oxygen_l_per_min="5")],
        (3, 3, []),
    ),
    ("7b venturi mask", [at(8, temperature_c=FEVER, oxygen_device="venturi_mask")], (3, 3, [])),
    (
        "7c high-flow cannula at 5",
        [at(8, temperature_c=FEVER, oxygen_device="high_flow_nasal_cannula", oxygen_l_per_min="5")],
        (3, 3, []),
    ),
    ("8 bipap", [at(8, temperature_c=FEVER, oxygen_device="bipap")], (4, 4, [])),
    ("9 home cpap", [at(8, temperature_c=FEVER, oxygen_device="cpap", hypoxia="no")], (1, 1, [])),
    ("10 ALT 25 x ULN", [at(8, temperature_c=FEVER, comment="ALT 25 x ULN")], (1, 1, [])),
    (
        "11 oxygen box empty",
        [
            at(
                8,
                temperature_c=FEVER,
                vasopressors="norepinephrine",
                oxygen_device=None,
                spo2_percent=None,
            )
        ],
        (None, 3, ["oxygen_device"]),
    ),
    (
        "12 temperature not recorded, no CRS so far",
        [at(8, temperature_c=None, vasopressors="norepinephrine")],
        (None, 0, ["temperature_c"]),
    ),
    (
        "13 fever, then systolic 84, no drug",
        [at(8, temperature_c=FEVER), at(20, temperature_c="37.2", systolic_mmhg="84")],
        (2, 2, []),
    ),
    (
        "14 fever gone 30 h, still on 2 L/min",
        [
            at(8, temperature_c=FEVER, oxygen_device="nasal_cannula", oxygen_l_per_min="2"),
            at(26, oxygen_device="nasal_cannula", oxygen_l_per_min="2"),
            at(38, oxygen_device="nasal_cannula", oxygen_l_per_min="2"),
        ],
        (2, 2, []),
    ),
    ("15 proven bacteraemia", [at(8, temperature_c=FEVER, comment="blood culture positive")], (1, 1, [])),
    (
        "24 death due to lymphoma",
        [at(8, temperature_c=FEVER, vasopressors="norepinephrine;epinephrine", death_due_to="other")],
        (4, 4, []),
    ),
    (
        "25 clear for 25 h under dexamethasone, then norepinephrine",
        [
            at(
                8,
                temperature_c=FEVER,
                oxygen_device="nasal_cannula",
                oxygen_l_per_min="2",
                fever_masking_drugs="dexamethasone",
            ),
            at(20, fever_masking_drugs="dexamethasone"),
            at(33, fever_masking_drugs="dexamethasone"),
            at(45, fever_masking_drugs="dexamethasone", vasopressors="norepinephrine"),
        ],
        (3, 3, []),
    ),
    (
        "26 fever attributed to a line infection, norepinephrine",
        [
            at(8, temperature_c=FEVER, fever_masking_drugs="tocilizumab"),
            at(20, temperature_c="39.0", attributed_elsewhere="fever", vasopressors="norepinephrine"),
        ],
        (3, 3, []),
    ),
    (
        "28 room air, SpO2 not recorded",
        [at(8, temperature_c=FEVER, spo2_percent=None)],
        (None, 1, ["spo2_percent"]),
    ),
]

ICANS_CASES: list[tuple[str, Row, tuple[int | None, int, list[str]]]] = [
    ("16 nothing", at(8), (0, 0, [])),
    ("17 one brief seizure", at(8, seizure="brief"), (3, 3, [])),
    ("18 hemiparesis", at(8, ice_score="9", motor_weakness="deep_focal"), (4, 4, [])),
    ("19a focal edema", at(8, edema_or_raised_icp="focal_edema"), (3, 3, [])),
    ("19b diffuse edema", at(8, edema_or_raised_icp="diffuse_edema"), (4, 4, [])),
    ("19c papilledema", at(8, edema_or_raised_icp="papilledema"), (4, 4, [])),
    ("20a aphasic and awake", at(8, ice_score="0"), (3, 3, [])),
    (
        "20b unarousable",
        at(8, ice_score=None, ice_not_done="unarousable", consciousness="unarousable"),
        (4, 4, []),
    ),
    (
        "21 sedated, consciousness attributed",
        at(
            8,
            ice_score=None,
            ice_not_done="sedated",
            consciousness="unarousable",
            attributed_elsewhere="consciousness",
        ),
        (None, 0, ICE_COLUMNS),
    ),
    ("22 ICE 2, seizure box empty", at(8, ice_score="2", seizure=None), (None, 3, ["seizure"])),
    ("23 tremor and myoclonus", at(8, comment="tremor, myoclonus"), (0, 0, [])),
    (
        "27 ventilated, ICE attributed but not done",
        at(
            8,
            ice_score=None,
            ice_not_done="intubated",
            consciousness="unarousable",
            attributed_elsewhere="consciousness;ice",
        ),
        (None, 0, ICE_COLUMNS),
    ),
]


@pytest.mark.parametrize(("name", "rows", "expected"), CRS_CASES, ids=[case[0] for case in CRS_CASES])
def test_crs_cases_that_most_programs_get_wrong(
    name: str, rows: list[Row], expected: tuple[int | None, int, list[str]]
) -> None:
    assert brief("crs", *rows) == expected


@pytest.mark.parametrize(("name", "row", "expected"), ICANS_CASES, ids=[case[0] for case in ICANS_CASES])
def test_icans_cases_that_most_programs_get_wrong(
    name: str, row: Row, expected: tuple[int | None, int, list[str]]
) -> None:
    assert brief("icans", row) == expected


def test_all_28_cases_are_typed() -> None:
    names = [case[0] for case in CRS_CASES] + [case[0] for case in ICANS_CASES]
    assert {int(name.split()[0].rstrip("abc")) for name in names} == set(range(1, 29))


# --- The course ------------------------------------------------------------------------------------------


def test_a_sign_after_a_clear_day_under_dexamethasone_is_a_recurrence() -> None:
    rows = next(rows for name, rows, _ in CRS_CASES if name.startswith("25"))
    graded = [result["crs"] for result in grade_course(rows)]
    assert [g["recurrence"] for g in graded] == [False, False, False, True]
    assert [g["course_open"] for g in graded] == [True] * 4
    assert [g["masked"] for g in graded] == [False, True, True, True]


@pytest.mark.parametrize(
    ("clear_hour", "drug", "grade"),
    [(31.5, "none", 3), (32, "none", 0), (32, "dexamethasone", 3), (32, "acetaminophen", 0)],
)
def test_a_course_closes_24_h_after_the_last_sign_unless_a_steroid_runs(
    clear_hour: float, drug: str, grade: int
) -> None:
    rows = [
        at(8, temperature_c=FEVER),
        at(clear_hour, fever_masking_drugs=drug),
        at(40, vasopressors="norepinephrine"),
    ]
    assert brief("crs", *rows) == (grade, grade, [])


def test_an_unsettled_zero_does_not_close_a_course() -> None:
    rows = [at(8, temperature_c=FEVER), at(33, spo2_percent=None), at(40, vasopressors="norepinephrine")]
    assert brief("crs", *rows) == (3, 3, [])


def test_a_row_judged_not_crs_is_passed_over() -> None:
    waiting = last("crs", at(8, temperature_c=FEVER, crs_judgement="not_crs"))
    assert (waiting["grade"], waiting["course_open"]) == (0, False)
    ending = last("crs", at(8, temperature_c=FEVER), at(40, crs_judgement="not_crs"))
    assert (ending["grade"], ending["course_open"]) == (0, True)
