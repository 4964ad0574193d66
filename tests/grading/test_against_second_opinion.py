"""The grader beside a second implementation written by another hand from the rules alone.

Over random courses, over the whole grid of codes, and bulk beside single on the same courses.
"""

from dataclasses import fields
from datetime import timedelta
from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.bulk import BulkGrades, Columns, grade_columns
from grading.bulk_sentences import sentences
from grading.bulk_tables import missing_text
from grading.charted import Charted, CrsJudgement
from grading.crs_course import GradedAssessment, grade_course
from grading.crs_row import Fever
from grading.scale import Grade, Toxicity
from grading.settings import GradingSettings
from tests.grading.columns import columns_of
from tests.grading.reading import read_charted
from tests.second_opinion import tables
from tests.second_opinion.grader import grade_course as second_opinion
from tests.second_opinion.signs import Row
from tests.second_opinion.strategies import courses, random_course
from tests.support.soak import examples, few

BLANK: Row = dict.fromkeys(tables.COLUMNS)


def ours(graded: GradedAssessment) -> dict[str, Any]:
    state = graded.crs_state
    course = {"course_open": state.course_open, "recurrence": state.recurrence}
    # A row judged not CRS is passed over: whether its fever counts as waived is a matter of words.
    masked = state.fever is Fever.MASKED and graded.charted.crs_judgement is not CrsJudgement.NOT_CRS
    return {"crs": bounds(graded.crs) | course | {"masked": masked}, "icans": bounds(graded.icans)}


def bounds(grade: Grade) -> dict[str, Any]:
    return {"grade": grade.grade, "at_least": grade.at_least, "missing": list(grade.missing)}


def theirs(result: dict[str, Any]) -> dict[str, Any]:
    crs = {name: value for name, value in result["crs"].items() if name != "fever"}
    return {"crs": crs, "icans": result["icans"]}


def both(course: list[Row]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    graded = grade_course([read_charted(row) for row in course])
    return [ours(each) for each in graded], [theirs(each) for each in second_opinion(course)]


@pytest.mark.untraced
@examples(60)
@given(courses())
def test_both_agree_on_any_course(course: list[Row]) -> None:
    mine, second = both(course)
    assert mine == second


@pytest.mark.untraced
@pytest.mark.parametrize("seed", few(range(5)))
def test_both_agree_on_many_random_courses(seed: int) -> None:
    rng = Random(seed)
    for _ in range(300):
        mine, second = both(random_course(rng, rng.randint(1, 14)))
        assert mine == second


def row(**cells: str | None) -> Row:
    return {**BLANK, "patient_id": "G01", "assessed_at": "2026-03-02T20:00+08:00", **cells}


FEVERISH = row(assessed_at="2026-03-02T08:00+08:00", temperature_c="38.6", vasopressors="none")
PRESSURES: list[dict[str, str | None]] = [
    {"systolic_mmhg": systolic, "vasopressors": agents, "iv_fluid_bolus": bolus, "hypotension": judged}
    for systolic in (None, "89", "90")
    for agents in (None, "none", "vasopressin", "norepinephrine;dopamine")
    for bolus in (None, "yes", "no")
    for judged in (None, "yes", "no")
]
OXYGEN: list[dict[str, str | None]] = [
    {"oxygen_device": device, "oxygen_l_per_min": flow, "spo2_percent": spo2, "hypoxia": judged}
    for device in (None, "room_air", "nasal_cannula", "blow_by", "venturi_mask", "ecmo", "other")
    for flow in (None, "0", "6", "6.1")
    for spo2 in (None, "89", "90")
    for judged in (None, "yes", "no")
    if not (device == "room_air" and flow in ("6", "6.1"))
]


def distinct_by_bounds(cells: list[dict[str, str | None]]) -> list[dict[str, str | None]]:
    """One example for each answer that both graders give on the row under fever."""
    examples: dict[str, dict[str, str | None]] = {}
    for each in cells:
        mine, second = both([row(temperature_c="38.6", **each)])
        assert mine == second, each
        examples.setdefault(str(mine[0]["crs"]), each)
    return list(examples.values())


@pytest.mark.untraced
def test_both_agree_on_every_code_of_hypotension_and_of_hypoxia_and_on_their_grid() -> None:
    pressures, oxygens = distinct_by_bounds(PRESSURES), distinct_by_bounds(OXYGEN)
    assert len(pressures) > 7
    assert len(oxygens) > 9
    fevers: list[dict[str, str | None]] = [{"temperature_c": value} for value in (None, "37.9", "38.0")]
    for fever, pressure, oxygen, judged in product(fevers, pressures, oxygens, (None, "crs", "not_crs")):
        this = row(**(fever | pressure | oxygen), crs_judgement=judged)
        for course in ([this], [FEVERISH, this]):
            mine, second = both(course)
            assert mine == second, this


ICE_CELLS = (None, "10", "9", "7", "6", "3", "2", "0")


@pytest.mark.untraced
def test_both_agree_on_the_whole_grid_of_icans() -> None:
    domains = (tables.CONSCIOUSNESS, tables.SEIZURE, tables.MOTOR_WEAKNESS, tables.EDEMA_OR_RAISED_ICP)
    grid = list(product(*([None, *words] for words in domains)))
    columns = ("consciousness", "seizure", "motor_weakness", "edema_or_raised_icp")
    for ice, cells in product(ICE_CELLS, grid):
        this = row(ice_score=ice, **dict(zip(columns, cells, strict=True)))
        mine, second = both([this])
        assert mine == second, this


@pytest.mark.untraced
def test_both_agree_whatever_is_attributed_elsewhere() -> None:
    rng = Random(1)
    signs = ("ice", "consciousness", "seizure", "motor_weakness", "edema_or_raised_icp", "fever", "hypoxia")
    for mask in range(1, 1 << len(signs)):
        named = ";".join(sign for place, sign in enumerate(signs) if mask >> place & 1)
        for _ in range(6):
            course = random_course(rng, 2)
            for each in course:
                each["attributed_elsewhere"] = named
            mine, second = both(course)
            assert mine == second, course


def random_charting(seed: int, courses: int) -> list[list[Charted]]:
    rng = Random(seed)
    lengths = (rng.choice((1, 1, 2, 5, 12)) for _ in range(courses))
    return [
        [
            read_charted(each, confirmed_by_investigator=rng.random() < 0.5)
            for each in random_course(rng, length)
        ]
        for length in lengths
    ]


def bulk_rows(bulk: BulkGrades, scale: Toxicity) -> list[tuple[object, ...]]:
    """Grade, at least, at most, missing and sentence of every row."""
    parts = [getattr(bulk, f"{scale}_{part}").tolist() for part in ("grade", "at_least", "at_most")]
    missing = map(missing_text, getattr(bulk, f"{scale}_missing").tolist())
    return list(zip(*parts, missing, sentences(bulk, scale), strict=True))


def single_row(grade: Grade) -> tuple[object, ...]:
    settled = -1 if grade.grade is None else grade.grade
    return settled, grade.at_least, grade.at_most, ";".join(grade.missing), grade.sentence()


def single_rows(courses: list[list[Charted]], scale: Toxicity) -> list[tuple[object, ...]]:
    graded = [each for course in courses for each in grade_course(course)]
    return [single_row(each.crs if scale is Toxicity.CRS else each.icans) for each in graded]


@pytest.mark.parametrize("scale", Toxicity)
def test_bulk_gives_what_single_gives_on_random_courses(scale: Toxicity) -> None:
    charting = random_charting(seed=31, courses=600)
    assert bulk_rows(grade_columns(columns_of(charting)), scale) == single_rows(charting, scale)


@examples(30)
@given(st.lists(courses(4), max_size=4))
def test_bulk_gives_what_single_gives_on_any_courses(charted: list[list[Row]]) -> None:
    charting = [[read_charted(each) for each in course] for course in charted]
    bulk = grade_columns(columns_of(charting))
    for scale in Toxicity:
        assert bulk_rows(bulk, scale) == single_rows(charting, scale)


def test_bulk_gives_the_same_whatever_the_order_of_the_rows() -> None:
    columns = columns_of(random_charting(seed=32, courses=80))
    order = np.random.default_rng(32).permutation(len(columns))
    shuffled = Columns(**{field.name: getattr(columns, field.name)[order] for field in fields(Columns)})
    in_order, mixed = grade_columns(columns), grade_columns(shuffled)
    for scale in Toxicity:
        straight = bulk_rows(in_order, scale)
        assert bulk_rows(mixed, scale) == [straight[place] for place in order]


def test_bulk_gives_what_single_gives_on_rows_that_stand_alone() -> None:
    charting = [course[:1] for course in random_charting(seed=33, courses=400)]
    bulk = grade_columns(columns_of(charting))
    for scale in Toxicity:
        assert bulk_rows(bulk, scale) == single_rows(charting, scale)


def test_bulk_uses_the_limits_of_the_site() -> None:
    site = GradingSettings(
        low_systolic_mmhg=110, low_spo2_percent=95, fever_c=37.5, clear_hours=12, drug_hours=6
    )
    charting = random_charting(seed=34, courses=150)
    graded = [each for course in charting for each in grade_course(course, settings=site)]
    assert bulk_rows(grade_columns(columns_of(charting), site), Toxicity.CRS) == [
        single_row(each.crs) for each in graded
    ]


def test_bulk_marks_rows_after_a_refused_one_as_single_does() -> None:
    charting = random_charting(seed=35, courses=1)
    columns = columns_of(charting)
    columns.refused_earlier[:] = True
    refused_at = charting[0][0].assessed_at - timedelta(hours=1)
    single = grade_course(charting[0], refused_earlier_at=refused_at)
    assert list(sentences(grade_columns(columns), Toxicity.CRS)) == [each.crs.sentence() for each in single]


def test_bulk_of_no_rows_is_empty() -> None:
    assert bulk_rows(grade_columns(Columns.empty(0)), Toxicity.CRS) == []
