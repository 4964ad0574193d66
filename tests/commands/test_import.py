"""`manage.py import` as a person runs it, on a data folder of its own."""

from pathlib import Path

import pytest

import manage
from db import session
from exchange.infusion_file import COLUMNS
from tests.exchange.files import read_file, row, write_file


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_database: str) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", sqlite_database)
    return tmp_path


def load(infusions: Path, assessments: Path, *more: str) -> int:
    try:
        return manage.main(
            ["import", "--infusions", str(infusions), "--assessments", str(assessments), *more]
        )
    finally:
        session.close()


@pytest.fixture
def infusions(tmp_path: Path) -> Path:
    infusion = {"patient_id": "P1", "infusion_number": "1", "infused_at": "2026-03-01T10:00+08:00"}
    return write_file(tmp_path / "infusions.csv", [infusion], COLUMNS)


def test_it_says_what_was_added_and_what_was_there(
    tmp_path: Path, infusions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assessments = write_file(tmp_path / "assessments.csv", [row(temperature_c="38.6")])
    assert load(infusions, assessments, "--historical") == 0
    said = capsys.readouterr().out
    assert said.startswith(
        "1 patients enrolled\n"
        "1 infusions added, 0 already there, 0 rejected\n"
        "1 assessments added, 0 already there, 0 rejected\n"
    )
    assert load(infusions, assessments, "--historical") == 0
    assert "0 assessments added, 1 already there, 0 rejected\n" in capsys.readouterr().out
    assert not (tmp_path / "rejected").exists()


def test_rejected_rows_are_listed_as_by_grade(
    tmp_path: Path, infusions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assessments = write_file(
        tmp_path / "assessments.csv",
        [row(spo2_percent="200"), row(temperature_c="38.6", assessed_at="2026-02-28T08:00+08:00")],
    )
    assert load(infusions, assessments) == 2
    listed = tmp_path / "rejected" / "assessments.rejected.csv"
    assert str(listed) in capsys.readouterr().err
    assert [(one["line"], one["column"], one["value"]) for one in read_file(listed)] == [
        ("3", "assessed_at", "2026-02-28T08:00+08:00"),
        ("2", "spo2_percent", "200"),
    ]
    elsewhere = tmp_path / "lists"
    assert load(infusions, assessments, "--rejected", str(elsewhere)) == 2
    assert (elsewhere / "assessments.rejected.csv").is_file()


def test_a_file_that_cannot_be_read_stores_nothing(
    tmp_path: Path, infusions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load(infusions, tmp_path / "none.csv") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert load(infusions, write_file(tmp_path / "assessments.csv", [])) == 0
    assert capsys.readouterr().out.startswith("1 patients enrolled\n")


LAB_COLUMNS = ("patient_id", "taken_at", "analyte", "value", "unit", "lln", "uln")


def lab(**cells: str) -> dict[str, str]:
    base = {"patient_id": "P1", "taken_at": "2026-03-02T06:15+08:00", "analyte": "anc"}
    return base | {"value": "0.8", "unit": "10^9/L"} | cells


def load_labs(labs: Path, *more: str) -> int:
    try:
        return manage.main(["import", "--labs", str(labs), *more])
    finally:
        session.close()


def test_laboratory_results_are_stored_once_and_what_is_rejected_or_doubtful_is_listed(
    tmp_path: Path, infusions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load(infusions, write_file(tmp_path / "assessments.csv", [row()])) == 0
    capsys.readouterr()
    rows = [lab(), lab(), lab(analyte="crp", value="6", unit=""), lab(analyte="wbc", value="0.5", unit="/uL")]
    labs = write_file(tmp_path / "labs.csv", rows, LAB_COLUMNS)
    assert load_labs(labs) == 2
    said = capsys.readouterr()
    assert said.out == (
        "2 laboratory results added, 0 already there, 1 rejected\n"
        "1 repeated rows counted once\n"
        "1 results are stored that no patient is likely to have: see "
        f"{tmp_path / 'rejected' / 'labs-to-check.csv'}.\n"
    )
    assert str(tmp_path / "rejected" / "labs.rejected.csv") in said.err
    (rejected,) = read_file(tmp_path / "rejected" / "labs.rejected.csv")
    assert (rejected["line"], rejected["column"]) == ("4", "unit")
    (doubtful,) = read_file(tmp_path / "rejected" / "labs-to-check.csv")
    assert (doubtful["line"], doubtful["value"]) == ("5", "0.5")
    assert load_labs(labs) == 2
    assert capsys.readouterr().out.startswith("0 laboratory results added, 2 already there, 1 rejected\n")


def test_all_three_files_go_together(
    tmp_path: Path, infusions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labs = write_file(tmp_path / "labs.csv", [lab()], LAB_COLUMNS)
    assert load(infusions, write_file(tmp_path / "assessments.csv", [row()]), "--labs", str(labs)) == 0
    assert "1 laboratory results added" in capsys.readouterr().out


@pytest.mark.parametrize(
    "given", [[], ["--infusions", "a.csv"], ["--assessments", "a.csv", "--labs", "b.csv"]]
)
def test_files_that_belong_together_are_asked_for(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert manage.main(["import", *given]) == 1
    assert (
        capsys.readouterr().err == "Name --infusions and --assessments together, or --labs, or all three.\n"
    )
