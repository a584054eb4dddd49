"""The learning record store, and the statements that are on their way to it."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def _moment(name: str, nullable: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "xapi_endpoint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("username", sa.String(length=200), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("kinds", sa.String(length=100), nullable=False),
        sa.Column("actor", sa.String(length=10), nullable=False),
        sa.Column("namespace", sa.String(length=36), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        _moment("made_at", nullable=False),
        _moment("paused_at"),
        _moment("failing_since"),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(length=500), nullable=False),
        _moment("not_before"),
        _moment("ended_at"),
        sa.CheckConstraint("actor in ('account', 'mail')", name=op.f("ck_xapi_endpoint_actor")),
        sa.CheckConstraint("slot is null or slot = 1", name=op.f("ck_xapi_endpoint_slot")),
        sa.CheckConstraint("(slot is null) = (ended_at is not null)", name=op.f("ck_xapi_endpoint_ended")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_xapi_endpoint_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_xapi_endpoint")),
        sa.UniqueConstraint("slot", name=op.f("uq_xapi_endpoint_slot")),
    )
    op.create_table(
        "xapi_statement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("fact", sa.String(length=150), nullable=False),
        sa.Column("mark", sa.String(length=36), nullable=False),
        _moment("at", nullable=False),
        _moment("noted_at", nullable=False),
        _moment("next_try_at"),
        _moment("arrived_at"),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("failure", sa.String(length=500), nullable=False),
        sa.CheckConstraint(
            "kind in ('started', 'module', 'decision', 'scenario', 'answer', 'attempt', 'completed', 'look')",
            name=op.f("ck_xapi_statement_kind"),
        ),
        sa.ForeignKeyConstraint(["endpoint_id"], ["xapi_endpoint.id"], name=op.f("fk_xapi_statement_endpoint_id")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_xapi_statement_enrolment_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_xapi_statement_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_xapi_statement")),
        sa.UniqueConstraint("endpoint_id", "kind", "fact", name=op.f("uq_xapi_statement_endpoint_id_kind_fact")),
    )
    waiting = sa.text("next_try_at is not null")
    op.create_index(
        "ix_xapi_statement_due", "xapi_statement", ["next_try_at"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_index(op.f("ix_xapi_statement_noted_at"), "xapi_statement", ["noted_at"])
    op.create_index(op.f("ix_xapi_statement_person_id"), "xapi_statement", ["person_id"])


def downgrade() -> None:
    op.drop_table("xapi_statement")
    op.drop_table("xapi_endpoint")
