"""An index of the kept rows by teams, so that the report of a region does not read those of everybody, and one of
reminders by time, so that a report finds those of today."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_EMPLOYED: Any = {"sqlite_where": sa.text("is_employed = 1"), "postgresql_where": sa.text("is_employed")}


def upgrade() -> None:
    op.create_index(
        "ix_person_status_teams",
        "person_status",
        ["teams", "group_rank", "due_order", "name_key", "person_id", "name", "employment_start"],
        **_EMPLOYED,
    )
    op.create_index("ix_reminder_made_at", "reminder", ["made_at"])


def downgrade() -> None:
    op.drop_index("ix_reminder_made_at", table_name="reminder")
    op.drop_index("ix_person_status_teams", table_name="person_status")
