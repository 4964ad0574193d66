"""The connection to the database: one engine a process, `reading()` and `writing()` sessions.

SQLite runs with WAL, synchronous=FULL, foreign keys and recursive triggers on. A writing session takes
the write lock at its start on both engines, so that what it reads is still true when it commits, and so
that audit events follow each other in one chain. Keep sessions short; objects are detached afterwards.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from failpoints import reach

WAIT_S: Final = 10.0
"""How long a write waits for another to finish before it is refused."""

_WRITE_LOCK: Final = 7_233_001  # any number that only this program locks
_UNREACHABLE_SQLSTATES: Final = ("08", "57P", "28", "3D")
_BUSY_SQLSTATES: Final = ("55P03", "40001", "40P01", "53300")
_FULL_SQLSTATES: Final = ("53100", "53200")


class SaveRefused(Exception):  # noqa: N818 -- a sentence for people, not a fault of the program
    """The database did not take a write; its text is the sentence to show. Nothing was saved."""


class DatabaseBusy(SaveRefused):
    """Another process holds the database."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing was saved: the database is busy with another entry. Wait a moment and save again."
        )


class DiskFull(SaveRefused):
    """There is no room left to write."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing was saved: the disk of the server is full. Keep this page open, "
            "write the values on paper, and call the administrator."
        )


class DatabaseUnreachable(SaveRefused):
    """The database does not answer, or its files cannot be written."""

    def __init__(self) -> None:
        super().__init__(
            "Nothing was saved: the database cannot be reached. Keep this page open, "
            "write the values on paper, and call the administrator."
        )


class DatabaseDamaged(SaveRefused):
    """The file is no database any more."""

    def __init__(self) -> None:
        super().__init__(
            "The database file is damaged. Stop Vigil, keep the file as it is, and call the administrator."
        )


class _Engines:
    """The engine of this process and its two ways of beginning a transaction."""

    def __init__(self, base: Engine) -> None:
        self.base = base
        self.reader: Engine = base
        if base.dialect.name == "postgresql":
            # One snapshot for a whole page, and no write can slip into a read.
            self.reader = base.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self.writer: Engine = base.execution_options(vigil_writing=True)


_engines: _Engines | None = None


def configure(url: str, wait_s: float = WAIT_S, *, only_reads: bool = False) -> None:
    """Open the database of this process, instead of any other opened before.

    `wait_s` is how long a write waits for another process's write; `only_reads` as in `make_engine`.
    """
    global _engines
    close()
    _engines = _Engines(make_engine(url, wait_s, only_reads=only_reads))


def close() -> None:
    """Close the connections of this process; `configure` opens a database again."""
    global _engines
    if _engines is not None:
        _engines.base.dispose()
    _engines = None


def make_engine(url: str, wait_s: float = WAIT_S, *, only_reads: bool = False) -> Engine:
    """An engine with this program's pragmas and time-outs, not yet connected.

    `only_reads` opens a SQLite file as it is, also one that cannot be written, and refuses every write.
    """
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite_engine(address, wait_s, only_reads)
    return create_engine(
        address.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        pool_size=10,
        max_overflow=40,
        connect_args={
            "connect_timeout": 10,
            "options": f"-c timezone=UTC -c lock_timeout={int(wait_s * 1000)}",
        },
    )


def engine() -> Engine:
    """The engine of this process; RuntimeError before `configure`."""
    return _configured().base


@contextmanager
def reading() -> Iterator[Session]:
    """A session that sees one state of the database and writes nothing. Close it before drawing."""
    with _sentences(), Session(_configured().reader, expire_on_commit=False) as session:
        yield session


@contextmanager
def writing(wait_s: float | None = None) -> Iterator[Session]:
    """A session that commits at its end and rolls back on any error.

    `wait_s` is how long to wait for another write at most, where that is less than usual.
    Raises DatabaseBusy, DiskFull or DatabaseUnreachable (each a SaveRefused) when nothing could be saved.
    """
    writer = _configured().writer
    if wait_s is not None:
        writer = writer.execution_options(vigil_wait_s=wait_s)
    with _sentences(), Session(writer, expire_on_commit=False) as session:
        take_write_lock(session.connection())
        yield session
        reach("session.before_commit")
        session.commit()
        reach("session.after_commit")


def _configured() -> _Engines:
    if _engines is None:
        raise RuntimeError("db.session.configure(url) was not called before the first session.")
    return _engines


def take_write_lock(connection: Connection) -> None:
    """Make this transaction the only one that writes, until its end; SQLite's BEGIN IMMEDIATE already did."""
    if connection.dialect.name == "postgresql":
        wait_s = connection.get_execution_options().get("vigil_wait_s")
        if wait_s is not None:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(wait_s * 1000)}")
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITE_LOCK})


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error


def refusal_of(error: Exception) -> SaveRefused | None:
    """The sentence for a busy, full or unreachable database; None for any other error."""
    if isinstance(error, PoolTimeout):
        return DatabaseBusy()
    cause = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(cause, sqlite3.Error):
        return _sqlite_refusal(cause)
    state = getattr(cause, "sqlstate", None)
    if isinstance(error, (OperationalError, InterfaceError)) and state is None:
        return DatabaseUnreachable()
    return _postgresql_refusal(str(state))


def _sqlite_refusal(cause: sqlite3.Error) -> SaveRefused | None:
    # The low byte is the kind of error; the rest says where it happened.
    kind = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DatabaseBusy()
    if kind == sqlite3.SQLITE_FULL:
        return DiskFull()
    if kind in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return DatabaseDamaged()
    if kind in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
        return DatabaseUnreachable()
    return None


def _postgresql_refusal(state: str) -> SaveRefused | None:
    if state.startswith(_BUSY_SQLSTATES):
        return DatabaseBusy()
    if state.startswith(_FULL_SQLSTATES):
        return DiskFull()
    if state.startswith(_UNREACHABLE_SQLSTATES):
        return DatabaseUnreachable()
    return None


def _sqlite_engine(address: URL, wait_s: float, only_reads: bool) -> Engine:
    place = _place_to_read(Path(str(address.database))) if only_reads else None
    more: dict[str, Any] = {"connect_args": {"timeout": wait_s}}
    if place is not None:
        more = {"creator": lambda: sqlite3.connect(place, wait_s, uri=True, check_same_thread=False)}
    made = create_engine(address, pool_size=10, max_overflow=40, **more)
    pragmas = ("query_only=ON",) if only_reads else ("journal_mode=WAL", "synchronous=FULL")

    @event.listens_for(made, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        # The driver would begin transactions by itself, and only before some statements.
        connection.isolation_level = None
        for pragma in (*pragmas, "foreign_keys=ON", "recursive_triggers=ON"):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        begin = "BEGIN IMMEDIATE" if options.get("vigil_writing", False) else "BEGIN"
        shorter = options.get("vigil_wait_s")
        if shorter is None:
            connection.exec_driver_sql(begin)
            return
        connection.exec_driver_sql(f"PRAGMA busy_timeout={int(min(shorter, wait_s) * 1000)}")
        try:
            connection.exec_driver_sql(begin)
        finally:
            # The next to use this connection waits as long as everybody.
            connection.exec_driver_sql(f"PRAGMA busy_timeout={int(wait_s * 1000)}")

    return made


def _place_to_read(path: Path) -> str:
    """The URI that opens a SQLite file for reading, whether or not it can be written.

    A file in WAL mode needs its log beside it, which cannot be made where nothing can be written. Where there
    is none, no process has the file open and it does not change; SQLite has to be told so.
    """
    place = f"file:{quote(str(path.resolve()))}"
    if os.access(path, os.W_OK) and os.access(path.resolve().parent, os.W_OK):
        return place
    return f"{place}?mode=ro" if path.with_name(f"{path.name}-wal").exists() else f"{place}?immutable=1"
