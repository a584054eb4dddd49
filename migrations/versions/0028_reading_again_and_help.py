"""Questions that were asked again after a miss, pages that were read again when none was left, and who asks for help."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "page_read_again",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("point", sa.String(length=60), nullable=False),
        sa.Column("ref", sa.String(length=130), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_page_read_again_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_read_again")),
        sa.UniqueConstraint("enrolment_id", "point", name=op.f("uq_page_read_again_enrolment_id_point")),
    )
    op.create_table(
        "help_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_help_request_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_request")),
        sa.UniqueConstraint("person_id", "day", name=op.f("uq_help_request_person_id_day")),
    )
    op.add_column("attempt_item", sa.Column("again", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("attempt_item", "again")
    op.drop_table("help_request")
    op.drop_table("page_read_again")
