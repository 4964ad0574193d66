"""Reading the versioned records of the trial: what stands, one record, and all its versions."""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import RowMapping, Select, Table, select
from sqlmodel import Session

from db.models import Record

_USERS: Final = Record.metadata.tables["user"]


def table_of(name: str) -> Table:
    """A table by its name."""
    return Record.metadata.tables[name]


def load_standing(session: Session, name: str, patient_id: int | None = None) -> list[RowMapping]:
    """The records of a table that stand, of one patient or of all, with the name of who entered them.

    The columns are the table's own and `display_name`, `role` of the person (None: the program).
    """
    table = table_of(name)
    query = _with_author(table).where(table.c.superseded_at.is_(None), ~table.c.voided)
    if patient_id is not None:
        query = query.where(table.c.patient_id == patient_id)
    rows = session.connection().execute(query.order_by(table.c.patient_id, table.c.id))
    return list(rows.mappings())


def load_current(session: Session, name: str, stable_id: str) -> RowMapping | None:
    """The version of a record that now stands, withdrawn or not, with the name and role of its author."""
    table = table_of(name)
    query = _with_author(table).where(table.c.stable_id == stable_id, table.c.superseded_at.is_(None))
    return session.connection().execute(query).mappings().first()


def load_versions(session: Session, name: str, stable_id: str) -> list[RowMapping]:
    """Every version of a record, the first one first."""
    table = table_of(name)
    query = _with_author(table).where(table.c.stable_id == stable_id).order_by(table.c.version)
    return list(session.connection().execute(query).mappings())


def load_every_version(session: Session, name: str) -> list[RowMapping]:
    """Every version of every record of a table, by patient."""
    table = table_of(name)
    query = _with_author(table).order_by(table.c.patient_id, table.c.id)
    return list(session.connection().execute(query).mappings())


def content_columns(name: str) -> Collection[str]:
    """The columns of a versioned record that a person fills."""
    return [column.name for column in table_of(name).columns if column.name not in _ABOUT]


_ABOUT: Final = frozenset(
    {
        "id",
        "stable_id",
        "version",
        "superseded_at",
        "patient_id",
        "reason",
        "voided",
        "entered_by",
        "entered_at",
    }
)


def _with_author(table: Table) -> Select[Any]:
    return select(table, _USERS.c.display_name, _USERS.c.role).outerjoin(
        _USERS, _USERS.c.id == table.c.entered_by
    )
