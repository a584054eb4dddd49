"""Which secret key the database is used with, and the settings with which each worker runs."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "secret_key_fingerprint",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_secret_key_fingerprint")),
    )
    op.add_column("worker_beat", sa.Column("settings", sa.Text(), server_default="{}", nullable=False))


def downgrade() -> None:
    op.drop_column("worker_beat", "settings")
    op.drop_table("secret_key_fingerprint")
