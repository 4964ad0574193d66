"""The fast way through the gate takes exactly the rows, and the values, that the gate itself takes."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from db.inputs import AssessmentIn
from exchange import cells
from exchange.assessment_file import load_assessment_file
from grading.bulk import grade_columns
from grading.bulk_sentences import sentences
from grading.crs_course import grade_course
from grading.scale import Toxicity
from tests.exchange.files import any_row, mostly_good_row, row, write_file
from tests.support.soak import examples

several_rows = st.lists(st.one_of(any_row, mostly_good_row), min_size=1, max_size=12)


def numbered(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Each row a patient of its own, so that only the row itself decides."""
    return [cells | {"patient_id": f"P{place}"} for place, cells in enumerate(rows)]


@examples(50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(several_rows)
def test_the_file_reader_accepts_the_rows_that_the_gate_accepts(
    tmp_path: Path, rows: list[dict[str, str]]
) -> None:
    rows = numbered(rows)
    loaded = load_assessment_file(write_file(tmp_path / "rows.csv", rows))
    expected = {code["patient_id"] for code in rows if AssessmentIn.check(code)[0] is not None}
    assert {loaded.patients[place] for place in loaded.rows.patient} == expected
    assert len(loaded.rejected) == len(rows) - len(expected)


@examples(50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(several_rows)
def test_an_accepted_row_is_graded_as_the_single_grader_grades_its_entry(
    tmp_path: Path, rows: list[dict[str, str]]
) -> None:
    rows = numbered(rows)
    loaded = load_assessment_file(write_file(tmp_path / "rows.csv", rows))
    grades = grade_columns(loaded.rows.columns)
    crs, icans = list(sentences(grades, Toxicity.CRS)), list(sentences(grades, Toxicity.ICANS))
    for place, patient in enumerate(loaded.rows.patient):
        typed = next(one for one in rows if one["patient_id"] == loaded.patients[patient])
        charted = AssessmentIn.model_validate(typed).charted(confirmed_by_investigator=False)
        (single,) = grade_course([charted])
        assert (single.crs.sentence(), single.icans.sentence()) == (crs[place], icans[place])
        assert single.crs.at_least == grades.crs_at_least[place]
        assert single.icans.at_least == grades.icans_at_least[place]


@pytest.mark.parametrize(
    "bad",
    [
        {"systolic_mmhg": "80", "diastolic_mmhg": "80"},
        {"oxygen_device": "room_air", "oxygen_l_per_min": "2"},
        {"ice_orientation": "4", "ice_score": "3"},
        {"ice_orientation": "0", "ice_score": "7"},
        {"ice_not_done": "asleep", "ice_score": "0"},
        {"ice_not_done": "unarousable", "consciousness": "alert"},
        {"consciousness": "unarousable", "ice_naming": "1"},
        {"death_due_to": "crs", "crs_judgement": "not_crs"},
    ],
    ids=lambda cells: ", ".join(cells),
)
def test_every_rule_between_cells_is_asked_for_whole_columns_too(bad: dict[str, str]) -> None:
    texts = {column: [cell] for column, cell in row(**bad).items() if column not in ("patient_id",)}
    _, doubtful = cells.CellReader().charting(texts, 1)
    assert doubtful.tolist() == [True]


def test_a_new_rule_of_the_gate_needs_its_column_form_and_its_example_above() -> None:
    assert len(AssessmentIn.rules) == 7


def test_good_rows_never_leave_the_fast_way() -> None:
    texts = {
        "assessed_at": ["2026-03-02T08:00+08:00"],
        "temperature_c": ["38.6"],
        "vasopressors": ["norepinephrine;vasopressin"],
        "comment": ["面色苍白, =1+1"],
        "ice_score": ["10"],
    }
    _, doubtful = cells.CellReader().charting(texts, 1)
    assert doubtful.tolist() == [False]


def test_a_column_with_very_many_different_texts_does_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cells, "_MOST_REMEMBERED", 3)
    numbers = cells.CellReader()
    codes = numbers.charting({"systolic_mmhg": [str(value) for value in range(90, 100)] + ["", "90"]}, 12)[0]
    assert codes.systolic_mmhg[-1] == 90
    assert codes.systolic_mmhg[-2] != codes.systolic_mmhg[-2]
