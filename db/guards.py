"""Triggers that keep records as they were written, on SQLite and PostgreSQL.

`GUARDS` says for each table how far a row may still change; no guarded row is ever deleted, replaced
or truncated. `install` brings a table's triggers to this policy and can be repeated. What a trigger
refuses arrives as IntegrityError.
"""

from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

from sqlalchemy import Connection, inspect

_UNSAID: Final = "changed without its next version"


class Guard(Enum):
    """How far a row may change once it is there."""

    APPEND_ONLY = auto()
    UNTIL_SUPERSEDED = auto()
    """Only `superseded_at` may be set, and only once."""
    VERSIONED = auto()
    """Changes only to the values of its next version, which is written first (`infusion_version`)."""
    KEPT = auto()
    """May be updated, never deleted."""


GUARDS: Final[dict[str, Guard]] = {
    "audit_event": Guard.APPEND_ONLY,
    "infusion_version": Guard.APPEND_ONLY,
    "skipped_assessment": Guard.APPEND_ONLY,
    "notice": Guard.APPEND_ONLY,
    "delivery_attempt": Guard.APPEND_ONLY,
    "acknowledgement": Guard.APPEND_ONLY,
    "silence": Guard.APPEND_ONLY,
    "receipt": Guard.APPEND_ONLY,
    "protocol_version": Guard.APPEND_ONLY,
    "signature": Guard.APPEND_ONLY,
    "gate_judgement": Guard.APPEND_ONLY,
    "bar_release": Guard.APPEND_ONLY,
    "sae_report": Guard.APPEND_ONLY,
    "sae_notification": Guard.APPEND_ONLY,
    "sae_notification_withdrawal": Guard.APPEND_ONLY,
    "committee_decision": Guard.APPEND_ONLY,
    "committee_review": Guard.APPEND_ONLY,
    "review_comment": Guard.APPEND_ONLY,
    "ward_question": Guard.APPEND_ONLY,
    "ward_question_step": Guard.APPEND_ONLY,
    "report": Guard.APPEND_ONLY,
    "report_file": Guard.APPEND_ONLY,
    "assessment": Guard.UNTIL_SUPERSEDED,
    "grade": Guard.UNTIL_SUPERSEDED,
    "stay": Guard.UNTIL_SUPERSEDED,
    "screening": Guard.UNTIL_SUPERSEDED,
    "response_assessment": Guard.UNTIL_SUPERSEDED,
    "ctdna_result": Guard.UNTIL_SUPERSEDED,
    "treatment": Guard.UNTIL_SUPERSEDED,
    "lab_result": Guard.UNTIL_SUPERSEDED,
    "visit": Guard.UNTIL_SUPERSEDED,
    "follow_up_event": Guard.UNTIL_SUPERSEDED,
    "adverse_event": Guard.UNTIL_SUPERSEDED,
    "user": Guard.KEPT,
    "recipient": Guard.KEPT,
    "patient": Guard.KEPT,
    "infusion": Guard.VERSIONED,
    "alert": Guard.KEPT,
    "delivery": Guard.KEPT,
}


def install_all(connection: Connection) -> None:
    """Bring the triggers of every guarded table that this database has to the policy."""
    standing = set(inspect(connection).get_table_names())
    for table in GUARDS:
        if table in standing:
            install(connection, table)


def install(connection: Connection, table: str) -> None:
    """Bring one table's triggers to the policy, whatever stood there before."""
    statements = _sqlite if connection.dialect.name == "sqlite" else _postgresql
    for statement in statements(connection, table, GUARDS[table]):
        connection.exec_driver_sql(statement)


def _sqlite(connection: Connection, table: str, guard: Guard) -> Iterator[str]:
    for event in ("insert", "update", "delete"):
        yield f'DROP TRIGGER IF EXISTS "guard_{table}_{event}"'
    yield _sqlite_trigger(table, "delete", "", "deleted")
    # INSERT OR REPLACE deletes without any delete trigger where recursive_triggers is off,
    # as it is in a tool that opens the file by itself.
    taken = f'EXISTS (SELECT 1 FROM "{table}" AS old WHERE old.id = NEW.id)'
    yield _sqlite_trigger(table, "insert", f"WHEN {taken}", "replaced")
    if guard is Guard.APPEND_ONLY:
        yield _sqlite_trigger(table, "update", "", "changed")
    if guard is Guard.UNTIL_SUPERSEDED:
        yield _sqlite_trigger(
            table, "update", f"WHEN {_sqlite_more_than_superseded(connection, table)}", "changed"
        )
    if guard is Guard.VERSIONED:
        yield _sqlite_trigger(table, "update", f"WHEN NOT ({_is_next_version(connection, table)})", _UNSAID)


def _is_next_version(connection: Connection, table: str) -> str:
    """SQL: NEW differs from OLD only by the next version, with every value as that version has it."""
    same = "IS" if connection.dialect.name == "sqlite" else "IS NOT DISTINCT FROM"
    versions = {column["name"] for column in inspect(connection).get_columns(f"{table}_version")}
    names = [column["name"] for column in inspect(connection).get_columns(table)]
    own = [f'NEW."{name}" {same} OLD."{name}"' for name in names if name == "id" or name not in versions]
    told = [f'told."{name}" {same} NEW."{name}"' for name in names if name != "id" and name in versions]
    wanted = " AND ".join([f"told.{table}_id = NEW.id", *told])
    found = f"EXISTS (SELECT 1 FROM {table}_version AS told WHERE {wanted})"
    return " AND ".join([*own, "NEW.version = OLD.version + 1", found])


def _sqlite_trigger(table: str, event: str, condition: str, done: str) -> str:
    return (
        f'CREATE TRIGGER "guard_{table}_{event}" BEFORE {event.upper()} ON "{table}" {condition} '
        f"BEGIN SELECT RAISE(ABORT, 'a row of {table} is never {done}'); END"
    )


def _sqlite_more_than_superseded(connection: Connection, table: str) -> str:
    names = [column["name"] for column in inspect(connection).get_columns(table)]
    changed = [f'OLD."{name}" IS NOT NEW."{name}"' for name in names if name != "superseded_at"]
    return " OR ".join(["OLD.superseded_at IS NOT NULL", *changed])


_POSTGRESQL_REFUSE = """
CREATE OR REPLACE FUNCTION guard_refuse() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'integrity_constraint_violation',
        MESSAGE = 'a row of ' || TG_TABLE_NAME || ' is never '
            || CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END;
END
$body$"""

_POSTGRESQL_SUPERSEDE = """
CREATE OR REPLACE FUNCTION guard_supersede() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF OLD.superseded_at IS NOT NULL
       OR to_jsonb(NEW) - 'superseded_at' <> to_jsonb(OLD) - 'superseded_at' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'a row of ' || TG_TABLE_NAME || ' is never changed';
    END IF;
    RETURN NEW;
END
$body$"""


def _postgresql_next_version(connection: Connection, table: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION guard_{table}_next_version() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF NOT ({_is_next_version(connection, table)}) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'integrity_constraint_violation',
            MESSAGE = 'a row of {table} is never {_UNSAID}';
    END IF;
    RETURN NEW;
END
$body$"""


def _postgresql(connection: Connection, table: str, guard: Guard) -> Iterator[str]:
    yield _POSTGRESQL_REFUSE
    yield _POSTGRESQL_SUPERSEDE
    for event in ("update", "delete", "truncate"):
        yield f'DROP TRIGGER IF EXISTS "guard_{table}_{event}" ON "{table}"'
    yield _postgresql_trigger(table, "delete", "ROW", "guard_refuse")
    yield _postgresql_trigger(table, "truncate", "STATEMENT", "guard_refuse")
    if guard is Guard.APPEND_ONLY:
        yield _postgresql_trigger(table, "update", "ROW", "guard_refuse")
    if guard is Guard.UNTIL_SUPERSEDED:
        yield _postgresql_trigger(table, "update", "ROW", "guard_supersede")
    if guard is Guard.VERSIONED:
        yield _postgresql_next_version(connection, table)
        yield _postgresql_trigger(table, "update", "ROW", f"guard_{table}_next_version")


def _postgresql_trigger(table: str, event: str, each: str, function: str) -> str:
    return (
        f'CREATE TRIGGER "guard_{table}_{event}" BEFORE {event.upper()} ON "{table}" '
        f"FOR EACH {each} EXECUTE FUNCTION {function}()"
    )


def missing(connection: Connection) -> list[str]:
    """The names of triggers that ought to stand and do not (or are switched off)."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    standing = set(connection.exec_driver_sql(query).scalars())
    return [
        name
        for table, guard in GUARDS.items()
        for name in _names(connection, table, guard)
        if name not in standing
    ]


def _names(connection: Connection, table: str, guard: Guard) -> list[str]:
    third = "insert" if connection.dialect.name == "sqlite" else "truncate"
    events = ["delete", third] + ([] if guard is Guard.KEPT else ["update"])
    return [f"guard_{table}_{event}" for event in events]
