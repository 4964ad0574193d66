"""Writing a row through Core, inside an action's transaction."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Table, insert
from sqlmodel import Session

_insert = cache(insert)


def insert_row(session: Session, table: Table, values: Mapping[str, Any]) -> int:
    """Insert one row and return its id."""
    key = session.connection().execute(_insert(table), dict(values)).inserted_primary_key
    if key is None:
        raise RuntimeError(f"The database gave no id for a row of {table.name}.")
    return int(key[0])
