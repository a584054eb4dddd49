"""Links at which wallets fetch the signed file of a certificate, and their ends."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wallet_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_wallet_link_certificate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_link")),
        sa.UniqueConstraint("certificate_id", "number", name=op.f("uq_wallet_link_certificate_id_number")),
    )
    op.create_table(
        "wallet_link_end",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["wallet_link.id"], name=op.f("fk_wallet_link_end_link_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_link_end")),
        sa.UniqueConstraint("link_id", name=op.f("uq_wallet_link_end_link_id")),
    )


def downgrade() -> None:
    op.drop_table("wallet_link_end")
    op.drop_table("wallet_link")
