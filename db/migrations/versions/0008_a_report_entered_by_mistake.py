"""A report of a serious event that was entered by mistake is withdrawn, for a reason."""

import sqlalchemy as sa
from alembic import op

from db import guards

revision = "0008"
down_revision = "0007"

_TABLE = "sae_notification_withdrawal"


def upgrade() -> None:
    """Nothing was withdrawn so far."""
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notification_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('length("reason") BETWEEN 1 AND 2000', name=op.f(f"ck_{_TABLE}_reason")),
        sa.ForeignKeyConstraint(["by"], ["user.id"], name=op.f(f"fk_{_TABLE}_by_user")),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["sae_notification.id"],
            name=op.f(f"fk_{_TABLE}_notification_id_sae_notification"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
        sa.UniqueConstraint("notification_id", name=op.f(f"uq_{_TABLE}_notification_id")),
    )
    guards.install(op.get_bind(), _TABLE)
