"""Which pathway is chosen for whom, and the one that most of an organisation's staff follow."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pathway_choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("pathway", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("chosen_by", sa.Integer(), nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["chosen_by"], ["person.id"], name=op.f("fk_pathway_choice_chosen_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_pathway_choice_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathway_choice")),
    )
    with op.batch_alter_table("pathway_choice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pathway_choice_person_id"), ["person_id"], unique=False)

    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pathway", sa.String(length=20), server_default="school", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_column("pathway")

    with op.batch_alter_table("pathway_choice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pathway_choice_person_id"))

    op.drop_table("pathway_choice")
