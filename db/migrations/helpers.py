"""What a revision needs so that no row, CHECK or trigger is lost on its way.

SQLite cannot alter most things, so Alembic builds the table anew, copies the rows and drops the old one;
that drops the table's triggers too, and its CHECKs are not copied. `altering` puts both back.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import op
from alembic.operations import BatchOperations
from sqlalchemy import CheckConstraint, Connection, inspect

from db import guards


@contextmanager
def altering(table: str) -> Iterator[BatchOperations]:
    """Change a table on either engine: `with altering("patient") as patient: patient.add_column(...)`."""
    connection = op.get_bind()
    with op.batch_alter_table(table, table_args=_checks(connection, table)) as batch:
        yield batch
    if table in guards.GUARDS:
        guards.install(connection, table)


def _checks(connection: Connection, table: str) -> tuple[CheckConstraint, ...]:
    if connection.dialect.name != "sqlite":
        return ()
    found = inspect(connection).get_check_constraints(table)
    return tuple(
        CheckConstraint(check["sqltext"], name=op.f(check["name"])) for check in found if check["name"]
    )
