"""Provisioning by SCIM: connections, what they said, what they own, and what their groups give."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "owned_field",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("source_name", sa.String(length=100), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "field in ('name', 'email', 'staff_number', 'sign_in_name', 'job"
            "_role', 'stay', 'team', 'manager', 'pathway')",
            name=op.f("ck_owned_field_field"),
        ),
        sa.CheckConstraint("(field in ('team', 'manager')) = (team_id is not null)", name=op.f("ck_owned_field_team")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_owned_field_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_owned_field_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owned_field")),
    )
    op.create_index("ix_owned_field_person", "owned_field", ["person_id"], unique=False)
    op.create_index("ix_owned_field_source", "owned_field", ["source", "person_id"], unique=False)
    op.create_index(
        "uq_owned_field",
        "owned_field",
        ["person_id", "field"],
        unique=True,
        sqlite_where=sa.text("until IS NULL AND team_id IS NULL"),
        postgresql_where=sa.text("until IS NULL AND team_id IS NULL"),
    )
    op.create_index(
        "uq_owned_field_of_team",
        "owned_field",
        ["person_id", "field", "team_id"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "scim_connection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("owns_administrators", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_scim_connection_ended_by")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_scim_connection_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scim_connection")),
    )
    op.create_index(
        "uq_scim_connection_name",
        "scim_connection",
        ["name"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "scim_token",
        sa.Column("token_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["scim_connection.id"], name=op.f("fk_scim_token_connection_id")),
        sa.ForeignKeyConstraint(["token_id"], ["api_token.id"], name=op.f("fk_scim_token_token_id")),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_scim_token")),
    )
    op.create_index(op.f("ix_scim_token_connection_id"), "scim_token", ["connection_id"], unique=False)
    op.create_table(
        "scim_user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("user_name", sa.String(length=254), nullable=False),
        sa.Column("user_name_key", sa.String(length=300), nullable=False),
        sa.Column("external_id", sa.String(length=254), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["scim_connection.id"], name=op.f("fk_scim_user_connection_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_scim_user_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scim_user")),
        sa.UniqueConstraint("resource_id", name=op.f("uq_scim_user_resource_id")),
    )
    op.create_index(op.f("ix_scim_user_person_id"), "scim_user", ["person_id"], unique=False)
    op.create_index(
        "uq_scim_user_external",
        "scim_user",
        ["connection_id", "external_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_scim_user_name",
        "scim_user",
        ["connection_id", "user_name_key"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_scim_user_person",
        "scim_user",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "scim_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("resource_id", sa.String(length=36), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("display_name", sa.String(length=254), nullable=False),
        sa.Column("external_id", sa.String(length=254), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["scim_connection.id"], name=op.f("fk_scim_group_connection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scim_group")),
        sa.UniqueConstraint("resource_id", name=op.f("uq_scim_group_resource_id")),
    )
    op.create_index(op.f("ix_scim_group_connection_id"), "scim_group", ["connection_id"], unique=False)
    op.create_table(
        "scim_member",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["scim_group.id"], name=op.f("fk_scim_member_group_id")),
        sa.ForeignKeyConstraint(["user_id"], ["scim_user.id"], name=op.f("fk_scim_member_user_id")),
        sa.PrimaryKeyConstraint("group_id", "user_id", name=op.f("pk_scim_member")),
    )
    op.create_index(op.f("ix_scim_member_user_id"), "scim_member", ["user_id"], unique=False)
    op.create_table(
        "scim_group_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("pathway", sa.String(length=20), nullable=True),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'pathway') = (pathway is not null)", name=op.f("ck_scim_group_rule_pathway")),
        sa.CheckConstraint("(kind = 'pathway') = (team_id is null)", name=op.f("ck_scim_group_rule_team")),
        sa.CheckConstraint("kind in ('team', 'manager', 'pathway')", name=op.f("ck_scim_group_rule_kind")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_scim_group_rule_ended_by")),
        sa.ForeignKeyConstraint(["group_id"], ["scim_group.id"], name=op.f("fk_scim_group_rule_group_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_scim_group_rule_made_by")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_scim_group_rule_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scim_group_rule")),
    )
    op.create_index(op.f("ix_scim_group_rule_group_id"), "scim_group_rule", ["group_id"], unique=False)
    op.create_table(
        "scim_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("resource_id", sa.String(length=36), nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["scim_connection.id"], name=op.f("fk_scim_call_connection_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_scim_call_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scim_call")),
    )
    op.create_index("ix_scim_call_connection", "scim_call", ["connection_id", "id"], unique=False)
    op.create_index(op.f("ix_scim_call_person_id"), "scim_call", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_table("scim_call")
    op.drop_table("scim_group_rule")
    op.drop_table("scim_member")
    op.drop_table("scim_group")
    op.drop_table("scim_user")
    op.drop_table("scim_token")
    op.drop_table("scim_connection")
    op.drop_table("owned_field")
