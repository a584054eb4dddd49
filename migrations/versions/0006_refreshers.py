"""Refreshers, updates and boosters: kinds of enrolment and attempt, and what a refresher was made of."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ENROLMENTS = ("kind in ('initial')", "kind in ('initial', 'refresher', 'update')")
ATTEMPTS = (
    "kind in ('check', 'timeline', 'final')",
    "kind in ('check', 'timeline', 'final', 'refresher', 'update', 'booster')",
)


def _allow(table: str, condition: str) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_kind"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_kind"), sa.text(condition))


def upgrade() -> None:
    _allow("enrolment", ENROLMENTS[1])
    _allow("attempt", ATTEMPTS[1])
    op.create_table(
        "refresher_part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.String(length=130), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=True),
        sa.Column("before", sa.String(length=20), nullable=True),
        sa.Column("why", sa.String(length=20), nullable=True),
        sa.CheckConstraint("kind in ('change', 'scenario', 'point')", name=op.f("ck_refresher_part_kind")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_refresher_part_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresher_part")),
        sa.UniqueConstraint("enrolment_id", "position", name=op.f("uq_refresher_part_enrolment_id_position")),
    )


def downgrade() -> None:
    op.drop_table("refresher_part")
    _allow("attempt", ATTEMPTS[0])
    _allow("enrolment", ENROLMENTS[0])
