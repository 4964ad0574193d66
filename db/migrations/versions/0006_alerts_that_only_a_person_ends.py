"""Alerts that only a person ends: a bar, a stopping rule, the report of a serious event."""

import sqlalchemy as sa
from alembic import op

from db.migrations.helpers import altering

revision = "0006"
down_revision = "0005"

_KINDS = (
    "\"kind\" IN ('opening', 'worsened', 'recovery', 'amendment', 'retraction', 'death', 'again', 'late', "
    "'historical_digest', 'digest', 'test', 'repeat', 'escalation', 'lapsed', 'attempt')"
)
_ACTIONS = (
    "\"action_taken\" IN ('seen_at_bedside', 'drug_given', 'intensive_care_called', 'informed', "
    "'committee_called', 'will_report', 'other')"
)


def upgrade() -> None:
    """What an attempt at a barred infusion tells, what a rule counted, and what answers such alerts."""
    with altering("notice") as notice:
        notice.drop_constraint(op.f("ck_notice_kind"), type_="check")
        notice.create_check_constraint(op.f("ck_notice_kind"), _KINDS)
    with altering("acknowledgement") as acknowledgement:
        acknowledgement.drop_constraint(op.f("ck_acknowledgement_action_taken"), type_="check")
        acknowledgement.create_check_constraint(op.f("ck_acknowledgement_action_taken"), _ACTIONS)
    with altering("alert") as alert:
        alert.add_column(sa.Column("counted", sa.String(), nullable=True))
        alert.create_check_constraint(
            op.f("ck_alert_a_rule_counts"), "(signal = 'boundary') = (counted IS NOT NULL)"
        )
