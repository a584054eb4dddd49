"""Refreshers, updates and boosters: kinds of enrolment and attempt, and what a refresher was made of."""

# ruff: noqa: S608 (the statements are put together from constants)
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


ENROLMENT = "enrolment_id in (select id from enrolment where kind <> 'initial')"
RUN = f"run_id in (select id from scenario_run where {ENROLMENT})"
ATTEMPT = f"kind in ('refresher', 'update', 'booster') or {ENROLMENT}"
# A certificate that was issued anew goes with the one that it replaces.
CERTIFICATES = f"""in (with recursive gone(id) as (
    select id from certificate where completion_id in (select id from completion where {ENROLMENT})
    union select newer.id from certificate newer join gone on newer.replaces = gone.id) select id from gone)"""
# What hangs on others comes first.
LATER = (
    f"delete from answer where item_id in (select id from attempt_item where attempt_id in"
    f" (select id from attempt where {ATTEMPT}))",
    f"delete from attempt_item where attempt_id in (select id from attempt where {ATTEMPT})",
    f"delete from attempt_outcome where attempt_id in (select id from attempt where {ATTEMPT})",
    f"delete from attempt where {ATTEMPT}",
    f"delete from decision where {RUN}",
    f"delete from run_outcome where {RUN}",
    f"delete from scenario_run where {ENROLMENT}",
    f"delete from page_read where {ENROLMENT}",
    f"delete from certificate_change where certificate_id {CERTIFICATES}",
    f"delete from certificate where id {CERTIFICATES}",
    f"delete from completion where {ENROLMENT}",
    "delete from enrolment where kind <> 'initial'",
)


def downgrade() -> None:
    op.drop_table("refresher_part")
    # The older schema knows the whole course only: it would take a refresher for that.
    for statement in LATER:
        op.execute(statement)
    _allow("attempt", ATTEMPTS[0])
    _allow("enrolment", ENROLMENTS[0])
