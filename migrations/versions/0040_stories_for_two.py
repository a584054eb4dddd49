"""Two people who take one story together: what each chose alone, and when they parted."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=130), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pair")),
    )
    op.create_table(
        "pair_code",
        sa.Column("code", sa.String(length=6), nullable=False),
        sa.Column("pair_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk_pair_code_pair_id")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_pair_code")),
        sa.UniqueConstraint("pair_id", name=op.f("uq_pair_code_pair_id")),
    )
    op.create_table(
        "pair_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pair_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("place in (1, 2)", name=op.f("ck_pair_member_place")),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk_pair_member_pair_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_pair_member_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pair_member")),
        sa.UniqueConstraint("pair_id", "place", name=op.f("uq_pair_member_pair_id_place")),
        sa.UniqueConstraint("pair_id", "person_id", name=op.f("uq_pair_member_pair_id_person_id")),
    )
    op.create_index(op.f("ix_pair_member_person_id"), "pair_member", ["person_id"])
    op.create_table(
        "pair_run",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["pair_member.id"], name=op.f("fk_pair_run_member_id")),
        sa.ForeignKeyConstraint(["run_id"], ["scenario_run.id"], name=op.f("fk_pair_run_run_id")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_pair_run")),
        sa.UniqueConstraint("run_id", name=op.f("uq_pair_run_run_id")),
    )
    op.create_table(
        "pair_choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("scene_id", sa.String(length=60), nullable=False),
        sa.Column("choice_id", sa.String(length=60), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["pair_member.id"], name=op.f("fk_pair_choice_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pair_choice")),
        sa.UniqueConstraint("member_id", "step", "turn", name=op.f("uq_pair_choice_member_id_step_turn")),
    )
    op.create_table(
        "pair_leaving",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["pair_member.id"], name=op.f("fk_pair_leaving_member_id")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_pair_leaving")),
    )


def downgrade() -> None:
    for table in ("pair_leaving", "pair_choice", "pair_run", "pair_member", "pair_code", "pair"):
        op.drop_table(table)
