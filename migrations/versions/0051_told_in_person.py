"""What is to be told to people without an e-mail address, that it was told, and weekly mails to administrators about it."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

KINDS = "kind in ('learner', 'manager', 'lead', 'asked')"
KINDS_WITH_ADMINISTRATORS = "kind in ('learner', 'manager', 'administrator', 'lead', 'asked')"


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "in_person_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        _moment("made_at"),
        sa.CheckConstraint("kind in ('update', 'booster', 'deputy', 'manager')", name=op.f("ck_in_person_notice_kind")),
        _reference("in_person_notice", "person_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_in_person_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_in_person_notice_key")),
    )
    op.create_index(op.f("ix_in_person_notice_person_id"), "in_person_notice", ["person_id"])
    op.create_table(
        "in_person_reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("task", sa.String(length=20), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("made_by", sa.Integer(), nullable=False),
        _moment("made_at"),
        _reference("in_person_reminder", "person_id", "person"),
        _reference("in_person_reminder", "made_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_in_person_reminder")),
    )
    op.create_index(op.f("ix_in_person_reminder_person_id"), "in_person_reminder", ["person_id"])
    op.create_table(
        "in_person_withdrawal",
        sa.Column("reminder_id", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        _moment("made_at"),
        _reference("in_person_withdrawal", "reminder_id", "in_person_reminder"),
        _reference("in_person_withdrawal", "made_by", "person"),
        sa.PrimaryKeyConstraint("reminder_id", name=op.f("pk_in_person_withdrawal")),
    )
    _change_kinds(KINDS_WITH_ADMINISTRATORS)


def _change_kinds(condition: str) -> None:
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_reminder_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_reminder_kind"), sa.text(condition))


def downgrade() -> None:
    # The older schema knows no mail to administrators about managers without an address.
    op.execute("delete from reminder where kind = 'administrator'")
    _change_kinds(KINDS)
    op.drop_table("in_person_withdrawal")
    op.drop_table("in_person_reminder")
    op.drop_table("in_person_notice")
