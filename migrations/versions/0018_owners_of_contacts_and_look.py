"""Who looks after a contact and how often; the organisation's logo and colour."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owner_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("review_months", sa.Integer(), server_default="12", nullable=False))
        batch_op.create_foreign_key(batch_op.f("fk_contact_owner_id"), "person", ["owner_id"], ["id"])
    op.create_table(
        "organisation_look",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("logo_sha256", sa.String(length=64), nullable=True),
        sa.Column("colour", sa.String(length=6), nullable=True),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_organisation_look_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_look")),
    )
    with op.batch_alter_table("organisation_look", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_organisation_look_logo_sha256"), ["logo_sha256"], unique=False)


def downgrade() -> None:
    op.drop_table("organisation_look")
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_contact_owner_id"), type_="foreignkey")
        batch_op.drop_column("review_months")
        batch_op.drop_column("owner_id")
