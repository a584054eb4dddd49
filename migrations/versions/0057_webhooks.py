"""Webhooks, the events that they are told of, and each try to deliver one."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def _moment(name: str, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=1000), nullable=False),
        sa.Column("kinds", sa.String(length=100), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("with_staff_number", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        _moment("previous_until"),
        sa.Column("made_by", sa.Integer(), nullable=False),
        _moment("made_at", nullable=False),
        _moment("started_at"),
        _moment("off_at"),
        sa.Column("off_reason", sa.String(length=10), nullable=True),
        _moment("failing_since"),
        _moment("not_before"),
        _moment("ended_at"),
        sa.CheckConstraint("off_reason in ('person', 'failing', 'gone')", name=op.f("ck_webhook_off_reason")),
        sa.CheckConstraint("(off_at is null) = (off_reason is null)", name=op.f("ck_webhook_off")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_webhook_made_by")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_webhook_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_table(
        "webhook_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("fact", sa.String(length=40), nullable=False),
        sa.Column("mark", sa.String(length=40), nullable=False),
        sa.Column("dates", sa.JSON(), nullable=False),
        _moment("found_at", nullable=False),
        sa.CheckConstraint(
            "kind in ('completed', 'due_soon', 'overdue', 'expired', 'left', 'test')",
            name=op.f("ck_webhook_event_kind"),
        ),
        sa.CheckConstraint("(kind = 'test') = (person_id is null)", name=op.f("ck_webhook_event_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_webhook_event_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_event")),
        sa.UniqueConstraint("mark", name=op.f("uq_webhook_event_mark")),
        sa.UniqueConstraint("person_id", "kind", "fact", name=op.f("uq_webhook_event_person_id_kind_fact")),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("webhook_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        _moment("queued_at", nullable=False),
        _moment("next_try_at"),
        sa.Column("tries", sa.Integer(), nullable=False),
        _moment("arrived_at"),
        sa.ForeignKeyConstraint(["event_id"], ["webhook_event.id"], name=op.f("fk_webhook_delivery_event_id")),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_delivery_webhook_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("webhook_id", "event_id", name=op.f("uq_webhook_delivery_webhook_id_event_id")),
    )
    waiting = sa.text("next_try_at is not null")
    op.create_index(
        "ix_webhook_delivery_due", "webhook_delivery", ["next_try_at"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_index(op.f("ix_webhook_delivery_event_id"), "webhook_delivery", ["event_id"])
    op.create_index(op.f("ix_webhook_delivery_queued_at"), "webhook_delivery", ["queued_at"])
    op.create_table(
        "webhook_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        _moment("began_at", nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("failure", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["webhook_delivery.id"], name=op.f("fk_webhook_attempt_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempt")),
    )
    op.create_index(op.f("ix_webhook_attempt_delivery_id"), "webhook_attempt", ["delivery_id"])


def downgrade() -> None:
    for table in ("webhook_attempt", "webhook_delivery", "webhook_event", "webhook"):
        op.drop_table(table)
