"""Whether a certificate is for the whole course or for a refresher."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        # Until now there were no refreshers.
        batch_op.add_column(sa.Column("kind", sa.String(length=20), server_default="initial", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.drop_column("kind")
