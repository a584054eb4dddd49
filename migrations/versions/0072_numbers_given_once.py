"""SQLite gives no number of a person or certificate again; a restore can leave out those of the time that was lost."""

from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

TABLES = ("person", "certificate")


def _rebuild(autoincrement: bool) -> None:
    # On PostgreSQL a sequence does it already.
    if op.get_bind().dialect.name == "sqlite":
        for name in TABLES:
            with op.batch_alter_table(name, recreate="always", table_kwargs={"sqlite_autoincrement": autoincrement}):
                pass


def upgrade() -> None:
    _rebuild(autoincrement=True)


def downgrade() -> None:
    _rebuild(autoincrement=False)
