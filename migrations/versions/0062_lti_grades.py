"""Scores on their way to learning platforms, and the columns of their gradebooks."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lti_column",
        sa.Column("link_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("address", sa.String(length=1000), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["link_id"], ["lti_link.id"], name=op.f("fk_lti_column_link_id")),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_lti_column")),
    )
    op.create_table(
        "lti_grade",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_percent", sa.Integer(), nullable=True),
        sa.Column("sent_activity", sa.String(length=20), nullable=True),
        sa.Column("sent_round", sa.Integer(), nullable=True),
        sa.Column("sent_stamp", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(length=30), nullable=True),
        sa.Column("detail", sa.String(length=300), nullable=True),
        sa.CheckConstraint(
            "sent_activity in ('Initialized', 'InProgress', 'Submitted', 'Completed')",
            name=op.f("ck_lti_grade_sent_activity"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["lti_account.id"], name=op.f("fk_lti_grade_account_id")),
        sa.ForeignKeyConstraint(["link_id"], ["lti_link.id"], name=op.f("fk_lti_grade_link_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_grade")),
        sa.UniqueConstraint("link_id", "account_id", name=op.f("uq_lti_grade_link_id_account_id")),
    )
    op.create_index(op.f("ix_lti_grade_account_id"), "lti_grade", ["account_id"], unique=False)
    op.create_index(
        "ix_lti_grade_due",
        "lti_grade",
        ["next_try_at"],
        unique=False,
        sqlite_where=sa.text("next_try_at is not null"),
        postgresql_where=sa.text("next_try_at is not null"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_lti_grade_due",
        table_name="lti_grade",
        sqlite_where=sa.text("next_try_at is not null"),
        postgresql_where=sa.text("next_try_at is not null"),
    )
    op.drop_index(op.f("ix_lti_grade_account_id"), table_name="lti_grade")
    op.drop_table("lti_grade")
    op.drop_table("lti_column")
