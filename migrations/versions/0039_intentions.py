"""Sentences that learners write at the end of a module for themselves, and whether it came up."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "intention",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("module", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.String(length=10), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("reply in ('did', 'missed', 'not-yet')", name=op.f("ck_intention_reply")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_intention_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intention")),
        sa.UniqueConstraint("person_id", "module", name=op.f("uq_intention_person_id_module")),
    )
    op.create_index("ix_intention_waiting", "intention", ["mailed_at", "written_at"])


def downgrade() -> None:
    op.drop_index("ix_intention_waiting", table_name="intention")
    op.drop_table("intention")
