"""The files of the import folder, and which system brought a list of people."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people_import", sa.Column("connection", sa.String(length=100), nullable=True))
    op.create_table(
        "import_folder_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("headings_digest", sa.String(length=64), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "outcome in ('apply', 'wait', 'refuse', 'same')", name=op.f("ck_import_folder_file_outcome")
        ),
        sa.CheckConstraint(
            "(import_id is not null) = (outcome in ('apply', 'wait'))", name=op.f("ck_import_folder_file_import_id")
        ),
        sa.ForeignKeyConstraint(["import_id"], ["people_import.id"], name=op.f("fk_import_folder_file_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_folder_file")),
    )
    for column in ("digest", "headings_digest", "import_id"):
        op.create_index(op.f(f"ix_import_folder_file_{column}"), "import_folder_file", [column])
    op.create_table(
        "import_folder_turn",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_folder_turn")),
    )


def downgrade() -> None:
    op.drop_table("import_folder_turn")
    op.drop_table("import_folder_file")
    op.drop_column("people_import", "connection")
