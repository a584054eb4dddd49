"""What people answer to the question of a lesson page: it is shown to them again, and boosters come back to what was missed."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "page_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=130), nullable=False),
        sa.Column("question_id", sa.String(length=60), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("point", sa.String(length=60), nullable=False),
        sa.Column("chosen", sa.Integer(), nullable=False),
        sa.Column("correct", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_page_answer_enrolment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_answer")),
        sa.UniqueConstraint(
            "enrolment_id", "question_id", "version", name=op.f("uq_page_answer_enrolment_id_question_id_version")
        ),
    )


def downgrade() -> None:
    op.drop_table("page_answer")
