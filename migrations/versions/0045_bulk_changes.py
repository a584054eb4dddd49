"""Changes of many people at once, each with what it did for whom, so that it can be undone; and a last day that is recorded
beforehand."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("last_day", sa.Date(), nullable=True))
    op.create_index(op.f("ix_person_last_day"), "person", ["last_day"])
    op.create_table(
        "bulk_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undo_finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("back", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_bulk_change_made_by")),
        sa.ForeignKeyConstraint(["undone_by"], ["person.id"], name=op.f("fk_bulk_change_undone_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_change")),
    )
    op.create_index(op.f("ix_bulk_change_made_at"), "bulk_change", ["made_at"])
    op.create_table(
        "bulk_change_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("seen", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("undo_outcome", sa.String(length=20), nullable=True),
        sa.Column("undo_note", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["bulk_change.id"], name=op.f("fk_bulk_change_person_change_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_bulk_change_person_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_change_person")),
        sa.UniqueConstraint("change_id", "person_id", name=op.f("uq_bulk_change_person_change_id_person_id")),
    )
    op.create_index(op.f("ix_bulk_change_person_person_id"), "bulk_change_person", ["person_id"])


def downgrade() -> None:
    op.drop_table("bulk_change_person")
    op.drop_table("bulk_change")
    op.drop_index(op.f("ix_person_last_day"), table_name="person")
    with op.batch_alter_table("person") as batch:
        batch.drop_column("last_day")
