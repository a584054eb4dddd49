"""Who looked at whose record, and reminders that somebody asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

KINDS = "kind in ('learner', 'manager', 'lead')"
DAILY = sa.text("kind <> 'asked'")


def upgrade() -> None:
    op.create_table(
        "record_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("viewer_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(what = 'page') = (day is not null)", name=op.f("ck_record_view_day")),
        sa.CheckConstraint("what in ('page', 'export', 'pack')", name=op.f("ck_record_view_what")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_record_view_person_id")),
        sa.ForeignKeyConstraint(["viewer_id"], ["person.id"], name=op.f("fk_record_view_viewer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_view")),
        sa.UniqueConstraint("person_id", "viewer_id", "day", name=op.f("uq_record_view_person_id_viewer_id_day")),
    )
    op.create_index("ix_record_view_person", "record_view", ["person_id", "id"])
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.add_column(sa.Column("made_by", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_reminder_made_by"), "person", ["made_by"], ["id"])
        batch_op.drop_constraint(op.f("ck_reminder_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_reminder_kind"), "kind in ('learner', 'manager', 'lead', 'asked')")
        batch_op.drop_constraint(op.f("uq_reminder_person_id_kind_leaves_on"), type_="unique")
        batch_op.create_index(
            "uq_reminder_day",
            ["person_id", "kind", "leaves_on"],
            unique=True,
            sqlite_where=DAILY,
            postgresql_where=DAILY,
        )
        batch_op.create_index("ix_reminder_person", ["person_id", "id"])


def downgrade() -> None:
    # The older schema knows no reminder that somebody asked for.
    op.execute("delete from reminder where kind = 'asked'")
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.drop_index("ix_reminder_person")
        batch_op.drop_index("uq_reminder_day", sqlite_where=DAILY, postgresql_where=DAILY)
        batch_op.create_unique_constraint(
            op.f("uq_reminder_person_id_kind_leaves_on"), ["person_id", "kind", "leaves_on"]
        )
        batch_op.drop_constraint(op.f("ck_reminder_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_reminder_kind"), KINDS)
        batch_op.drop_constraint(op.f("fk_reminder_made_by"), type_="foreignkey")
        batch_op.drop_column("made_by")
    op.drop_index("ix_record_view_person", "record_view")
    op.drop_table("record_view")
