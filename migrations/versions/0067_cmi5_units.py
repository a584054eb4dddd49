"""Units of the course at platforms (cmi5), who unlinked an account there, and statements that take others back (xAPI)."""

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

_KINDS = "'started', 'module', 'decision', 'scenario', 'answer', 'attempt', 'completed', 'look'"


def upgrade() -> None:
    with op.batch_alter_table("cmi5_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unit", sa.String(length=120), nullable=False, server_default="course"))
        batch_op.add_column(sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("cmi5_session", schema=None) as batch_op:
        batch_op.alter_column("unit", server_default=None)
    with op.batch_alter_table("cmi5_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ended_by", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_cmi5_account_ended_by"), "person", ["ended_by"], ["id"])
    _set_kinds(f"kind in ({_KINDS}, 'void')")


def downgrade() -> None:
    op.execute("delete from xapi_statement where kind = 'void'")
    _set_kinds(f"kind in ({_KINDS})")
    with op.batch_alter_table("cmi5_account", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_cmi5_account_ended_by"), type_="foreignkey")
        batch_op.drop_column("ended_by")
    with op.batch_alter_table("cmi5_session", schema=None) as batch_op:
        batch_op.drop_column("looked_at")
        batch_op.drop_column("unit")


def _set_kinds(condition: str) -> None:
    name = op.f("ck_xapi_statement_kind")
    with op.batch_alter_table("xapi_statement", schema=None) as batch_op:
        batch_op.drop_constraint(name, type_="check")
        batch_op.create_check_constraint(name, sa.text(condition))
