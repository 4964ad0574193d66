"""`manage.py verify` finds what was changed past the program, and says so in one line a check."""

import ctypes
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import manage
from actions import context
from actions.start import start_process
from actions.treatments import correct_treatment, record_treatment
from db import guards
from db import session as database
from db.inputs_treatment import TreatmentIn
from db.roles import SYSTEM
from db.session import writing
from settings import Settings, load_settings
from tests.support.databases import Filled, fill
from tests.support.made_up import WELL, assess, correct, enrol, infuse
from trial.protocol import load_protocol

NOW = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
ENTRIES: list[tuple[datetime, dict[str, Any]]] = [
    (NOW + timedelta(hours=4), {**WELL}),
    (NOW + timedelta(hours=8), {**WELL, "temperature_c": 38.6, "vasopressors": "norepinephrine"}),
    (NOW + timedelta(hours=30), {**WELL, "temperature_c": None, "ice_score": 8}),
]


def make_trial(url: str, folder: Path) -> None:
    """A short course on an empty database, one correction in it."""
    start_process(NOW, Settings(database_url=url, data_dir=folder))
    patient_id = enrol("CART-001", NOW)
    infusion_id = infuse(patient_id, 1, NOW)
    first, *_ = assess(patient_id, infusion_id, ENTRIES)
    correct(first, NOW + timedelta(hours=31), "typing error", temperature_c=37.2)
    database.close()


@contextmanager
def named(url: str, folder: Path) -> Iterator[str]:
    """The environment of a command on this database."""
    database.close()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DATABASE_URL", url)
        environment.setenv("DATA_DIR", str(folder))
        context.configure(load_settings(), load_protocol())
        yield url
    database.close()


@pytest.fixture(scope="module")
def filled_trial(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Filled[None]:
    """The short course to copy."""
    return fill(sqlite_template, tmp_path_factory.mktemp("trial"), make_trial)


@pytest.fixture
def sqlite_trial(filled_trial: Filled[None], sqlite_database: str, tmp_path: Path) -> Iterator[str]:
    """The short course on SQLite."""
    filled_trial.copy_to(sqlite_database)
    with named(sqlite_database, tmp_path) as url:
        yield url


@pytest.fixture
def postgres_trial(postgres_database: str, tmp_path: Path) -> Iterator[str]:
    """The short course on PostgreSQL."""
    make_trial(postgres_database, tmp_path)
    with named(postgres_database, tmp_path) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def trial(request: pytest.FixtureRequest) -> str:
    """The short course, once on each engine."""
    name = "sqlite_trial" if request.param == "sqlite" else "postgres_trial"
    return str(request.getfixturevalue(name))


def verify(capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit status, output, error output."""
    status = manage.main(["verify"])
    said = capsys.readouterr()
    return status, said.out, said.err


def tamper(url: str, *statements: str, table: str) -> None:
    """Change rows past the guards, which are put back afterwards."""
    database.configure(url)
    on = f' ON "{table}"' if url.startswith("postgresql") else ""
    with writing() as session:
        connection = session.connection()
        for name in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS guard_{table}_{name}{on}"))
        for statement in statements:
            connection.execute(text(statement))
        if table in guards.GUARDS:
            guards.install(connection, table)
    database.close()


def test_a_whole_database_passes(trial: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = verify(capsys)
    assert status == 0, out
    lines = out.splitlines()
    assert all(line.startswith("ok     ") for line in lines[:-1])
    assert lines[-1] == "Everything is as it was written."
    assert any("grades: 6 rebuilt and compared" in line for line in lines)
    assert any("screenings: 0 versions judged again, 0 signatures compared" in line for line in lines)
    assert any("patient days: 4 rebuilt and compared" in line for line in lines)
    assert any("integrity_check" in line for line in lines) == trial.startswith("sqlite")


@pytest.mark.parametrize(
    ("table", "statement", "line", "finding"),
    [
        (
            "audit_event",
            "UPDATE audit_event SET detail = '{\"a\": 1}' WHERE id = 2",
            "FAILED audit trail: 1 events, then the chain breaks",
            "event 2 is not what was written, or one before it is gone",
        ),
        (
            "grade",
            "UPDATE grade SET grade = 2, at_least = 2, at_most = 2"
            " WHERE scale = 'crs' AND at_least = 3 AND superseded_at IS NULL",
            "FAILED grades: 6 rebuilt and compared",
            "CART-001, infusion 1, 2026-03-02 16:00: CRS grade is stored as 2, rebuilt 3",
        ),
        (
            "grade",
            "DELETE FROM grade WHERE scale = 'icans' AND at_least = 1",
            "FAILED grades: 6 rebuilt and compared",
            "CART-001, infusion 1, 2026-03-03 14:00: ICANS has no stored grade",
        ),
        (
            "grade",
            "UPDATE grade SET settings_hash = 'unknown' WHERE scale = 'icans' AND at_least = 1",
            "FAILED grades: 6 rebuilt and compared",
            "ICANS was graded under protocol unknown, which is not stored",
        ),
        (
            "assessment",
            "UPDATE assessment SET vasopressors = 'none' WHERE vasopressors = 'norepinephrine'",
            "FAILED grades: 6 rebuilt and compared",
            "CRS grade is stored as 3, rebuilt 1",
        ),
        (
            "patient_day",
            "UPDATE patient_day SET worst_at_least = 2 WHERE worst_at_least = 3",
            "FAILED patient days: 4 rebuilt and compared",
            "CART-001, infusion 1, 2026-03-02, CRS: not what its grades give",
        ),
        (
            "patient_day",
            "DELETE FROM patient_day WHERE worst_at_least = 3",
            "FAILED patient days: 4 rebuilt and compared",
            "CART-001, infusion 1, 2026-03-02, CRS: not what its grades give",
        ),
        (
            "infusion",
            "UPDATE infusion SET weight_kg = 99",
            "FAILED infusions: 1 compared with their versions",
            "CART-001, infusion 1: not what its newest version says",
        ),
        (
            "infusion_version",
            "UPDATE infusion_version SET infused_at = '2026-03-01 00:00:00.000000'",
            "FAILED infusions: 1 compared with their versions",
            "CART-001, infusion 1: not what its newest version says",
        ),
        (
            "infusion_version",
            "INSERT INTO infusion_version (infusion_id, version, infused_at, reason, entered_at)"
            " SELECT infusion_id, 2, infused_at, 'x', entered_at FROM infusion_version",
            "FAILED infusions: 1 compared with their versions",
            "CART-001, infusion 1: not what its newest version says",
        ),
        (
            "alert",
            "UPDATE alert SET state = 'closed', ended_reason = 'recovered', closed_at = opened_at",
            "FAILED alerts: those of 1 infusions compared with their grades",
            "CART-001, infusion 1: alert A-0001 ought to be open, grade 3 CRS",
        ),
        (
            "alert",
            "UPDATE alert SET level = 4",
            "FAILED alerts: those of 1 infusions compared with their grades",
            "CART-001, infusion 1: alert A-0001 ought to be open, grade 3 CRS",
        ),
        (
            "alert",
            "UPDATE alert SET slot = 'icans'",
            "FAILED alerts: those of 1 infusions compared with their grades",
            "CART-001, infusion 1: grade 3 CRS has no alert",
        ),
    ],
)
def test_what_was_changed_past_the_program_is_found(
    sqlite_trial: str,
    capsys: pytest.CaptureFixture[str],
    table: str,
    statement: str,
    line: str,
    finding: str,
) -> None:
    tamper(sqlite_trial, statement, table=table)
    status, out, _ = verify(capsys)
    assert status == 1
    assert line in out
    assert finding in out


def test_the_same_is_found_on_postgresql(postgres_trial: str, capsys: pytest.CaptureFixture[str]) -> None:
    tamper(postgres_trial, "UPDATE audit_event SET username = 'x' WHERE id = 2", table="audit_event")
    tamper(postgres_trial, "UPDATE grade SET reasons = 'x' WHERE superseded_at IS NULL", table="grade")
    tamper(postgres_trial, "DELETE FROM patient_day", table="patient_day")
    tamper(postgres_trial, "UPDATE infusion SET weight_kg = 99", table="infusion")
    tamper(postgres_trial, "UPDATE alert SET level = 4", table="alert")
    status, out, _ = verify(capsys)
    assert (status, out.count("FAILED"), out.splitlines()[-1]) == (1, 5, "5 checks failed.")


def test_an_acknowledgement_that_has_lapsed_is_the_workers_business(
    trial: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper(trial, "UPDATE alert SET state = 'acknowledged'", table="alert")
    status, out, _ = verify(capsys)
    assert status == 0, out


@pytest.mark.parametrize("with_log", [False, True])
def test_a_copy_that_cannot_be_written_is_verified(sqlite_trial: str, with_log: bool) -> None:
    """As somebody who may only read: for root no file is read-only."""
    source = Path(sqlite_trial.removeprefix("sqlite:///"))
    with tempfile.TemporaryDirectory(dir="/tmp") as name, closing(sqlite3.connect(source)) as other:
        folder = Path(name) / "a copy #1, 100%"
        folder.mkdir()
        if with_log:
            other.execute("UPDATE heartbeat SET detail = detail")
            other.execute("CREATE TABLE in_the_log (a)")
            other.commit()
        else:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        kept = [one for one in source.parent.glob(f"{source.name}*") if with_log or one == source]
        for one in kept:
            (folder / one.name).write_bytes(one.read_bytes())
            (folder / one.name).chmod(0o444)
        folder.chmod(0o555)
        Path(name).chmod(0o755)
        done = verify_as_a_reader(folder / source.name)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert sorted(one.name for one in folder.iterdir()) == sorted(one.name for one in kept)
        folder.chmod(0o755)


def verify_as_a_reader(path: Path) -> subprocess.CompletedProcess[str]:
    """The command in a process that may not write the file, whoever runs this test."""
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{path}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, manage.__file__, "verify"]
    return subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=obey_modes if os.geteuid() == 0 else None,
    )


def obey_modes() -> None:
    """Make root obey the modes of files from the next program on."""
    drop_from_bounding_set, dac_override = 24, 1
    ctypes.CDLL(None).prctl(drop_from_bounding_set, dac_override, 0, 0, 0)


def test_verifying_leaves_the_journal_of_a_copy_as_it_is(
    sqlite_trial: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(sqlite_trial.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
    before = path.read_bytes()
    assert verify(capsys)[0] == 0
    assert path.read_bytes() == before


def test_grades_by_earlier_rules_are_named_and_kept(
    sqlite_trial: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper(
        sqlite_trial,
        "UPDATE grade SET ruleset = 'rules 0.9', reasons = 'x' WHERE scale = 'icans'",
        table="grade",
    )
    status, out, _ = verify(capsys)
    assert status == 0
    assert "grades: 6 rebuilt and compared (3 by earlier rules, kept as they are)" in out


def test_a_missing_trigger_is_found(trial: str, capsys: pytest.CaptureFixture[str]) -> None:
    database.configure(trial)
    on = " ON assessment" if trial.startswith("postgresql") else ""
    with writing() as session:
        session.execute(text(f"DROP TRIGGER guard_assessment_delete{on}"))
    status, out, _ = verify(capsys)
    assert status == 1
    assert "guard_assessment_delete is missing" in out


def test_a_standing_grade_of_an_old_version_is_found(
    sqlite_trial: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper(
        sqlite_trial,
        "UPDATE grade SET superseded_at = NULL WHERE assessment_id IN"
        " (SELECT id FROM assessment WHERE superseded_at IS NOT NULL)",
        table="grade",
    )
    status, out, _ = verify(capsys)
    assert status == 1
    assert "no longer counts and still has a grade" in out


def test_a_version_that_is_gone_is_found(sqlite_trial: str, capsys: pytest.CaptureFixture[str]) -> None:
    database.close()
    with closing(sqlite3.connect(sqlite_trial.removeprefix("sqlite:///"))) as other:
        for name in ("delete", "update"):
            other.execute(f"DROP TRIGGER guard_assessment_{name}")
        other.execute("DELETE FROM assessment WHERE superseded_at IS NOT NULL")
        other.commit()
    status, out, _ = verify(capsys)
    assert status == 1
    assert "FAILED versions: numbered without a gap" in out
    assert "row 4 of assessment points at no row of assessment" in out


def give_steroid(url: str, hours: float) -> None:
    """A steroid recorded as a treatment, with a correction, so many hours after the infusion."""
    database.configure(url)
    typed = {
        "patient_id": "CART-001",
        "drug": "dexamethasone",
        "giving": "once",
        "dose": 10,
        "dose_unit": "mg",
    }
    entry = TreatmentIn.model_validate(typed | {"started_at": NOW + timedelta(hours=hours)})
    later = NOW + timedelta(days=3)
    saved = record_treatment(entry, by=SYSTEM, now=later)
    corrected = entry.model_copy(update={"dose": 8.0})
    correct_treatment(saved.stable_id, 1, corrected, "read again", by=SYSTEM, now=later)
    database.close()


def test_grades_are_rebuilt_with_the_treatments(
    sqlite_trial: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A day after the last sign the course would have closed, were it not for the steroid."""
    database.configure(sqlite_trial)
    assess(1, 1, [(NOW + timedelta(hours=40), WELL)])
    database.close()
    give_steroid(sqlite_trial, 20)
    assert verify(capsys)[0] == 0
    tamper(
        sqlite_trial,
        "UPDATE treatment SET drug = 'levetiracetam' WHERE superseded_at IS NULL",
        table="treatment",
    )
    status, out, _ = verify(capsys)
    assert status == 1
    assert "CRS course_open is stored as True, rebuilt False" in out


def test_a_version_of_a_record_that_is_gone_is_found(
    sqlite_trial: str, capsys: pytest.CaptureFixture[str]
) -> None:
    give_steroid(sqlite_trial, 10)
    tamper(sqlite_trial, "DELETE FROM treatment WHERE version = 1", table="treatment")
    status, out, _ = verify(capsys)
    assert status == 1
    assert "treatment " in out.split("FAILED versions: numbered without a gap, one current", 1)[1]


def test_a_damaged_file_is_found(sqlite_trial: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(sqlite_trial.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page, size = other.execute(
            "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master"
            " WHERE name = 'ix_assessment_infusion_id'"
        ).fetchone()
    data = bytearray(path.read_bytes())
    data[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(data)
    status, out, err = verify(capsys)
    assert status == 1
    assert "FAILED database file: integrity_check" in out or "damaged" in err


def test_a_file_that_is_not_there_is_not_created(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    status, _, err = verify(capsys)
    assert status == 1
    assert err == f"There is no database at {tmp_path}/vigil.db; `make run` creates one.\n"
    assert list(tmp_path.iterdir()) == []


def test_verifying_writes_nothing(sqlite_trial: str, capsys: pytest.CaptureFixture[str]) -> None:
    def dump() -> list[str]:
        with closing(sqlite3.connect(sqlite_trial.removeprefix("sqlite:///"))) as other:
            return list(other.iterdump())

    before = dump()
    verify(capsys)
    assert dump() == before


def test_a_wrong_setting_gets_its_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SITE_TIMEZONE", "Mars/Olympus")
    status, _, err = verify(capsys)
    assert status == 1
    assert err.startswith("SITE_TIMEZONE must be a time zone's name")
