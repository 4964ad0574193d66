"""Records stay as they were written: each guarded row is attacked on both engines."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from db import guards
from db.guards import GUARDS, Guard
from db.session import reading, writing
from tests.db.rows import NOW, ORDER, TABLES, everything

UNGUARDED = {
    "alert_assessment",
    "draft",
    "heartbeat",
    "last_look",
    "login_session",
    "one_time_code",
    "patient_day",
}
"""Tables whose rows may go: working state and what can be rebuilt."""


@pytest.fixture
def full(database: str) -> Iterator[Connection]:
    """A connection inside a transaction, with one row in every table."""
    with writing() as session:
        everything(session.connection())
        yield session.connection()
        session.rollback()


def refused(connection: Connection, statement: str) -> bool:
    """Whether a guard, and nothing else, refuses the statement."""
    savepoint = connection.begin_nested()
    try:
        connection.exec_driver_sql(statement)
    except IntegrityError as error:
        savepoint.rollback()
        return "is never" in str(error.orig)
    savepoint.rollback()
    return False


def test_every_table_is_guarded_or_named_as_working_state() -> None:
    assert set(TABLES) == set(GUARDS) | UNGUARDED
    assert not set(GUARDS) & UNGUARDED


def test_no_guarded_row_can_be_deleted(full: Connection) -> None:
    assert [table for table in GUARDS if not refused(full, f'DELETE FROM "{table}"')] == []


def test_no_column_of_an_append_only_row_can_change(full: Connection) -> None:
    tables = [table for table, guard in GUARDS.items() if guard is Guard.APPEND_ONLY]
    assert columns_that_change(full, tables) == []


def test_only_superseded_at_of_a_version_can_change(full: Connection) -> None:
    tables = [table for table, guard in GUARDS.items() if guard is Guard.UNTIL_SUPERSEDED]
    assert set(tables) == {name for name in TABLES if "superseded_at" in TABLES[name].columns}
    assert columns_that_change(full, tables) == [f"{table}.superseded_at" for table in tables]


def test_an_infusion_changes_only_to_its_next_version(full: Connection) -> None:
    assert columns_that_change(full, ["infusion"]) == []
    correction = {"version": 2, "entered_at": NOW, "weight_kg": 71.5, "lot": None}
    versions = TABLES["infusion_version"]
    (before,) = full.execute(TABLES["infusion"].select()).mappings()
    kept = {name: before[name] for name in before if name in versions.c and name != "id"}
    full.execute(versions.insert().values({**kept, **correction, "infusion_id": 1, "reason": "wrong bag"}))
    for wrong in ("weight_kg = 72", "weight_kg = 71.5, number = 2", "weight_kg = 71.5, lot = 'A'"):
        assert refused(full, f"UPDATE infusion SET version = 2, {wrong}")
    assert refused(full, "UPDATE infusion SET weight_kg = 71.5")
    full.execute(TABLES["infusion"].update().values(**correction))
    assert refused(full, "UPDATE infusion SET version = 3")


def columns_that_change(connection: Connection, tables: list[str]) -> list[str]:
    """The columns that an UPDATE to another value gets through to; NULL and a value both count."""
    changed = []
    for table in tables:
        for column in inspect(connection).get_columns(table):
            name = column["name"]
            now_null = connection.exec_driver_sql(f'SELECT "{name}" IS NULL FROM "{table}"').scalar_one()
            value = literal(str(column["type"])) if now_null else "NULL"
            value = "77" if name == "id" else value
            if not refused(connection, f'UPDATE "{table}" SET "{name}" = {value}'):
                changed.append(f"{table}.{name}")
    return changed


def literal(column_type: str) -> str:
    if "INT" in column_type or "FLOAT" in column_type or "DOUBLE" in column_type:
        return "1"
    if "BOOL" in column_type:
        return "true"
    return "'2026-03-02 09:00:00'"


def test_a_version_is_superseded_once_and_never_again(full: Connection) -> None:
    for table in ("assessment", "grade", "stay"):
        full.execute(TABLES[table].update().values(superseded_at=NOW))
        assert refused(full, f"UPDATE {table} SET superseded_at = NULL")
        assert refused(full, f"UPDATE {table} SET superseded_at = '2027-01-01 00:00:00'")


def test_a_version_cannot_be_superseded_and_changed_in_one_stroke(full: Connection) -> None:
    assert refused(full, "UPDATE assessment SET superseded_at = '2026-03-02 09:00:00', temperature_c = 37.5")


def test_kept_rows_may_change_as_their_actions_need(full: Connection) -> None:
    full.execute(TABLES["recipient"].update().values(valid_to=NOW))
    full.execute(TABLES["user"].update().values(is_active=False))
    full.execute(TABLES["delivery"].update().values(attempts=1))
    full.execute(TABLES["alert"].update().values(state="acknowledged"))
    full.execute(TABLES["patient"].update().values(lasting_findings="hypoxia"))


def test_working_state_may_be_deleted(full: Connection) -> None:
    for table in reversed(ORDER):
        if table in UNGUARDED:
            full.execute(TABLES[table].delete())


def test_postgresql_refuses_to_truncate(postgres_database: str) -> None:
    with writing() as session:
        connection = session.connection()
        everything(connection)
        assert [table for table in GUARDS if not refused(connection, f'TRUNCATE "{table}" CASCADE')] == []


def test_insert_or_replace_is_refused_with_our_connection(sqlite_database: str) -> None:
    with writing() as session:
        connection = session.connection()
        everything(connection)
        assert [table for table in GUARDS if not refused(connection, replace_of(table))] == []
        by_hash = (
            "INSERT OR REPLACE INTO audit_event (at, username, action, subject, detail, previous_hash, hash)"
            " SELECT at, 'x', action, subject, detail, previous_hash, hash FROM audit_event"
        )
        assert refused(connection, by_hash)


def test_insert_or_replace_is_refused_with_any_tool(sqlite_database: str) -> None:
    with writing() as session:
        everything(session.connection())
    other = sqlite3.connect(Path(sqlite_database.removeprefix("sqlite:///")))
    try:
        assert other.execute("PRAGMA recursive_triggers").fetchone() == (0,)
        for table in GUARDS:
            with pytest.raises(sqlite3.IntegrityError, match="is never replaced"):
                other.execute(replace_of(table))
    finally:
        other.close()


def replace_of(table: str) -> str:
    return f'INSERT OR REPLACE INTO "{table}" SELECT * FROM "{table}"'


def test_a_missing_trigger_is_noticed_and_comes_back(database: str) -> None:
    on = ' ON "audit_event"' if database.startswith("postgresql") else ""
    with writing() as session:
        connection = session.connection()
        assert guards.missing(connection) == []
        connection.execute(text(f"DROP TRIGGER guard_audit_event_update{on}"))
        assert guards.missing(connection) == ["guard_audit_event_update"]
        guards.install_all(connection)
        assert guards.missing(connection) == []


def test_a_switched_off_trigger_is_noticed(postgres_database: str) -> None:
    with writing() as session:
        session.connection().execute(text("ALTER TABLE assessment DISABLE TRIGGER guard_assessment_delete"))
    with reading() as session:
        assert guards.missing(session.connection()) == ["guard_assessment_delete"]


def test_reading_writes_nothing_on_postgresql(postgres_database: str) -> None:
    with pytest.raises(DBAPIError, match="read-only"), reading() as session:
        session.connection().execute(TABLES["heartbeat"].insert().values(name="x", at=NOW, detail=""))
