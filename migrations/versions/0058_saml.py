"""Identity providers with SAML: their metadata, names of attributes and signing key, and assertions that were used."""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _set_kinds("kind in ('openid', 'microsoft', 'saml')")
    op.create_table(
        "saml_provider",
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("metadata_xml", sa.Text(), nullable=False),
        sa.Column("subject_attribute", sa.String(length=200), nullable=False),
        sa.Column("email_attribute", sa.String(length=200), nullable=False),
        sa.Column("name_attribute", sa.String(length=200), nullable=False),
        sa.Column("signing_key_locked", sa.LargeBinary(), nullable=True),
        sa.Column("signing_certificate", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["provider_id"], ["identity_provider.id"], name=op.f("fk_saml_provider_provider_id")),
        sa.PrimaryKeyConstraint("provider_id", name=op.f("pk_saml_provider")),
    )
    op.create_table(
        "used_saml_assertion",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_used_saml_assertion")),
    )
    op.create_index(op.f("ix_used_saml_assertion_ends_at"), "used_saml_assertion", ["ends_at"], unique=False)


def downgrade() -> None:
    op.drop_table("used_saml_assertion")
    op.drop_table("saml_provider")
    # Without the rest of its settings nobody could sign in with one; what refers to it stays true.
    op.execute("update identity_provider set kind = 'openid', active = false where kind = 'saml'")
    _set_kinds("kind in ('openid', 'microsoft')")


def _set_kinds(condition: str) -> None:
    name = op.f("ck_identity_provider_kind")
    with op.batch_alter_table("identity_provider", schema=None) as batch_op:
        batch_op.drop_constraint(name, type_="check")
        batch_op.create_check_constraint(name, condition)
