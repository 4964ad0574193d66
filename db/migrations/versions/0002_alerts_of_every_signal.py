"""Alerts of every signal."""

# ruff: noqa: E501
# fmt: off
import sqlalchemy as sa
from alembic import op

from db.migrations.helpers import altering

revision = '0002'
down_revision = '0001'

_KINDS = (
    "\"kind\" IN ('opening', 'worsened', 'recovery', 'amendment', 'retraction', 'death', 'again', 'late', "
    "'historical_digest', 'digest', 'test', 'repeat', 'escalation', 'lapsed')"
)


def upgrade() -> None:
    """Alerts of every signal."""
    op.create_table('silence',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('alert_id', sa.Integer(), nullable=False),
    sa.Column('by', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.CheckConstraint('length("reason") BETWEEN 1 AND 2000', name=op.f('ck_silence_reason')),
    sa.CheckConstraint('until > at', name=op.f('ck_silence_ends_later')),
    sa.ForeignKeyConstraint(['alert_id'], ['alert.id'], name=op.f('fk_silence_alert_id_alert')),
    sa.ForeignKeyConstraint(['by'], ['user.id'], name=op.f('fk_silence_by_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_silence'))
    )
    op.create_index(op.f('ix_silence_alert_id'), 'silence', ['alert_id'], unique=False)
    op.create_table('receipt',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('delivery_id', sa.Integer(), nullable=False),
    sa.Column('by', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by'], ['user.id'], name=op.f('fk_receipt_by_user')),
    sa.ForeignKeyConstraint(['delivery_id'], ['delivery.id'], name=op.f('fk_receipt_delivery_id_delivery')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_receipt')),
    sa.UniqueConstraint('delivery_id', name=op.f('uq_receipt_delivery_id'))
    )
    with altering('acknowledgement') as acknowledgement:
        acknowledgement.alter_column('assessment_id', existing_type=sa.Integer(), nullable=True)
    with altering('notice') as notice:
        notice.drop_constraint(op.f('ck_notice_kind'), type_='check')
        notice.create_check_constraint(op.f('ck_notice_kind'), _KINDS)
    op.create_index('uq_alert_live_of_the_program', 'alert', ['signal', 'slot'], unique=True, sqlite_where=sa.text("infusion_id IS NULL AND state IN ('open', 'acknowledged', 'recovering')"), postgresql_where=sa.text("infusion_id IS NULL AND state IN ('open', 'acknowledged', 'recovering')"))
