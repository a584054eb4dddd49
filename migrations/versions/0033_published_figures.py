"""What was published about groups on each Monday, which is recorded once and is never changed."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

# The tables, and the keys of a row that is there already.
TABLES = {
    "figure_release": "id = NEW.id",
    "published_figure": "id = NEW.id OR (release_id = NEW.release_id AND group_id = NEW.group_id)",
}
REFUSAL = "what was published stays as it is"


def upgrade() -> None:
    op.create_table(
        "figure_release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("monday", sa.Date(), nullable=False),
        sa.Column("cutoff", sa.DateTime(timezone=True), nullable=False),
        sa.Column("excluded", sa.JSON(), nullable=False),
        sa.Column("suppressed", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("scope in ('teams', 'items')", name=op.f("ck_figure_release_scope")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_release")),
        sa.UniqueConstraint("scope", "monday", name=op.f("uq_figure_release_scope_monday")),
    )
    op.create_table(
        "published_figure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("rest_teams", sa.JSON(), nullable=False),
        sa.Column("rest_people", sa.Integer(), nullable=False),
        sa.Column("rest_answers", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["figure_release.id"], name=op.f("fk_published_figure_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_figure")),
        sa.UniqueConstraint("release_id", "group_id", name=op.f("uq_published_figure_release_id_group_id")),
    )
    op.create_index(op.f("ix_published_figure_group_id"), "published_figure", ["group_id"], unique=False)
    _refuse_changes()


def _refuse_changes() -> None:
    """Triggers: a row is added and then stays as it is. INSERT OR REPLACE of SQLite removes a row without a trigger for
    DELETE, so that an insertion over an existing key is refused too. (The key of a Monday is left out: `insert_once`
    inserts nothing over it.)"""
    if op.get_bind().dialect.name == "sqlite":
        for table, key in TABLES.items():
            for deed in ("update", "delete"):
                op.execute(
                    f"CREATE TRIGGER {table}_{deed} BEFORE {deed.upper()} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
                )
            op.execute(
                f"CREATE TRIGGER {table}_insert BEFORE INSERT ON {table}"  # noqa: S608 (names from above)
                f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {key})"
                f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION published_figure_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION published_figure_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_all BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION published_figure_refuse()"
        )


def downgrade() -> None:
    # Their triggers and indexes go with them.
    op.drop_table("published_figure")
    op.drop_table("figure_release")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION published_figure_refuse()")
