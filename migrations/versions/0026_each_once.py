"""What is done once stands once: a deputy, a file being made, a request for erasure, an issuer; and links that end."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

OPEN = sa.text("ended_at IS NULL")
UNFINISHED = sa.text("finished_at IS NULL")


def upgrade() -> None:
    # A second row of the same ended when it was made; the first goes on. None is lost.
    op.execute(
        "UPDATE deputy SET ended_at = made_at WHERE ended_at IS NULL AND EXISTS (SELECT 1 FROM deputy AS earlier"
        " WHERE earlier.ended_at IS NULL AND earlier.manager_id = deputy.manager_id"
        " AND earlier.deputy_id = deputy.deputy_id AND earlier.until = deputy.until AND earlier.id < deputy.id)"
    )
    op.create_index(
        "uq_deputy_open", "deputy", ["manager_id", "deputy_id", "until"], unique=True,
        sqlite_where=OPEN, postgresql_where=OPEN,
    )  # fmt: skip
    # Whoever made a file was stopped for the upgrade.
    op.execute(
        "UPDATE download SET finished_at = made_at, failure = 'The course was stopped while it was made. Ask for it"
        " again.' WHERE finished_at IS NULL"
    )
    op.add_column("download", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "uq_download_unfinished", "download", ["made_by", "kind"], unique=True,
        sqlite_where=UNFINISHED, postgresql_where=UNFINISHED,
    )  # fmt: skip
    for table, group in (("erasure_request", "person_id"), ("trusted_issuer", "address")):
        op.add_column(table, sa.Column("number", sa.Integer(), server_default="1", nullable=False))
        op.execute(
            f"UPDATE {table} SET number = (SELECT count(*) FROM {table} AS earlier"  # noqa: S608 (names from above)
            f" WHERE earlier.{group} = {table}.{group} AND earlier.id <= {table}.id)"
        )
        op.create_index(f"uq_{table}_number", table, [group, "number"], unique=True)
    op.create_table(
        "kept_link_end",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_kept_link_end_ended_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_kept_link_end_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_link_end")),
        sa.UniqueConstraint("person_id", "number", name=op.f("uq_kept_link_end_person_id_number")),
    )


def downgrade() -> None:
    op.drop_table("kept_link_end")
    for table in ("trusted_issuer", "erasure_request"):
        op.drop_index(f"uq_{table}_number", table_name=table)
        op.drop_column(table, "number")
    op.drop_index("uq_download_unfinished", table_name="download")
    op.drop_column("download", "told_at")
    op.drop_index("uq_deputy_open", table_name="deputy")
