"""The rule of renewal, extensions and pauses."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "renewal_extension",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("recorded", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("withdrawn", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_renewal_extension_made_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_renewal_extension_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewal_extension")),
    )
    with op.batch_alter_table("renewal_extension", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_renewal_extension_person_id"), ["person_id"], unique=False)

    op.create_table(
        "renewal_pause",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("recorded", sa.Date(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("re_enter_days", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_renewal_pause_made_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_renewal_pause_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewal_pause")),
    )
    with op.batch_alter_table("renewal_pause", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_renewal_pause_person_id"), ["person_id"], unique=False)

    op.create_table(
        "renewal_policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("recorded", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("period_months", sa.Integer(), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("lapse_months", sa.Integer(), nullable=False),
        sa.Column("starter_days", sa.Integer(), nullable=False),
        sa.Column("minimum_days", sa.Integer(), nullable=False),
        sa.Column("fixed_day", sa.Integer(), nullable=False),
        sa.Column("fixed_month", sa.Integer(), nullable=False),
        sa.Column("minimum_months", sa.Integer(), nullable=False),
        sa.Column("import_age_months", sa.Integer(), nullable=True),
        sa.Column("progress_months", sa.Integer(), nullable=False),
        sa.Column("applies", sa.String(length=30), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('anniversary', 'fixed')", name=op.f("ck_renewal_policy_kind")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_renewal_policy_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewal_policy")),
    )


def downgrade() -> None:
    op.drop_table("renewal_policy")
    with op.batch_alter_table("renewal_pause", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_renewal_pause_person_id"))

    op.drop_table("renewal_pause")
    with op.batch_alter_table("renewal_extension", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_renewal_extension_person_id"))

    op.drop_table("renewal_extension")
