"""Every kept row of the report is derived anew: some lack what was recorded while they were derived."""

from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # From the first person on, while reports go on with the rows that are there.
    op.execute("UPDATE standings_mark SET cursor = 0, version = version + 1")


def downgrade() -> None:
    """Rows that say what the records say are right in the release before too."""
