"""Learning platforms (LTI 1.3): registrations, our keys, accounts there, contexts, links, launches and what was used once."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_lti_registration()
    _create_lti_deployment()
    _create_lti_key()
    _create_lti_account()
    _create_lti_context()
    _create_lti_link()
    _create_lti_launch()
    _create_used_lti_mark()


def _create_lti_registration() -> None:
    op.create_table(
        "lti_registration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("login_address", sa.String(length=500), nullable=False),
        sa.Column("token_address", sa.String(length=500), nullable=False),
        sa.Column("token_audience", sa.String(length=500), nullable=False),
        sa.Column("keys_address", sa.String(length=500), nullable=False),
        sa.Column("page_origins", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("makes_accounts", sa.Boolean(), nullable=False),
        sa.Column("links_by_address", sa.Boolean(), nullable=False),
        sa.Column("lets_staff_in", sa.Boolean(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state in ('waiting', 'on', 'off')", name=op.f("ck_lti_registration_state")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_lti_registration_made_by")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_lti_registration_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_registration")),
        sa.UniqueConstraint("issuer", "client_id", name=op.f("uq_lti_registration_issuer_client_id")),
    )


def _create_lti_deployment() -> None:
    op.create_table(
        "lti_deployment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("deployment", sa.String(length=255), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["lti_registration.id"], name=op.f("fk_lti_deployment_registration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_deployment")),
        sa.UniqueConstraint("registration_id", "deployment", name=op.f("uq_lti_deployment_registration_id_deployment")),
    )


def _create_lti_key() -> None:
    op.create_table(
        "lti_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("private_locked", sa.LargeBinary(), nullable=False),
        sa.Column("public_jwk", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["registration_id"], ["lti_registration.id"], name=op.f("fk_lti_key_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_key")),
        sa.UniqueConstraint("kid", name=op.f("uq_lti_key_kid")),
    )
    op.create_index(op.f("ix_lti_key_registration_id"), "lti_key", ["registration_id"], unique=False)


def _create_lti_account() -> None:
    op.create_table(
        "lti_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("how in ('address', 'new', 'person', 'merge')", name=op.f("ck_lti_account_how")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_lti_account_ended_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_lti_account_person_id")),
        sa.ForeignKeyConstraint(
            ["registration_id"], ["lti_registration.id"], name=op.f("fk_lti_account_registration_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_account")),
    )
    op.create_index(op.f("ix_lti_account_person_id"), "lti_account", ["person_id"], unique=False)
    op.create_index(
        "uq_lti_account_person",
        "lti_account",
        ["registration_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_lti_account_subject",
        "lti_account",
        ["registration_id", "subject"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _create_lti_context() -> None:
    op.create_table(
        "lti_context",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deployment_id", sa.Integer(), nullable=False),
        sa.Column("context", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("members_address", sa.String(length=1000), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deployment_id"], ["lti_deployment.id"], name=op.f("fk_lti_context_deployment_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_lti_context_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_context")),
        sa.UniqueConstraint("deployment_id", "context", name=op.f("uq_lti_context_deployment_id_context")),
    )


def _create_lti_link() -> None:
    op.create_table(
        "lti_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deployment_id", sa.Integer(), nullable=False),
        sa.Column("resource_link", sa.String(length=255), nullable=False),
        sa.Column("context_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("opens", sa.String(length=20), nullable=False),
        sa.Column("module", sa.String(length=100), nullable=True),
        sa.Column("pathway", sa.String(length=20), nullable=True),
        sa.Column("nation", sa.String(length=20), nullable=True),
        sa.Column("line_item", sa.String(length=1000), nullable=False),
        sa.Column("line_items", sa.String(length=1000), nullable=False),
        sa.Column("grade_scopes", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("opens in ('course', 'module', 'refresher')", name=op.f("ck_lti_link_opens")),
        sa.ForeignKeyConstraint(["context_id"], ["lti_context.id"], name=op.f("fk_lti_link_context_id")),
        sa.ForeignKeyConstraint(["deployment_id"], ["lti_deployment.id"], name=op.f("fk_lti_link_deployment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_link")),
        sa.UniqueConstraint("deployment_id", "resource_link", name=op.f("uq_lti_link_deployment_id_resource_link")),
    )
    op.create_index(op.f("ix_lti_link_context_id"), "lti_link", ["context_id"], unique=False)


def _create_lti_launch() -> None:
    op.create_table(
        "lti_launch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("is_learner", sa.Boolean(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["lti_account.id"], name=op.f("fk_lti_launch_account_id")),
        sa.ForeignKeyConstraint(["link_id"], ["lti_link.id"], name=op.f("fk_lti_launch_link_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lti_launch")),
        sa.UniqueConstraint("link_id", "account_id", name=op.f("uq_lti_launch_link_id_account_id")),
    )
    op.create_index(op.f("ix_lti_launch_account_id"), "lti_launch", ["account_id"], unique=False)


def _create_used_lti_mark() -> None:
    op.create_table(
        "used_lti_mark",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_used_lti_mark")),
    )
    op.create_index(op.f("ix_used_lti_mark_ends_at"), "used_lti_mark", ["ends_at"], unique=False)


def downgrade() -> None:
    for table in (
        "used_lti_mark",
        "lti_launch",
        "lti_link",
        "lti_context",
        "lti_account",
        "lti_key",
        "lti_deployment",
        "lti_registration",
    ):
        op.drop_table(table)
