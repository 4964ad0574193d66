"""A committee decision loses a column that was never filled: its signature points at it."""

from alembic import op

from db.migrations.helpers import altering

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """The signature names the decision as its subject, so no decision waits for a second write."""
    with altering("committee_decision") as decision:
        decision.drop_constraint(op.f("fk_committee_decision_signature_id_signature"), type_="foreignkey")
        decision.drop_column("signature_id")
