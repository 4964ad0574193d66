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
