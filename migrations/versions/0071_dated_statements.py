"""Until when the ids of statements are made without the moment of their facts."""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("xapi_endpoint", sa.Column("undated_until", sa.DateTime(timezone=True), nullable=True))
    # What was noted until now, and may have been sent, keeps its id: it may be taken back.
    if op.get_bind().dialect.name == "sqlite":
        op.execute("UPDATE xapi_endpoint SET undated_until = strftime('%Y-%m-%d %H:%M:%S.000000', 'now', '+1 seconds')")
    else:
        op.execute("UPDATE xapi_endpoint SET undated_until = now()")


def downgrade() -> None:
    op.drop_column("xapi_endpoint", "undated_until")
