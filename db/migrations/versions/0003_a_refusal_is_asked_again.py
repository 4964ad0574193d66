"""A refusal is asked again: a due assessment may be said not done more than once."""

from alembic import op

from db.migrations.helpers import altering

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """What was said of a due assessment last decides; two answers never share an instant."""
    with altering("skipped_assessment") as skipped:
        skipped.drop_constraint(op.f("uq_skipped_assessment_infusion_id_kind_due_at"), type_="unique")
        skipped.create_unique_constraint(
            op.f("uq_skipped_assessment_infusion_id_kind_due_at_entered_at"),
            ["infusion_id", "kind", "due_at", "entered_at"],
        )
