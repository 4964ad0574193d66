"""Bring a database to the tables of this version, without losing a row.

SQLite is migrated with foreign keys off (a table that is built anew would take its children with it),
after a copy of the file was laid beside it. All revisions run in one transaction that is kept only when
every foreign key still points at something and no table has fewer rows than before.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, event, inspect
from sqlalchemy.exc import DBAPIError

from db import guards
from db.session import make_engine, take_write_lock

SCRIPTS: Final = Path(__file__).parent / "migrations"

_LEAST_ROOM: Final = 100_000  # bytes; the log of one write needs some
_OWNER_ONLY = 0o600  # SQLite gives its log files the mode of the database
_KEPT_AS_IT_WAS = (
    "The database was left as it was. Report this; start the earlier version of Vigil meanwhile."
)


class MigrationError(Exception):
    """The database could not be brought to this version; its text is the sentence to show."""


def upgrade(url: str, scripts: Path = SCRIPTS) -> None:
    """Create the tables or bring them to this version; a database that is current is left alone.

    Raises MigrationError with a sentence, and leaves everything as it was.
    """
    made = make_engine(url)
    try:
        with _explained(_sqlite_file(made)):
            _upgrade(made, scripts)
    finally:
        made.dispose()


def _upgrade(made: Engine, scripts: Path) -> None:
    path = _sqlite_file(made)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=_OWNER_ONLY)
    before = current_revision(made)
    if before == _newest(scripts, before):
        return
    if path is not None and before is not None:
        _copy(path, path.with_name(f"{path.name}.before-{before}"))
    with _migrating(made) as connection:
        rows = _row_counts(connection)
        _run(connection, scripts)
        guards.install_all(connection)
        _refuse_loss(connection, rows)


def require_current(url: str, scripts: Path = SCRIPTS) -> None:
    """Check that a database has this version's tables; MigrationError with a sentence when it has not."""
    made = make_engine(url, only_reads=True)
    try:
        with _explained(_sqlite_file(made)):
            before = current_revision(made)
            if before != _newest(scripts, before):
                raise MigrationError("The database is of an earlier version. Start Vigil once to update it.")
    finally:
        made.dispose()


def current_revision(made: Engine) -> str | None:
    """The revision a database is at; None when it is empty."""
    with made.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _newest(scripts: Path, before: str | None) -> str | None:
    directory = ScriptDirectory(str(scripts))
    known = {script.revision for script in directory.walk_revisions()}
    if before is not None and before not in known:
        raise MigrationError(
            f"This database was made by a newer version of Vigil (revision {before}). "
            "Start that version again; nothing was changed."
        )
    return directory.get_current_head()


@contextmanager
def _migrating(made: Engine) -> Iterator[Connection]:
    """One write transaction with foreign keys off; a pragma inside it would have no effect."""
    made.dispose()  # connections opened so far have foreign keys on

    if made.dialect.name == "sqlite":

        @event.listens_for(made, "connect")
        def _no_foreign_keys(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute("PRAGMA foreign_keys=OFF").fetchall()

    with made.execution_options(vigil_writing=True).begin() as connection:
        take_write_lock(connection)
        yield connection


def _run(connection: Connection, scripts: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _row_counts(connection: Connection) -> dict[str, int]:
    quote = connection.dialect.identifier_preparer.quote
    tables = inspect(connection).get_table_names()
    return {
        table: connection.exec_driver_sql(f"SELECT count(*) FROM {quote(table)}").scalar_one()
        for table in tables
        if table != "alembic_version"
    }


def _refuse_loss(connection: Connection, before: dict[str, int]) -> None:
    after = _row_counts(connection)
    for table, rows in before.items():
        kept = after.get(table, 0)
        if kept < rows:
            raise MigrationError(f"{table} had {rows} rows and would have kept {kept}. {_KEPT_AS_IT_WAS}")
    if connection.dialect.name == "sqlite":
        orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if orphans:
            raise MigrationError(f"{len(orphans)} rows would point at nothing. {_KEPT_AS_IT_WAS}")


def _sqlite_file(made: Engine) -> Path | None:
    return Path(str(made.url.database)) if made.dialect.name == "sqlite" else None


def _copy(path: Path, beside: Path) -> None:
    beside.touch(mode=_OWNER_ONLY)
    # The backup interface includes what still stands in the write-ahead log; a plain copy may not.
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(beside)) as target:
        source.backup(target)


@contextmanager
def _explained(path: Path | None) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if path is not None and _is_full(path.parent):
            sentence = f"The disk that holds {path} is full. Make room and start again; nothing was changed."
            raise MigrationError(sentence) from error
        reason = (str(error.orig).strip().splitlines() or ["no reason given"])[0]
        raise MigrationError(
            f"The database could not be opened or brought to this version: {reason}. Nothing was changed."
        ) from error
    except OSError as error:
        raise MigrationError(
            f"The folder of the database cannot be used: {error.strerror or error} ({error.filename}). "
            "Let Vigil write there, or choose another folder with DATA_DIR."
        ) from error


def _is_full(folder: Path) -> bool:
    """Whether there is no room left; SQLite says "disk I/O error" then as often as "full"."""
    try:
        return shutil.disk_usage(folder).free < _LEAST_ROOM
    except OSError:
        return False
