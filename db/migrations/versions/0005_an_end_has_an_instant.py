"""A death and a withdrawal say from when on nothing is due any more, and stand once for a patient."""

import sqlalchemy as sa
from alembic import op

from db.migrations.helpers import altering

revision = "0005"
down_revision = "0004"

_ONCE = sa.text(
    "superseded_at IS NULL AND NOT voided AND kind IN ('death', 'withdrawal', 'lost_to_follow_up')"
)


def upgrade() -> None:
    """What was recorded so far has none: it ended when it was entered."""
    with altering("follow_up_event") as event:
        event.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
        event.create_check_constraint(
            op.f("ck_follow_up_event_only_an_end_has_an_instant"),
            "ended_at IS NULL OR kind IN ('death', 'withdrawal')",
        )
    op.create_index(
        "uq_follow_up_event_once",
        "follow_up_event",
        ["patient_id", "kind"],
        unique=True,
        sqlite_where=_ONCE,
        postgresql_where=_ONCE,
    )
