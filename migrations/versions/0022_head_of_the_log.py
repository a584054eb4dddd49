"""Which entry of the log is the newest, so that it shows when it is removed."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    made = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.bulk_insert(made, [{"id": 1, "number": 0, "hash": "0" * 64}])
    op.execute(
        "update audit_head set number = newest.number, hash = newest.hash"
        " from (select number, hash from audit_entry order by number desc limit 1) as newest"
    )


def downgrade() -> None:
    op.drop_table("audit_head")
