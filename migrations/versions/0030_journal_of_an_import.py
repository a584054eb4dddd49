"""The journal of an import: a list is written in portions that others can come between, and goes on after a crash."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people_import", sa.Column("journal", sa.LargeBinary(), nullable=True))
    op.create_table(
        "people_import_run",
        sa.Column("import_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("lines_done", sa.Integer(), nullable=False),
        sa.Column("lines_total", sa.Integer(), nullable=True),
        sa.Column("skipped", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["people_import.id"], name=op.f("fk_people_import_run_import_id")),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_people_import_run")),
    )


def downgrade() -> None:
    op.drop_table("people_import_run")
    op.drop_column("people_import", "journal")
