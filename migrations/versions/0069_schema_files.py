"""The schema files of SCORM that whoever runs the course has installed, and grades that are to be put right."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scorm_schema_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scorm_version", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("installed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scorm_schema_file")),
        sa.UniqueConstraint("scorm_version", "name", name=op.f("uq_scorm_schema_file_scorm_version_name")),
    )
    op.add_column("lti_grade", sa.Column("corrects", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("lti_grade", "corrects")
    op.drop_table("scorm_schema_file")
