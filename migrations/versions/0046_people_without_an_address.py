"""People without an e-mail address: they sign in with a name."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

_NO_ADDRESS = "no-address.invalid"  # mail to it never leaves


def upgrade() -> None:
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.alter_column("email", existing_type=sa.String(length=254), nullable=True)
        batch_op.add_column(sa.Column("sign_in_name", sa.String(length=50), nullable=True))
        batch_op.add_column(sa.Column("sign_in_key", sa.String(length=200), nullable=True))
        batch_op.create_unique_constraint(op.f("uq_person_sign_in_key"), ["sign_in_key"])
    with op.batch_alter_table("person_change", schema=None) as batch_op:
        batch_op.alter_column("email", existing_type=sa.String(length=254), nullable=True)
        batch_op.add_column(sa.Column("sign_in_name", sa.String(length=50), nullable=True))


def downgrade() -> None:
    # The earlier version needs an address of everyone.
    op.execute(f"UPDATE person SET email = 'person-' || id || '@{_NO_ADDRESS}' WHERE email IS NULL")  # noqa: S608
    op.execute("UPDATE person_change SET email = '' WHERE email IS NULL")
    # Nor does it know these codes.
    op.execute("DELETE FROM sign_in_token WHERE purpose = 'code'")
    with op.batch_alter_table("person_change", schema=None) as batch_op:
        batch_op.drop_column("sign_in_name")
        batch_op.alter_column("email", existing_type=sa.String(length=254), nullable=False)
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_person_sign_in_key"), type_="unique")
        batch_op.drop_column("sign_in_key")
        batch_op.drop_column("sign_in_name")
        batch_op.alter_column("email", existing_type=sa.String(length=254), nullable=False)
