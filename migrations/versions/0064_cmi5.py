"""Learning platforms that launch the course, accounts there, sessions, and what is sent of them."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def _moment(name: str, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), nullable=False)


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def _reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "cmi5_platform",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("name", 60),
        sa.Column("hosts", sa.Text(), nullable=False),
        sa.Column("makes_accounts", sa.Boolean(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        _moment("made_at", nullable=False),
        _reference("cmi5_platform", "made_by", "person"),
        _reference("cmi5_platform", "team_id", "team"),
        _key("cmi5_platform"),
    )
    op.create_table(
        "cmi5_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform_id", sa.Integer(), nullable=False),
        _text("home_page", 500),
        _text("name", 255),
        sa.Column("person_id", sa.Integer(), nullable=False),
        _moment("linked_at", nullable=False),
        _moment("last_used_at", nullable=False),
        _moment("ended_at"),
        _reference("cmi5_account", "person_id", "person"),
        _reference("cmi5_account", "platform_id", "cmi5_platform"),
        _key("cmi5_account"),
    )
    is_open = sa.text("ended_at is null")
    op.create_index(op.f("ix_cmi5_account_person_id"), "cmi5_account", ["person_id"])
    op.create_index(
        "uq_cmi5_account_name", "cmi5_account", ["platform_id", "home_page", "name"], unique=True, sqlite_where=is_open,
        postgresql_where=is_open,
    )  # fmt: skip
    op.create_table(
        "cmi5_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        _text("registration", 36),
        _text("mark", 255),
        _text("activity_id", 500),
        _text("endpoint", 500),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.JSON(), nullable=False),
        sa.Column("context", sa.JSON(), nullable=False),
        _text("mode", 10),
        sa.Column("mastery_score", sa.Integer(), nullable=True),
        _text("return_address", 1000),
        _moment("launched_at", nullable=False),
        _moment("used_at", nullable=False),
        _moment("ended_at"),
        sa.CheckConstraint("mode in ('Normal', 'Browse', 'Review')", name=op.f("ck_cmi5_session_mode")),
        _reference("cmi5_session", "person_id", "person"),
        _reference("cmi5_session", "platform_id", "cmi5_platform"),
        _key("cmi5_session"),
        sa.UniqueConstraint(
            "platform_id", "registration", "mark", name=op.f("uq_cmi5_session_platform_id_registration_mark")
        ),
    )
    op.create_index(op.f("ix_cmi5_session_person_id"), "cmi5_session", ["person_id"])
    op.create_index(op.f("ix_cmi5_session_launched_at"), "cmi5_session", ["launched_at"])
    op.create_index(
        "ix_cmi5_session_open", "cmi5_session", ["person_id"], sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_table(
        "cmi5_statement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        _text("verb", 12),
        _text("mark", 36),
        _moment("at", nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("points_right", sa.Integer(), nullable=True),
        sa.Column("points_asked", sa.Integer(), nullable=True),
        _moment("next_try_at"),
        sa.Column("tries", sa.Integer(), nullable=False),
        _moment("arrived_at"),
        sa.Column("status", sa.Integer(), nullable=True),
        _text("failure", 500),
        sa.CheckConstraint(
            "verb in ('initialized', 'completed', 'passed', 'failed', 'terminated')",
            name=op.f("ck_cmi5_statement_verb"),
        ),
        _reference("cmi5_statement", "session_id", "cmi5_session"),
        _key("cmi5_statement"),
        sa.UniqueConstraint("mark", name=op.f("uq_cmi5_statement_mark")),
    )
    waiting = sa.text("next_try_at is not null")
    op.create_index(op.f("ix_cmi5_statement_session_id"), "cmi5_statement", ["session_id"])
    op.create_index(
        "ix_cmi5_statement_due", "cmi5_statement", ["next_try_at"], sqlite_where=waiting, postgresql_where=waiting
    )


def downgrade() -> None:
    for table in ("cmi5_statement", "cmi5_session", "cmi5_account", "cmi5_platform"):
        op.drop_table(table)
