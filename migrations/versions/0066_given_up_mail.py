"""When a mail was given up, and when it was made to wait again."""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox_mail", sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox_mail", sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox_mail", "resumed_at")
    op.drop_column("outbox_mail", "given_up_at")
