"""The talks that teams had about a learning point, as whoever led them wrote down."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "team_talk",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("point", sa.String(length=100), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("agreed", sa.String(length=500), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ended_reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint("(ended_at is null) = (ended_by is null)", name=op.f("ck_team_talk_ended")),
        sa.CheckConstraint("people > 1", name=op.f("ck_team_talk_people")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_team_talk_ended_by")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_team_talk_made_by")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_team_talk_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_talk")),
    )
    op.create_index(op.f("ix_team_talk_team_id"), "team_talk", ["team_id"])


def downgrade() -> None:
    op.drop_table("team_talk")
