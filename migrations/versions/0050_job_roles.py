"""The job role of a person, as the organisation calls it, and what it was before."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("person", "person_change"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("job_role", sa.String(length=100), nullable=True))


def downgrade() -> None:
    for table in ("person_change", "person"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("job_role")
