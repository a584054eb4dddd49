"""Rules of renewal for a pathway, earlier certificates, and the dates of stays and of the usual pathway."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KIND = "kind in ('anniversary', 'fixed')"


def upgrade() -> None:
    op.create_table(
        "usual_pathway",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pathway", sa.String(length=20), nullable=False),
        sa.Column("chosen_by", sa.Integer(), nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["chosen_by"], ["person.id"], name=op.f("fk_usual_pathway_chosen_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usual_pathway")),
    )
    # Earlier changes of the usual pathway were not written down: what it is today is taken as what it always was.
    op.execute("insert into usual_pathway (pathway, chosen_at) select pathway, set_up_at from organisation")

    op.create_table(
        "employment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("recorded", sa.Date(), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("end", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_employment_made_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_employment_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employment")),
    )
    with op.batch_alter_table("employment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_employment_person_id"), ["person_id"], unique=False)

    op.create_table(
        "renewal_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("recorded", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.Column("withdrawn", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('initial', 'refresher')", name=op.f("ck_renewal_import_kind")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_renewal_import_made_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_renewal_import_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renewal_import")),
    )
    with op.batch_alter_table("renewal_import", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_renewal_import_person_id"), ["person_id"], unique=False)

    with op.batch_alter_table("renewal_extension", schema=None) as batch_op:
        batch_op.add_column(sa.Column("withdrawn_reason", sa.String(length=200), nullable=True))

    with op.batch_alter_table("renewal_policy", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pathway", sa.String(length=20), nullable=True))
        batch_op.drop_constraint(op.f("ck_renewal_policy_kind"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_renewal_policy_kind"), f"{KIND} or (kind = 'general' and pathway is not null)"
        )


def downgrade() -> None:
    # Without the column, a rule for one pathway would be one for everybody.
    op.execute("delete from renewal_policy where pathway is not null")
    with op.batch_alter_table("renewal_policy", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_renewal_policy_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_renewal_policy_kind"), KIND)
        batch_op.drop_column("pathway")

    with op.batch_alter_table("renewal_extension", schema=None) as batch_op:
        batch_op.drop_column("withdrawn_reason")

    for table in ("renewal_import", "employment"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_index(batch_op.f(f"ix_{table}_person_id"))
        op.drop_table(table)

    op.drop_table("usual_pathway")
