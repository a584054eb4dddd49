"""The times in which the mail server took no mail, and addresses that were said not to exist and are doubted."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

BEFORE = "kind in ('refused', 'bounced', 'cleared')"
AFTER = "kind in ('refused', 'bounced', 'cleared', 'doubted')"


def _allow(condition: str) -> None:
    with op.batch_alter_table("address_fault", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_address_fault_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_address_fault_kind"), sa.text(condition))


def upgrade() -> None:
    _allow(AFTER)
    op.create_index("ix_address_fault_made_at", "address_fault", ["made_at"])
    op.create_table(
        "mail_outage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("server", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.String(length=1000), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_look_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_outage")),
    )
    op.create_index(
        "uq_mail_outage_open", "mail_outage", ["server"], unique=True,
        sqlite_where=sa.text("ended_at is null"), postgresql_where=sa.text("ended_at is null"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("mail_outage")
    op.drop_index("ix_address_fault_made_at", "address_fault")
    # The older program knows no doubt. A doubted address is written to, as one that was cleared is.
    op.execute("update address_fault set kind = 'cleared' where kind = 'doubted'")
    _allow(BEFORE)
