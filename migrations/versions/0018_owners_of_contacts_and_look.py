"""Who looks after a contact and how often."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owner_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("review_months", sa.Integer(), server_default="12", nullable=False))
        batch_op.create_foreign_key(batch_op.f("fk_contact_owner_id"), "person", ["owner_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_contact_owner_id"), type_="foreignkey")
        batch_op.drop_column("review_months")
        batch_op.drop_column("owner_id")
