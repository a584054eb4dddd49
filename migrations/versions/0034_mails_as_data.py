"""A mail is queued as data, and rendered when it is delivered. Mails that were queued as text stay as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

UNRENDERED = sa.text("template_values is not null")
NOT_WRITTEN = "It was not written before the program was replaced by an older one, which cannot write it."


def upgrade() -> None:
    op.add_column("outbox_mail", sa.Column("template", sa.String(length=50), nullable=True))
    op.add_column("outbox_mail", sa.Column("template_values", sa.JSON(), nullable=True))
    op.add_column("outbox_mail", sa.Column("language", sa.String(length=20), nullable=True))
    op.create_index(
        "ix_outbox_mail_unrendered",
        "outbox_mail",
        ["next_try_at"],
        sqlite_where=UNRENDERED,
        postgresql_where=UNRENDERED,
    )


def downgrade() -> None:
    # An older program would send a mail without any text.
    statement = sa.text(
        "UPDATE outbox_mail SET next_try_at = NULL, failure = :failure "
        "WHERE template_values IS NOT NULL AND next_try_at IS NOT NULL"
    )
    op.get_bind().execute(statement, {"failure": NOT_WRITTEN})
    op.drop_index("ix_outbox_mail_unrendered", table_name="outbox_mail")
    op.drop_column("outbox_mail", "language")
    op.drop_column("outbox_mail", "template_values")
    op.drop_column("outbox_mail", "template")
