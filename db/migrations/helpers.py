"""What a revision needs so that no row, CHECK or trigger is lost on its way.

SQLite cannot alter most things, so Alembic builds the table anew, copies the rows and drops the old one;
that drops the table's triggers too, and `altering` puts them back.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import op
from alembic.operations import BatchOperations

from db import guards


@contextmanager
def altering(table: str) -> Iterator[BatchOperations]:
    """Change a table on either engine: `with altering("patient") as patient: patient.add_column(...)`."""
    with op.batch_alter_table(table) as batch:
        yield batch
    if table in guards.GUARDS:
        guards.install(op.get_bind(), table)


def lift_update_guard(table: str) -> None:
    """Take a table's update trigger off until `altering` puts it back.

    For a guard that reads another table, which SQLite cannot build anew meanwhile.
    """
    on = "" if op.get_bind().dialect.name == "sqlite" else f' ON "{table}"'
    op.execute(f'DROP TRIGGER IF EXISTS "guard_{table}_update"{on}')
