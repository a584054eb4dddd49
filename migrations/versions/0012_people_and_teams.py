"""What became of people and teams."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("staff_number", sa.String(length=50), nullable=True))
        batch_op.create_unique_constraint(op.f("uq_person_staff_number"), ["staff_number"])

    op.create_table(
        "person_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("staff_number", sa.String(length=50), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f("fk_person_change_changed_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_change_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_change")),
    )
    with op.batch_alter_table("person_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_change_person_id"), ["person_id"], unique=False)

    op.create_table(
        "team_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("into_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('changed', 'merged', 'closed')", name=op.f("ck_team_change_kind")),
        sa.CheckConstraint("(kind = 'merged') = (into_id is not null)", name=op.f("ck_team_change_into")),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f("fk_team_change_changed_by")),
        sa.ForeignKeyConstraint(["into_id"], ["team.id"], name=op.f("fk_team_change_into_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["team.id"], name=op.f("fk_team_change_parent_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_team_change_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_change")),
    )
    with op.batch_alter_table("team_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_team_change_changed_at"), ["changed_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_team_change_team_id"), ["team_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("team_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_team_change_team_id"))
        batch_op.drop_index(batch_op.f("ix_team_change_changed_at"))

    op.drop_table("team_change")
    with op.batch_alter_table("person_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_change_person_id"))

    op.drop_table("person_change")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_person_staff_number"), type_="unique")
        batch_op.drop_column("staff_number")
