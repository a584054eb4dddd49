"""The language that a person chose, and the language in which a certificate was issued; none says English."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("language", sa.String(length=35), nullable=True))
    op.add_column("certificate", sa.Column("language", sa.String(length=35), nullable=True))


def downgrade() -> None:
    op.drop_column("certificate", "language")
    op.drop_column("person", "language")
