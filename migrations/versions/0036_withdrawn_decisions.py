"""Decisions in a scenario that were taken back before the next one."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decision_withdrawal",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_decision_withdrawal_decision_id")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_decision_withdrawal")),
    )


def downgrade() -> None:
    op.drop_table("decision_withdrawal")
