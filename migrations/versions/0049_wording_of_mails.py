"""How the organisation words its mails, and whether the list of first steps is put away."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_wording",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sender", sa.String(length=100), nullable=False),
        sa.Column("opening", sa.String(length=300), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_mail_wording_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_wording")),
    )
    op.create_table(
        "first_steps_choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("is_hidden", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_first_steps_choice_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_first_steps_choice")),
    )


def downgrade() -> None:
    op.drop_table("first_steps_choice")
    op.drop_table("mail_wording")
