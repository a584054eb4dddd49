"""Who gets the report by mail, and what was sent."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_subscription",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("every", sa.String(length=10), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("every in ('week', 'month')", name=op.f("ck_report_subscription_every")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_report_subscription_ended_by")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_report_subscription_made_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_report_subscription_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_report_subscription_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_subscription")),
    )
    with op.batch_alter_table("report_subscription", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_subscription_person_id"), ["person_id"], unique=False)
    op.create_table(
        "report_bulletin",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["report_subscription.id"], name=op.f("fk_report_bulletin_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_bulletin")),
        sa.UniqueConstraint("subscription_id", "period", name=op.f("uq_report_bulletin_subscription_id_period")),
    )


def downgrade() -> None:
    op.drop_table("report_bulletin")
    op.drop_table("report_subscription")
