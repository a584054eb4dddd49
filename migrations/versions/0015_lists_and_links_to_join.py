"""Lists of people, links by which people ask to join, and entries that were merged."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "people_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("uploaded_by", sa.Integer(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("columns", sa.Text(), nullable=True),
        sa.Column("base_team_id", sa.Integer(), nullable=True),
        sa.Column("invites", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("preview", sa.Text(), nullable=True),
        sa.Column("mark", sa.String(length=64), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["base_team_id"], ["team.id"], name=op.f("fk_people_import_base_team_id")),
        sa.ForeignKeyConstraint(["uploaded_by"], ["person.id"], name=op.f("fk_people_import_uploaded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people_import")),
    )
    op.create_table(
        "imported_certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["people_import.id"], name=op.f("fk_imported_certificate_import_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_imported_certificate_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_certificate")),
        sa.UniqueConstraint("person_id", "day", name=op.f("uq_imported_certificate_person_id_day")),
    )

    op.create_table(
        "registration_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("domains", sa.Text(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_by", sa.Integer(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_registration_link_made_by")),
        sa.ForeignKeyConstraint(["revoked_by"], ["person.id"], name=op.f("fk_registration_link_revoked_by")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_registration_link_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_link")),
        sa.UniqueConstraint("token", name=op.f("uq_registration_link_token")),
    )
    op.create_table(
        "registration_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_registration_request_decided_by")),
        sa.ForeignKeyConstraint(["link_id"], ["registration_link.id"], name=op.f("fk_registration_request_link_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_registration_request_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_request")),
    )
    with op.batch_alter_table("registration_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_registration_request_link_id"), ["link_id"], unique=False)
        batch_op.create_index(
            "uq_registration_request_open",
            ["email"],
            unique=True,
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )

    op.create_table(
        "person_merge",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("into_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["into_id"], ["person.id"], name=op.f("fk_person_merge_into_id")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_person_merge_made_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_merge_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person_merge")),
    )


def downgrade() -> None:
    op.drop_table("person_merge")
    with op.batch_alter_table("registration_request", schema=None) as batch_op:
        batch_op.drop_index("uq_registration_request_open")
        batch_op.drop_index(batch_op.f("ix_registration_request_link_id"))

    op.drop_table("registration_request")
    op.drop_table("registration_link")
    op.drop_table("imported_certificate")
    op.drop_table("people_import")
