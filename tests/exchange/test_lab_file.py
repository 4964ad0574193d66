"""The laboratory file: the rules of the form, read row by row; the same file twice adds nothing."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.inputs_lab import COLUMNS
from db.roles import SYSTEM
from db.session import reading
from exchange.lab_file import load_lab_file
from exchange.lab_importing import import_lab_file
from exchange.tables import FileProblem
from grading.units import Analyte
from tests.actions.conftest import CODE, NOW, OTHER_CODE, Site, make_site
from tests.exchange.files import write_file
from trial.laboratory import LabRow

AT = "2026-03-05T06:15+08:00"


def row(**cells: str) -> dict[str, str]:
    """One row of the first patient, ANC 0.8, unless said otherwise."""
    base = {"patient_id": CODE, "taken_at": AT, "analyte": "anc", "value": "0.8", "unit": "10^9/L"}
    return base | cells


def lab_file(folder: Path, *rows: dict[str, str]) -> Path:
    return write_file(folder / "labs.csv", rows, COLUMNS)


@pytest.fixture
def site(sqlite_database: str, tmp_path: Path) -> Site:
    return make_site(sqlite_database, tmp_path)


def test_rows_are_read_in_their_order_with_limits_where_they_are_given(tmp_path: Path) -> None:
    path = lab_file(tmp_path, row(lln="1.8", uln="6.3"), row(analyte="crp", value="60", unit="mg/L"))
    read = load_lab_file(path)
    at = datetime(2026, 3, 4, 22, 15, tzinfo=UTC)
    assert [line.row for line in read.by_patient[CODE]] == [
        LabRow(Analyte.ANC, at, 0.8, "10^9/L", 1.8, 6.3),
        LabRow(Analyte.CRP, at, 60, "mg/L"),
    ]
    assert [line.line for line in read.by_patient[CODE]] == [2, 3]
    assert (read.rejected, read.repeated) == ([], 0)


@pytest.mark.parametrize(
    ("cells", "column", "sentence"),
    [
        ({"patient_id": "Zhang Wei"}, "patient_id", "looks like a name"),
        ({"taken_at": "2026-03-05T06:15"}, "taken_at", "needs its offset from UTC"),
        ({"analyte": "neutrophils"}, "analyte", "Analyte must be one of anc, platelets"),
        ({"value": "0,8"}, "value", "Did you mean 0.8?"),
        ({"value": ""}, "value", "Enter the value."),
        ({"value": "<0.01"}, "value", "Value must be a number"),
        ({"unit": ""}, "unit", "The unit of ANC is not given"),
        ({"unit": "mg/L"}, "unit", "'mg/L' is not a unit of ANC here"),
        ({"lln": "6.3", "uln": "1.8"}, "uln", "must be above the lower one"),
    ],
)
def test_a_row_that_the_form_would_refuse_is_listed_with_its_line_and_cell(
    tmp_path: Path, cells: dict[str, str], column: str, sentence: str
) -> None:
    read = load_lab_file(lab_file(tmp_path, row(analyte="wbc"), row(**cells)))
    (rejected,) = read.rejected
    (problem,) = rejected.problems
    assert (rejected.line, problem.field, problem.value) == (3, column, cells.get(column, ""))
    assert sentence in problem.sentence
    assert len(read.by_patient[CODE]) == 1


def test_identical_rows_count_once_and_different_ones_are_all_refused(tmp_path: Path) -> None:
    again = row(value="0.80", taken_at="2026-03-04T22:15Z")
    path = lab_file(tmp_path, row(), again, row(analyte="wbc"), row(analyte="wbc", value="0.9"))
    read = load_lab_file(path)
    assert ([line.line for line in read.by_patient[CODE]], read.repeated) == ([2], 1)
    assert [one.line for one in read.rejected] == [4, 5]
    assert "Line 5 has the same analyte at the same time" in read.rejected[0].problems[0].sentence
    assert "Line 4 has" in read.rejected[1].problems[0].sentence


def test_a_ragged_row_and_an_unknown_column_are_named(tmp_path: Path) -> None:
    path = tmp_path / "labs.csv"
    path.write_text(f"{','.join(COLUMNS)}\nCART-007,{AT},anc,0.8\n", encoding="utf-8")
    (rejected,) = load_lab_file(path).rejected
    assert "The row has 4 cells and the header has 7." in rejected.problems[0].sentence
    with pytest.raises(FileProblem, match="lower_limit"):
        load_lab_file(write_file(path, [], (*COLUMNS, "lower_limit")))
    with pytest.raises(FileProblem, match="the column unit is missing"):
        load_lab_file(write_file(path, [], [name for name in COLUMNS if name != "unit"]))


def test_the_same_file_twice_adds_nothing(site: Site, tmp_path: Path) -> None:
    path = lab_file(tmp_path, row(), row(patient_id=OTHER_CODE), row(analyte="crp", value="60", unit="mg/L"))
    first = import_lab_file(path, by=SYSTEM, now=NOW)
    assert (first.added, first.known, first.rejected, first.doubtful) == (3, 0, [], [])
    before = site.everything()
    second = import_lab_file(path, by=SYSTEM, now=NOW)
    assert (second.added, second.known) == (0, 3)
    assert site.everything() == before
    assert {event["patient_id"] for event in site.events("import_lab_results")} == set(site.patients.values())


def test_what_the_database_refuses_is_listed_beside_what_the_file_refuses(site: Site, tmp_path: Path) -> None:
    path = lab_file(
        tmp_path,
        row(unit=""),
        row(patient_id="CART-099"),
        row(taken_at="2027-01-01T00:00Z"),
        row(value="0.5", unit="cells/uL"),
    )
    done = import_lab_file(path, by=SYSTEM, now=NOW)
    assert done.added == 1
    assert sorted(one.line for one in done.rejected) == [2, 3, 4]
    assert [one.line for one in done.doubtful] == [5]
    assert len(site.rows("lab_result")) == 1


def test_it_tells_how_far_it_is(site: Site, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    path = lab_file(tmp_path, row(), row(patient_id=OTHER_CODE))
    import_lab_file(path, by=SYSTEM, now=NOW, progress=lambda doing, fraction: told.append((doing, fraction)))
    assert told == [("Reading", 1.0), ("Storing", 0.0), ("Storing", 0.5)]


def test_an_empty_file_adds_nothing(site: Site, tmp_path: Path) -> None:
    assert import_lab_file(lab_file(tmp_path), by=SYSTEM, now=NOW).added == 0
    with reading():
        assert site.rows("lab_result") == []
