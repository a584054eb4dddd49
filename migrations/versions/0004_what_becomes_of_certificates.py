"""What a certificate says besides, and what becomes of it: replaced or revoked."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "certificate_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('replaced', 'revoked')", name=op.f("ck_certificate_change_kind")),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_change_certificate_id")
        ),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f("fk_certificate_change_changed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_change")),
    )
    with op.batch_alter_table("certificate_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_certificate_change_certificate_id"), ["certificate_id"], unique=False)

    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pathway", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("minutes", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("sections", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("replaces", sa.Integer(), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_certificate_completion_id"), type_="unique")
        batch_op.create_index(batch_op.f("ix_certificate_completion_id"), ["completion_id"], unique=False)
        batch_op.create_index(
            "uq_certificate_first",
            ["completion_id"],
            unique=True,
            sqlite_where=sa.text("replaces IS NULL"),
            postgresql_where=sa.text("replaces IS NULL"),
        )
        batch_op.create_unique_constraint(batch_op.f("uq_certificate_replaces"), ["replaces"])
        batch_op.create_foreign_key(batch_op.f("fk_certificate_replaces"), "certificate", ["replaces"], ["id"])


def downgrade() -> None:
    # The older schema knows one certificate for each completion: the first one.
    op.execute("DELETE FROM certificate_change")
    op.execute("DELETE FROM certificate WHERE replaces IS NOT NULL")
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_certificate_replaces"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_certificate_replaces"), type_="unique")
        batch_op.drop_index(
            "uq_certificate_first",
            sqlite_where=sa.text("replaces IS NULL"),
            postgresql_where=sa.text("replaces IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_certificate_completion_id"))
        batch_op.create_unique_constraint(batch_op.f("uq_certificate_completion_id"), ["completion_id"])
        batch_op.drop_column("replaces")
        batch_op.drop_column("sections")
        batch_op.drop_column("minutes")
        batch_op.drop_column("pathway")

    with op.batch_alter_table("certificate_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_certificate_change_certificate_id"))

    op.drop_table("certificate_change")
