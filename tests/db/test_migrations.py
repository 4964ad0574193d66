"""A migration loses no row, no CHECK and no trigger, and is kept whole or not at all."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, make_url, text
from sqlalchemy.exc import IntegrityError

from db import guards
from db.columns import Record
from db.migrate import SCRIPTS, MigrationError, current_revision, require_current, upgrade
from db.session import close, configure, make_engine, writing
from tests.db.rows import NOW, TABLES, add, everything

HEAD = max(path.name.split("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*.py"))
NEXT = "9999"
REVISION = f"""
import sqlalchemy as sa
from alembic import op
from db.migrations.helpers import altering

revision = "{NEXT}"
down_revision = "{HEAD}"


def upgrade() -> None:
    BODY
"""
REBUILT = ("assessment", "patient", "audit_event", "alert")
"""Tables that the test migration builds anew: parents with children, and guarded ones."""


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """A migrated database that is not opened by `db.session`."""
    close()
    made = make_engine(database)
    yield made
    made.dispose()


@pytest.fixture
def migrated_url(sqlite_database: str) -> str:
    """A migrated SQLite database that nobody has open."""
    close()
    return sqlite_database


def scripts_with(tmp_path: Path, body: str) -> Path:
    """A copy of the revisions with one more after the newest."""
    folder = tmp_path / "migrations"
    shutil.copytree(SCRIPTS, folder)
    (folder / "versions" / f"{NEXT}_test.py").write_text(REVISION.replace("BODY", body))
    return folder


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def fill(engine: Engine) -> None:
    with engine.begin() as connection:
        everything(connection)


def row_counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in TABLES
        }


def checks(engine: Engine) -> dict[str, dict[str, str]]:
    found = inspect(engine)
    return {
        table: {str(check["name"]): check["sqltext"] for check in found.get_check_constraints(table)}
        for table in TABLES
    }


def test_a_migrated_database_has_exactly_the_tables_of_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Record.metadata) == []


def test_a_migrated_database_has_exactly_the_checks_of_the_models(engine: Engine) -> None:
    migrated = checks(engine)
    Record.metadata.drop_all(engine)
    Record.metadata.create_all(engine)
    assert checks(engine) == migrated
    assert sum(len(of_table) for of_table in migrated.values()) > 80


def test_every_guard_stands_after_a_migration(engine: Engine) -> None:
    with engine.connect() as connection:
        assert guards.missing(connection) == []


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    fill(engine)
    before = row_counts(engine)
    upgrade(url_of(engine))
    assert row_counts(engine) == before
    assert current_revision(engine) == HEAD


def test_rows_checks_and_triggers_survive_a_table_that_is_built_anew(engine: Engine, tmp_path: Path) -> None:
    fill(engine)
    before, checks_before = row_counts(engine), checks(engine)
    body = "".join(
        f'with altering("{table}") as batch:\n        batch.add_column(sa.Column("added", sa.String()))\n    '
        for table in REBUILT
    )
    upgrade(url_of(engine), scripts_with(tmp_path, body))
    assert current_revision(engine) == NEXT
    assert row_counts(engine) == before
    assert checks(engine) == checks_before
    with engine.begin() as connection:
        assert guards.missing(connection) == []
        assert {column["name"] for column in inspect(connection).get_columns("assessment")} >= {"added"}
        for table in REBUILT:
            with pytest.raises(IntegrityError, match="is never deleted"), connection.begin_nested():
                connection.execute(text(f'DELETE FROM "{table}"'))


def test_the_new_column_of_a_version_is_guarded_too(engine: Engine, tmp_path: Path) -> None:
    fill(engine)
    body = 'with altering("assessment") as batch:\n        batch.add_column(sa.Column("added", sa.String()))'
    upgrade(url_of(engine), scripts_with(tmp_path, body))
    with pytest.raises(IntegrityError, match="is never changed"), engine.begin() as connection:
        connection.execute(text("UPDATE assessment SET added = 'x'"))


def test_partial_unique_indexes_survive_a_table_that_is_built_anew(engine: Engine, tmp_path: Path) -> None:
    fill(engine)
    body = 'with altering("alert") as batch:\n        batch.alter_column("signal", type_=sa.Text())'
    upgrade(url_of(engine), scripts_with(tmp_path, body))
    with pytest.raises(IntegrityError), engine.begin() as connection:
        add(connection, "alert")
    with engine.begin() as connection:
        connection.execute(TABLES["alert"].update().values(state="closed", closed_at=NOW, ended_reason="x"))
        add(connection, "alert")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('op.execute("DELETE FROM heartbeat")', "heartbeat had 1 rows and would have kept 0"),
        ('op.drop_table("draft")', "draft had 1 rows and would have kept 0"),
    ],
)
def test_a_migration_that_loses_rows_is_taken_back(
    engine: Engine, tmp_path: Path, body: str, sentence: str
) -> None:
    fill(engine)
    before = row_counts(engine)
    with pytest.raises(MigrationError, match=sentence):
        upgrade(url_of(engine), scripts_with(tmp_path, body))
    assert row_counts(engine) == before
    assert current_revision(engine) == HEAD


def test_a_migration_that_leaves_a_row_pointing_at_nothing_is_taken_back(
    migrated_url: str, tmp_path: Path
) -> None:
    made = make_engine(migrated_url)
    fill(made)
    body = 'op.execute("UPDATE draft SET infusion_id = 77")'
    with pytest.raises(MigrationError, match="1 rows would point at nothing"):
        upgrade(migrated_url, scripts_with(tmp_path, body))
    with made.connect() as connection:
        assert connection.execute(text("SELECT infusion_id FROM draft")).scalar_one() == 1
    made.dispose()


def test_a_migration_that_fails_half_way_leaves_everything_as_it_was(engine: Engine, tmp_path: Path) -> None:
    body = 'op.add_column("draft", sa.Column("a", sa.String()))\n    op.execute("SELECT no_such_thing")'
    with pytest.raises(MigrationError, match="Nothing was changed"):
        upgrade(url_of(engine), scripts_with(tmp_path, body))
    assert "a" not in {column["name"] for column in inspect(engine).get_columns("draft")}
    assert current_revision(engine) == HEAD


def test_the_sqlite_file_is_copied_before_it_is_changed(migrated_url: str, tmp_path: Path) -> None:
    path = Path(migrated_url.removeprefix("sqlite:///"))
    copy = path.with_name(f"{path.name}.before-{HEAD}")
    assert not copy.exists()
    made = make_engine(migrated_url)
    fill(made)
    upgrade(migrated_url, scripts_with(tmp_path, 'op.add_column("draft", sa.Column("a", sa.String()))'))
    made.dispose()
    with closing(sqlite3.connect(copy)) as before:
        assert before.execute("SELECT count(*) FROM assessment").fetchone() == (1,)
        assert before.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '8888'"))
    with pytest.raises(MigrationError, match="newer version of Vigil"):
        upgrade(url_of(engine))
    assert current_revision(engine) == "8888"


def test_a_database_of_an_earlier_version_can_be_told_from_a_current_one(
    engine: Engine, tmp_path: Path
) -> None:
    require_current(url_of(engine))
    with pytest.raises(MigrationError, match="earlier version"):
        require_current(url_of(engine), scripts_with(tmp_path, "pass"))


def test_two_processes_may_migrate_at_once(engine_url: str) -> None:
    program = "import sys; from db.migrate import upgrade; upgrade(sys.argv[1])"
    command = [sys.executable, "-c", program, engine_url]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate()[1] for process in both]
    assert ([process.returncode for process in both], errors) == ([0, 0], ["", ""])


def test_a_folder_that_cannot_be_made_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(MigrationError, match="folder of the database cannot be used"):
        upgrade(f"sqlite:///{tmp_path}/file/vigil.db")


def test_a_full_disk_gets_a_sentence(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=0))
    Path(str(make_url(sqlite_url).database)).write_bytes(b"what a full disk left" * 100)
    with pytest.raises(MigrationError, match=r"The disk that holds .* is full\. Make room"):
        upgrade(sqlite_url)


def test_foreign_keys_hold_again_after_a_migration(sqlite_url: str) -> None:
    upgrade(sqlite_url)
    configure(sqlite_url)
    with pytest.raises(IntegrityError), writing() as session:
        add(session.connection(), "infusion", patient_id=99)


def test_nobody_but_the_owner_can_read_a_new_database_or_its_copy(sqlite_url: str, tmp_path: Path) -> None:
    upgrade(sqlite_url)
    upgrade(sqlite_url, scripts_with(tmp_path, "pass"))
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    made = make_engine(sqlite_url)
    with made.begin() as connection:
        everything(connection)
        files = [file for file in path.parent.iterdir() if file.is_file()]
        assert {file.suffix for file in files} >= {".db", ".db-wal", ".db-shm", f".before-{HEAD}"}
        assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}
    made.dispose()
