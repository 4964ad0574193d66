"""`manage.py grade` as a person runs it."""

import csv
import io
import sys
from pathlib import Path

import pytest

import manage
from exchange.graded_file import COLUMNS
from grading.scale import RULESET
from tests.exchange.files import AT, read_file, row, write_file

CASES = Path(__file__).resolve().parents[1] / "cases"
LATER = "2026-03-02T12:00+08:00"


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    return tmp_path / "graded.csv"


def grade(source: Path, out: Path) -> int:
    return manage.main(["grade", str(source), "--out", str(out)])


def test_the_worked_cases_come_out_as_they_are_worked(
    graded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert grade(CASES / "cases.csv", graded) == 0
    expected = read_file(CASES / "expected.csv")
    written = read_file(graded)
    assert [{name: one[name] for name in expected[0]} for one in written] == expected
    assert tuple(written[0]) == COLUMNS
    assert {one["ruleset"] for one in written} == {RULESET}
    assert capsys.readouterr().out == f"{len(expected)} rows graded, 0 rejected\n"


def test_a_rejected_row_is_listed_with_its_line_column_and_value_and_the_others_are_graded(
    tmp_path: Path, graded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_file(
        tmp_path / "rows.csv",
        [
            row(temperature_c="36.8", comment="=cmd()", spo2_percent="=2", heart_rate_per_min="301"),
            row(temperature_c="100.4", assessed_at=LATER),
            row(temperature_c="38.6", patient_id="P2"),
            row(spo2_percent="200", patient_id="P3", vasopressors="noradrenaline"),
            row(spo2_percent="0", patient_id="P4", oxygen_device="face_mask"),
        ],
    )
    assert grade(source, graded) == 2
    said = capsys.readouterr()
    assert said.out == "1 rows graded, 4 rejected\n"
    assert str(graded.with_name("graded.rejected.csv")) in said.err
    assert [one["patient_id"] for one in read_file(graded)] == ["P2"]
    rejected = read_file(graded.with_name("graded.rejected.csv"))
    assert [(one["line"], one["column"], one["value"]) for one in rejected] == [
        ("3", "temperature_c", "100.4"),
        ("5", "spo2_percent", "200"),
        ("5", "vasopressors", "noradrenaline"),
        ("6", "spo2_percent", "0"),
        ("2", "heart_rate_per_min", "301"),
        ("2", "spo2_percent", "'=2"),
    ]
    assert rejected[0]["problem"] == "Temperature must be 25 to 45 °C; 100.4 °F is 38.0 °C."


def test_later_rows_say_that_an_earlier_assessment_was_refused(tmp_path: Path, graded: Path) -> None:
    source = write_file(
        tmp_path / "rows.csv",
        [row(spo2_percent="0"), row(assessed_at=LATER, temperature_c="38.6"), row(patient_id="P2")],
    )
    assert grade(source, graded) == 2
    later, other = read_file(graded)
    assert "an earlier assessment was refused" in later["crs_reasons"]
    assert "refused" not in other["crs_reasons"]


def test_the_time_and_the_code_come_back_as_they_stood_and_a_blank_infusion_is_the_first(
    tmp_path: Path, graded: Path
) -> None:
    source = write_file(
        tmp_path / "rows.csv", [row(patient_id="CART-007", assessed_at="2026-03-02 00:00:00Z")]
    )
    assert grade(source, graded) == 0
    (only,) = read_file(graded)
    assert (only["patient_id"], only["infusion_number"], only["assessed_at"]) == (
        "CART-007",
        "1",
        "2026-03-02 00:00:00Z",
    )


def test_repeated_rows_are_told_apart_from_rejected_ones(
    tmp_path: Path, graded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert grade(write_file(tmp_path / "rows.csv", [row(), row(), row()]), graded) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("1 rows graded, 0 rejected\n", "2 repeated rows counted once.\n")


@pytest.mark.parametrize("content", [b"", b"name,age\n", "patient_id,assessed_at\nP1,\xe9".encode("latin-1")])
def test_a_file_that_cannot_be_read_gets_one_line_and_leaves_the_last_results_alone(
    tmp_path: Path, graded: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "rows.csv"
    source.write_bytes(content)
    graded.write_text("earlier")
    assert grade(source, graded) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert graded.read_text() == "earlier"
    assert {one.name for one in tmp_path.iterdir()} == {"rows.csv", "graded.csv"}


def test_the_source_is_never_overwritten(tmp_path: Path) -> None:
    source = write_file(tmp_path / "rows.csv", [row()])
    before = source.read_bytes()
    assert grade(source, source) == 1
    assert grade(source, tmp_path / "missing" / "out.csv") == 1
    list_of_rejected = write_file(tmp_path / "out.rejected.csv", [row()])
    assert grade(list_of_rejected, tmp_path / "out.csv") == 1
    assert source.read_bytes() == before


def test_a_file_with_a_header_alone_has_nothing_to_grade(
    tmp_path: Path, graded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert grade(write_file(tmp_path / "rows.csv", []), graded) == 0
    assert capsys.readouterr().out == "0 rows graded, 0 rejected\n"
    assert read_file(graded) == []


def test_the_limits_come_from_the_protocol_file(
    tmp_path: Path, graded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    protocol = (
        Path("trial/protocol.toml").read_text(encoding="utf-8").replace("fever_c = 38.0", "fever_c = 38.5")
    )
    (tmp_path / "protocol.toml").write_text(protocol, encoding="utf-8")
    monkeypatch.setenv("PROTOCOL_FILE", str(tmp_path / "protocol.toml"))
    source = write_file(tmp_path / "rows.csv", [row(temperature_c="38.2")])
    assert grade(source, graded) == 0
    assert read_file(graded)[0]["crs_at_least"] == "0"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_long_file_shows_its_progress_on_a_terminal_and_nowhere_else(
    tmp_path: Path, graded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_file(tmp_path / "rows.csv", [row(patient_id=f"P{number}") for number in range(20_000)])
    seconds = iter(range(10_000))
    monkeypatch.setattr("commands.progress.monotonic", lambda: float(next(seconds)))
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert grade(source, graded) == 0
    assert "Reading [" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\033[K")
    quiet = io.StringIO()
    monkeypatch.setattr(sys, "stderr", quiet)
    assert grade(source, graded) == 0
    assert quiet.getvalue() == ""


def test_the_output_opens_with_the_csv_module_whatever_stands_in_it(tmp_path: Path, graded: Path) -> None:
    source = write_file(tmp_path / "rows.csv", [row(comment='=1+1, "x"\nnew line', temperature_c="38.6")])
    assert grade(source, graded) == 0
    with graded.open(encoding="utf-8", newline="") as stream:
        assert {len(cells) for cells in csv.reader(stream)} == {len(COLUMNS)}
    assert AT in graded.read_text(encoding="utf-8")
