"""The second grader's missing columns by filling in whole rows, and the random courses it is compared on."""

from collections import Counter
from datetime import datetime
from itertools import product
from random import Random
from typing import Any

import pytest

from tests.second_opinion import tables
from tests.second_opinion.grader import grade_course
from tests.second_opinion.signs import Row, found, hypotension_bounds, hypoxia_bounds, ice_bounds, listed
from tests.second_opinion.strategies import random_course, smallest


def last(scale: str, rows: list[Row]) -> dict[str, Any]:
    """The verdict of the given scale on the last row."""
    graded: dict[str, Any] = grade_course(rows)[-1][scale]
    return graded


EXAMPLES: dict[str, list[str]] = {
    "temperature_c": ["36.8", "38.6"],
    "systolic_mmhg": ["80", "120"],
    "spo2_percent": ["85", "97"],
    "oxygen_device": ["room_air", "nasal_cannula", "face_mask", "cpap"],
    "oxygen_l_per_min": ["0", "3", "10"],
    "vasopressors": ["none", "norepinephrine", "norepinephrine;dopamine"],
    "iv_fluid_bolus": ["yes", "no"],
    "ice_orientation": ["0", "1", "2", "3", "4"],
    "ice_naming": ["0", "1", "2", "3"],
    "ice_commands": ["0", "1"],
    "ice_writing": ["0", "1"],
    "ice_attention": ["0", "1"],
    "consciousness": ["alert", "awakens_to_voice", "unarousable"],
    "seizure": ["none", "brief", "prolonged"],
    "motor_weakness": ["none", "deep_focal"],
    "edema_or_raised_icp": ["none", "focal_edema", "diffuse_edema"],
}
CRS_COLUMNS = list(EXAMPLES)[:7]
ICANS_COLUMNS = list(EXAMPLES)[7:]


def settled_by_rule(row: Row) -> set[str]:
    """Columns that a rule other than counting takes out of play."""
    normal = row["systolic_mmhg"] is not None and float(row["systolic_mmhg"]) >= 90
    columns = {"iv_fluid_bolus"} if normal or row["hypotension"] == "no" else set()
    return columns | ({"vasopressors"} if row["hypotension"] == "no" else set())


def counts_as_filled(row: Row) -> bool:
    """Whether filling the row's blanks gives a row graded by the same rules."""
    no_finding = [s for s in listed(row["attributed_elsewhere"]) if not found(row, s)]
    return not no_finding and row["oxygen_device"] != "other" and row["ice_not_done"] is None


def completions(row: Row, columns: list[str]) -> list[Row]:
    """Every way to fill some of the given blank columns."""
    options = [[None, *EXAMPLES[c]] if row[c] is None else [row[c]] for c in columns]
    filled: list[Row] = [{**row, **dict(zip(columns, cells, strict=True))} for cells in product(*options)]
    on_air = [r for r in filled if r["oxygen_device"] == "room_air" and float(r["oxygen_l_per_min"] or 0) > 0]
    return [r for r in filled if r not in on_air] if on_air else filled


@pytest.mark.parametrize(("scale", "columns"), [("crs", CRS_COLUMNS), ("icans", ICANS_COLUMNS)])
def test_missing_and_settled_agree_with_filling_in_the_whole_row(scale: str, columns: list[str]) -> None:
    rng = Random(7)
    checked = 0
    while checked < 150:
        course = random_course(rng, rng.randint(1, 5))
        row = course[-1]
        in_play = [c for c in columns if row[c] is None and c not in settled_by_rule(row)]
        small = 1 <= len(in_play) <= 4
        if not small or not counts_as_filled(row) or row["death_due_to"]:
            continue
        checked += 1
        now = last(scale, course)
        reached = {}
        for filled in completions(row, in_play):
            blank = frozenset(c for c in in_play if filled[c] is None)
            reached[tuple(filled[c] for c in in_play)] = (
                blank,
                last(scale, [*course[:-1], filled])["at_least"],
            )
        assert (now["grade"] is None) == any(proved > now["at_least"] for _, proved in reached.values())
        assert [c for c in now["missing"] if c in in_play] == sorted(
            raising(in_play, reached, now["at_least"]), key=tables.COLUMNS.index
        ), course


def raising(
    columns: list[str], reached: dict[tuple[str | None, ...], tuple[frozenset[str], int]], at_least: int
) -> set[str]:
    """The columns that, added to some filling of the others, prove more than that and than `at_least`."""
    found_raising = set()
    for cells, (_, proved) in reached.items():
        for place, column in enumerate(columns):
            if cells[place] is None or proved <= at_least:
                continue
            without = reached.get((*cells[:place], None, *cells[place + 1 :]))
            if without is None or proved > without[1]:
                found_raising.add(column)
    return found_raising


def test_the_smallest_disagreement_keeps_only_what_it_needs() -> None:
    rng = Random(3)
    course = next(c for c in iter(lambda: random_course(rng, 8), None) if reaches_grade_3(c))
    small = smallest(course, reaches_grade_3)
    assert reaches_grade_3(small)
    assert sum(cell is not None for row in small for cell in row.values()) <= 6


def reaches_grade_3(course: list[Row]) -> bool:
    return any(result["icans"]["at_least"] == 3 for result in grade_course(course))


# --- The bounds, sentence by sentence --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("systolic", "agents", "bolus", "judged", "least", "most"),
    [
        (None, "none", None, None, 0, 2),
        (None, None, None, None, 0, 4),
        ("120", None, None, None, 0, 4),
        ("89", None, None, None, 2, 4),
        (None, None, "yes", None, 2, 4),
        (None, None, None, "yes", 2, 4),
        (None, None, None, "no", 0, 0),
        ("80", "none", None, "no", 0, 0),
        ("120", "none", "yes", "no", 2, 2),
        ("120", "none", None, None, 0, 0),
        ("90", "dobutamine", None, None, 0, 0),
        ("89", "dobutamine", None, None, 2, 2),
        (None, "vasopressin", None, "no", 3, 3),
        (None, "norepinephrine;dobutamine", None, None, 3, 3),
        (None, "terlipressin;vasopressin", None, None, 3, 3),
        (None, "terlipressin;other", None, None, 4, 4),
    ],
)
def test_bounds_of_hypotension(
    systolic: str | None, agents: str | None, bolus: str | None, judged: str | None, least: int, most: int
) -> None:
    bounds = hypotension_bounds(systolic, agents, bolus, judged)
    assert (bounds.least, bounds.most) == (least, most)


@pytest.mark.parametrize(
    ("spo2", "device", "flow", "judged", "least", "most"),
    [
        ("97", "nasal_cannula", None, None, 2, 3),
        ("85", "nasal_cannula", "0", None, 2, 2),
        (None, "nasal_cannula", "0", None, 0, 2),
        (None, "room_air", None, None, 0, 2),
        ("89.9", "room_air", None, None, 2, 2),
        ("90", "room_air", None, None, 0, 0),
        ("97", "room_air", "0", "yes", 2, 2),
        ("97", "other", "15", None, 2, 4),
        ("89", None, None, None, 2, 4),
        ("97", None, "0.1", None, 2, 4),
        (None, None, None, "yes", 2, 4),
        ("97", None, None, None, 0, 4),
        (None, None, "0", None, 0, 4),
        (None, None, None, "no", 0, 0),
        ("80", "mechanical_ventilation", None, "no", 0, 0),
        ("97", "tracheostomy_mask", "2", None, 3, 3),
        ("97", "high_flow_nasal_cannula", "0", None, 3, 3),
        ("97", "blow_by", "15", None, 2, 2),
        ("97", "ecmo", None, "yes", 4, 4),
    ],
)
def test_bounds_of_hypoxia(
    spo2: str | None, device: str | None, flow: str | None, judged: str | None, least: int, most: int
) -> None:
    bounds = hypoxia_bounds(spo2, device, flow, judged)
    assert (bounds.least, bounds.most) == (least, most)


@pytest.mark.parametrize(
    ("items", "score", "least", "most", "missing"),
    [
        ((None,) * 5, None, 0, 3, 6),
        (("0", None, None, None, None), None, 2, 3, 5),
        (("4", "3", "1", "0", "1"), None, 1, 1, 0),
        (("4", "3", "1", "1", None), None, 0, 1, 2),
        (("0", "3", None, None, None), None, 2, 2, 0),
        (("0", None, None, None, None), "2", 3, 3, 0),
        ((None,) * 5, "7", 1, 1, 0),
    ],
)
def test_bounds_of_ice(
    items: tuple[str | None, ...], score: str | None, least: int, most: int, missing: int
) -> None:
    bounds = ice_bounds(items, score)
    assert (bounds.least, bounds.most, len(bounds.raises)) == (least, most, missing)


# --- The random courses ----------------------------------------------------------------------------------


def why_refused(row: Row) -> str | None:
    """What the assessment file would refuse in the row, by its own words."""
    for column in ("vasopressors", "fever_masking_drugs", "edema_or_raised_icp", "attributed_elsewhere"):
        values = (row[column] or "").split(";")
        if len(values) != len(set(values)) or (len(values) > 1 and "none" in values):
            return f"{column}: a value twice, or none beside another"
    if int(row["diastolic_mmhg"] or 0) >= int(row["systolic_mmhg"] or 300):
        return "diastolic not below systolic"
    if row["oxygen_device"] == "room_air" and float(row["oxygen_l_per_min"] or 0) > 0:
        return "flow on room air"
    if row["death_due_to"] == "crs" and row["crs_judgement"] == "not_crs":
        return "death due to CRS that is not CRS"
    return why_ice_refused(row)


def why_ice_refused(row: Row) -> str | None:
    """What the assessment file would refuse in the ICE columns."""
    items = {column: row[column] for column in tables.ICE_MAXIMUM if row[column] is not None}
    low = sum(int(points or 0) for points in items.values())
    high = low + sum(most for column, most in tables.ICE_MAXIMUM.items() if column not in items)
    score = row["ice_score"]
    if score is not None and not low <= int(score) <= high:
        return "score outside what the items allow"
    if row["ice_not_done"] and (score is not None or items):
        return "not done, yet scored"
    if row["ice_not_done"] == "unarousable" and row["consciousness"] not in (None, "unarousable"):
        return "unarousable beside another consciousness"
    if row["consciousness"] == "unarousable" and (low > 0 or int(score or 0) > 0):
        return "points from an unarousable patient"
    return None


def test_random_courses_are_valid_and_reach_the_states_that_matter() -> None:
    rng = Random(11)
    seen: Counter[str] = Counter()
    for _ in range(300):
        course = random_course(rng, rng.randint(1, 12))
        times = [datetime.fromisoformat(str(row["assessed_at"])) for row in course]
        assert times == sorted(set(times))
        assert [why_refused(row) for row in course] == [None] * len(course)
        assert not any(row["death_due_to"] for row in course[:-1])
        was_open = was_ever_open = False
        for result in grade_course(course):
            crs, icans = result["crs"], result["icans"]
            seen[f"crs {crs['grade']} of at least {crs['at_least']}"] += 1
            seen[f"icans {icans['grade']} of at least {icans['at_least']}"] += 1
            seen["masked"] += crs["masked"]
            seen["recurrence"] += crs["recurrence"]
            seen["closed"] += was_open and not crs["course_open"]
            seen["reopened"] += was_ever_open and not was_open and crs["course_open"]
            was_open = crs["course_open"]
            was_ever_open = was_ever_open or was_open
    grades = [f"{scale} {g} of at least {g}" for scale in ("crs", "icans") for g in (0, 1, 2, 3, 4, 5)]
    unsettled = [f"{scale} None of at least {g}" for scale in ("crs", "icans") for g in (0, 1, 2, 3)]
    for state in [*grades, *unsettled, "masked", "recurrence", "closed", "reopened"]:
        assert seen[state] >= 5, (state, seen)
