"""Stories that were entered from paper, what was entered wrongly, and several question sheets of one attempt."""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def _reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def _made() -> tuple[sa.Column[int], sa.Column[object]]:
    return (
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    )


def upgrade() -> None:
    op.create_table(
        "scenario_run_void",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        *_made(),
        _reference("scenario_run_void", "run_id", "scenario_run"),
        _reference("scenario_run_void", "made_by", "person"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_scenario_run_void")),
    )
    op.create_table(
        "supervised_story",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        *_made(),
        _reference("supervised_story", "run_id", "scenario_run"),
        _reference("supervised_story", "sitting_id", "supervised_sitting"),
        _reference("supervised_story", "made_by", "person"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_supervised_story")),
        sa.UniqueConstraint("sitting_id", name=op.f("uq_supervised_story_sitting_id")),
    )
    with op.batch_alter_table("supervised_sheet", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number", sa.Integer(), nullable=False, server_default=sa.text("1")))
        batch_op.add_column(sa.Column("last_position", sa.Integer(), nullable=True))
        batch_op.drop_constraint(op.f("uq_supervised_sheet_attendee_id_attempt_id"), type_="unique")
        batch_op.create_unique_constraint(
            op.f("uq_supervised_sheet_attendee_id_attempt_id_number"), ["attendee_id", "attempt_id", "number"]
        )


def downgrade() -> None:
    # The older schema has one sheet for each attempt: the answers of the others stay, without what says they were supervised.
    op.execute(
        "delete from supervised_answer where sitting_id in (select sitting_id from supervised_entry where sheet_id in"
        " (select id from supervised_sheet where number > 1))"
    )
    op.execute("delete from supervised_entry where sheet_id in (select id from supervised_sheet where number > 1)")
    op.execute("delete from supervised_sheet where number > 1")
    with op.batch_alter_table("supervised_sheet", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_supervised_sheet_attendee_id_attempt_id_number"), type_="unique")
        batch_op.create_unique_constraint(
            op.f("uq_supervised_sheet_attendee_id_attempt_id"), ["attendee_id", "attempt_id"]
        )
        batch_op.drop_column("last_position")
        batch_op.drop_column("number")
    op.drop_table("supervised_story")
    op.drop_table("scenario_run_void")
