"""Identity providers, accounts there that are linked to people, and what groups there gave."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_identity_provider()
    _create_provider_group()
    _create_sign_in_requirement()
    _create_identity_link()
    _create_provider_grant()
    _create_used_sign_in_flow()


def _create_identity_provider() -> None:
    op.create_table(
        "identity_provider",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("discovery", sa.String(length=500), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("secret_locked", sa.LargeBinary(), nullable=True),
        sa.Column("scopes", sa.String(length=255), nullable=False),
        sa.Column("domains", sa.Text(), nullable=False),
        sa.Column("tenants", sa.Text(), nullable=False),
        sa.Column("groups_claim", sa.String(length=100), nullable=False),
        sa.Column("makes_accounts", sa.Boolean(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.Column("signs_out", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('openid', 'microsoft')", name=op.f("ck_identity_provider_kind")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_identity_provider_made_by")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_identity_provider_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_provider")),
    )


def _create_provider_group() -> None:
    op.create_table(
        "provider_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("group_name", sa.String(length=255), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=True),
        sa.Column("pathway", sa.String(length=20), nullable=True),
        sa.CheckConstraint("role <> 'manager' or team_id is not null", name=op.f("ck_provider_group_team")),
        sa.CheckConstraint("role in ('manager', 'hr', 'administrator')", name=op.f("ck_provider_group_role")),
        sa.ForeignKeyConstraint(["provider_id"], ["identity_provider.id"], name=op.f("fk_provider_group_provider_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_provider_group_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_group")),
    )
    op.create_index(op.f("ix_provider_group_provider_id"), "provider_group", ["provider_id"], unique=False)


def _create_sign_in_requirement() -> None:
    op.create_table(
        "sign_in_requirement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=True),
        sa.Column("first_exception", sa.Integer(), nullable=True),
        sa.Column("second_exception", sa.Integer(), nullable=True),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["first_exception"], ["person.id"], name=op.f("fk_sign_in_requirement_first_exception")
        ),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_sign_in_requirement_made_by")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["identity_provider.id"], name=op.f("fk_sign_in_requirement_provider_id")
        ),
        sa.ForeignKeyConstraint(
            ["second_exception"], ["person.id"], name=op.f("fk_sign_in_requirement_second_exception")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_requirement")),
    )


def _create_identity_link() -> None:
    op.create_table(
        "identity_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("how in ('address', 'new', 'person', 'merge')", name=op.f("ck_identity_link_how")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_identity_link_ended_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_identity_link_person_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["identity_provider.id"], name=op.f("fk_identity_link_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_link")),
    )
    op.create_index(op.f("ix_identity_link_person_id"), "identity_link", ["person_id"], unique=False)
    op.create_index(op.f("ix_identity_link_provider_id"), "identity_link", ["provider_id"], unique=False)
    op.create_index(
        "uq_identity_link_account",
        "identity_link",
        ["issuer", "subject"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_identity_link_person",
        "identity_link",
        ["provider_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _create_provider_grant() -> None:
    op.create_table(
        "provider_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.Column("role_grant_id", sa.Integer(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["membership_id"], ["membership.id"], name=op.f("fk_provider_grant_membership_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_provider_grant_person_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["identity_provider.id"], name=op.f("fk_provider_grant_provider_id")),
        sa.ForeignKeyConstraint(["role_grant_id"], ["role_grant.id"], name=op.f("fk_provider_grant_role_grant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_grant")),
    )
    op.create_index(op.f("ix_provider_grant_person_id"), "provider_grant", ["person_id"], unique=False)


def _create_used_sign_in_flow() -> None:
    op.create_table(
        "used_sign_in_flow",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_used_sign_in_flow")),
    )
    op.create_index(op.f("ix_used_sign_in_flow_used_at"), "used_sign_in_flow", ["used_at"], unique=False)


def downgrade() -> None:
    for table in (
        "used_sign_in_flow",
        "provider_grant",
        "identity_link",
        "sign_in_requirement",
        "provider_group",
        "identity_provider",
    ):
        op.drop_table(table)
