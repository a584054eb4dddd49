"""Whose certificates count here."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trusted_issuer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('trusted', 'ended')", name=op.f("ck_trusted_issuer_kind")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_trusted_issuer_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trusted_issuer")),
    )
    with op.batch_alter_table("trusted_issuer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trusted_issuer_address"), ["address"], unique=False)


def downgrade() -> None:
    op.drop_table("trusted_issuer")
