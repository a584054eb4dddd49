"""Who signs the certificates of the organisation, and who has signed a certificate. Certificates issued before stay as
they are: nobody is named on them."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("signatory_name", "signatory_role"):
        op.add_column("organisation", sa.Column(column, sa.String(length=200), server_default="", nullable=False))
        op.add_column("certificate", sa.Column(column, sa.String(length=200), nullable=True))


def downgrade() -> None:
    for table in ("certificate", "organisation"):
        for column in ("signatory_role", "signatory_name"):
            op.drop_column(table, column)
