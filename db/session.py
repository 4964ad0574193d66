"""The connection to the database: one engine a process, `reading()` and `writing()` sessions.

SQLite runs with WAL, synchronous=FULL, foreign keys and recursive triggers on. A writing session takes
the write lock at its start on both engines, so that what it reads is still true when it commits, and so
that audit events follow each other in one chain. Keep sessions short; objects are detached afterwards.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

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


def configure(url: str, wait_s: float = WAIT_S) -> None:
    """Open the database of this process, instead of any other opened before.

    `wait_s` is how long a write waits for another process's write.
    """
    global _engines
    close()
    _engines = _Engines(make_engine(url, wait_s))


def close() -> None:
    """Close the connections of this process; `configure` opens a database again."""
    global _engines
    if _engines is not None:
        _engines.base.dispose()
    _engines = None


def make_engine(url: str, wait_s: float = WAIT_S) -> Engine:
    """An engine with this program's pragmas and time-outs, not yet connected."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite_engine(address, wait_s)
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
def writing() -> Iterator[Session]:
    """A session that commits at its end and rolls back on any error.

    Raises DatabaseBusy, DiskFull or DatabaseUnreachable (each a SaveRefused) when nothing could be saved.
    """
    with _sentences(), Session(_configured().writer, expire_on_commit=False) as session:
        take_write_lock(session.connection())
        yield session
        session.commit()


def _configured() -> _Engines:
    if _engines is None:
        raise RuntimeError("db.session.configure(url) was not called before the first session.")
    return _engines


def take_write_lock(connection: Connection) -> None:
    """Make this transaction the only one that writes, until its end; SQLite's BEGIN IMMEDIATE already did."""
    if connection.dialect.name == "postgresql":
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


def _sqlite_engine(address: URL, wait_s: float) -> Engine:
    made = create_engine(address, pool_size=10, max_overflow=40, connect_args={"timeout": wait_s})

    @event.listens_for(made, "connect")
    def _set_up(connection: sqlite3.Connection, _record: object) -> None:
        # The driver would begin transactions by itself, and only before some statements.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("vigil_writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return made
