"""Everybody's standing as rows that are derived from the facts. They are filled after the upgrade, by the worker or by
the first report."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_EMPLOYED: Any = {"sqlite_where": sa.text("is_employed = 1"), "postgresql_where": sa.text("is_employed")}


def upgrade() -> None:
    op.create_table(
        "person_status",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("is_employed", sa.Boolean(), nullable=False),
        sa.Column("name", _BYTEWISE, nullable=False),
        sa.Column("name_key", _BYTEWISE, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("teams", sa.Text(), nullable=False),
        sa.Column("pathway", sa.String(length=20), nullable=False),
        sa.Column("employment_start", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("group_rank", sa.Integer(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("due_order", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("started", sa.Date(), nullable=True),
        sa.Column("course", sa.String(length=20), nullable=False),
        sa.Column("modules_done", sa.Integer(), nullable=True),
        sa.Column("has_certificate", sa.Boolean(), nullable=False),
        sa.Column("is_long_overdue", sa.Boolean(), nullable=False),
        sa.Column("derived_on", sa.Date(), nullable=False),
        sa.Column("changes_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_status_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person_status")),
    )
    op.create_index(op.f("ix_person_status_changes_on"), "person_status", ["changes_on"])
    indexes: tuple[tuple[str, list[Any]], ...] = (
        ("worst", ["group_rank", "due_order", "name_key", "person_id"]),
        ("name", ["name_key", "name", "person_id"]),
        ("due", ["due_order", "group_rank", "name_key", "person_id"]),
        ("start", [sa.text("employment_start DESC"), "group_rank", "due_order", "name_key", "person_id"]),
    )
    for name, columns in indexes:
        op.create_index(f"ix_person_status_{name}", "person_status", columns, **_EMPLOYED)
    op.create_table(
        "standing_count",
        sa.Column("teams", sa.Text(), nullable=False),
        sa.Column("group_rank", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("has_certificate", sa.Boolean(), nullable=False),
        sa.Column("is_long_overdue", sa.Boolean(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "teams", "group_rank", "has_certificate", "is_long_overdue", name=op.f("pk_standing_count")
        ),
    )
    op.create_table(
        "standing_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_standing_change_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_change")),
    )
    op.create_table(
        "standings_mark",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("audit_event", sa.Integer(), nullable=False),
        sa.Column("completion", sa.Integer(), nullable=False),
        sa.Column("completion_count", sa.Integer(), nullable=False),
        sa.Column("enrolment", sa.Integer(), nullable=False),
        sa.Column("enrolment_count", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("page_count", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=True),
        sa.Column("latest_day", sa.Date(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_people", sa.Integer(), nullable=True),
        sa.Column("differing_people", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standings_mark")),
    )


def downgrade() -> None:
    for table in ("standings_mark", "standing_change", "standing_count", "person_status"):
        op.drop_table(table)
