"""Supervised sessions: who was expected, who sat where, which answers were given there, and certificates that say so."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def _moment(name: str, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    _create_sessions()
    _create_sittings()
    _create_paper()
    op.create_table(
        "attempt_void",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        _moment("made_at"),
        _reference("attempt_void", "attempt_id", "attempt"),
        _reference("attempt_void", "made_by", "person"),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_attempt_void")),
    )
    op.add_column("certificate", sa.Column("supervised_on", sa.Date(), nullable=True))


def _create_sessions() -> None:
    op.create_table(
        "supervised_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.String(length=60), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        _moment("made_at"),
        sa.CheckConstraint("kind in ('module', 'final', 'refresher')", name=op.f("ck_supervised_session_kind")),
        _reference("supervised_session", "made_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervised_session")),
    )
    op.create_index(op.f("ix_supervised_session_made_by"), "supervised_session", ["made_by"])
    op.create_table(
        "supervised_closing",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("ended_by", sa.Integer(), nullable=False),
        _moment("ended_at"),
        _reference("supervised_closing", "session_id", "supervised_session"),
        _reference("supervised_closing", "ended_by", "person"),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_supervised_closing")),
    )
    op.create_table(
        "supervised_attendee",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        _moment("added_at"),
        _reference("supervised_attendee", "session_id", "supervised_session"),
        _reference("supervised_attendee", "person_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervised_attendee")),
        sa.UniqueConstraint("session_id", "person_id", name=op.f("uq_supervised_attendee_session_id_person_id")),
    )
    op.create_index(op.f("ix_supervised_attendee_person_id"), "supervised_attendee", ["person_id"])
    op.create_table(
        "supervised_code",
        sa.Column("attendee_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        _moment("made_at"),
        _reference("supervised_code", "attendee_id", "supervised_attendee"),
        sa.PrimaryKeyConstraint("attendee_id", name=op.f("pk_supervised_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_supervised_code_code_hash")),
    )


def _create_sittings() -> None:
    op.create_table(
        "supervised_room",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        _moment("made_at"),
        _reference("supervised_room", "session_id", "supervised_session"),
        _reference("supervised_room", "made_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervised_room")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_supervised_room_token_hash")),
    )
    op.create_index(op.f("ix_supervised_room_session_id"), "supervised_room", ["session_id"])
    op.create_table(
        "supervised_sitting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attendee_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        _moment("began_at"),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("nonce_hash", sa.String(length=64), nullable=True),
        _moment("ended_at", nullable=True),
        sa.CheckConstraint("way in ('screen', 'paper')", name=op.f("ck_supervised_sitting_way")),
        _reference("supervised_sitting", "attendee_id", "supervised_attendee"),
        _reference("supervised_sitting", "room_id", "supervised_room"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervised_sitting")),
    )
    op.create_index(op.f("ix_supervised_sitting_attendee_id"), "supervised_sitting", ["attendee_id"])
    op.create_table(
        "supervised_answer",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        _reference("supervised_answer", "item_id", "attempt_item"),
        _reference("supervised_answer", "sitting_id", "supervised_sitting"),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_supervised_answer")),
    )
    op.create_index(op.f("ix_supervised_answer_sitting_id"), "supervised_answer", ["sitting_id"])


def _create_paper() -> None:
    op.create_table(
        "supervised_attendance",
        sa.Column("attendee_id", sa.Integer(), nullable=False),
        sa.Column("witness", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        _moment("made_at"),
        _reference("supervised_attendance", "attendee_id", "supervised_attendee"),
        _reference("supervised_attendance", "made_by", "person"),
        sa.PrimaryKeyConstraint("attendee_id", name=op.f("pk_supervised_attendance")),
    )
    op.create_table(
        "supervised_sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attendee_id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        _moment("made_at"),
        _reference("supervised_sheet", "attendee_id", "supervised_attendee"),
        _reference("supervised_sheet", "attempt_id", "attempt"),
        _reference("supervised_sheet", "made_by", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervised_sheet")),
        sa.UniqueConstraint("attendee_id", "attempt_id", name=op.f("uq_supervised_sheet_attendee_id_attempt_id")),
    )
    op.create_index(op.f("ix_supervised_sheet_attempt_id"), "supervised_sheet", ["attempt_id"])
    op.create_table(
        "supervised_entry",
        sa.Column("sheet_id", sa.Integer(), nullable=False),
        sa.Column("sitting_id", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        _moment("made_at"),
        _reference("supervised_entry", "sheet_id", "supervised_sheet"),
        _reference("supervised_entry", "sitting_id", "supervised_sitting"),
        _reference("supervised_entry", "made_by", "person"),
        sa.PrimaryKeyConstraint("sheet_id", name=op.f("pk_supervised_entry")),
        sa.UniqueConstraint("sitting_id", name=op.f("uq_supervised_entry_sitting_id")),
    )


def downgrade() -> None:
    op.drop_column("certificate", "supervised_on")
    for table in (
        "attempt_void",
        "supervised_entry",
        "supervised_sheet",
        "supervised_attendance",
        "supervised_answer",
        "supervised_sitting",
        "supervised_room",
        "supervised_code",
        "supervised_attendee",
        "supervised_closing",
        "supervised_session",
    ):
        op.drop_table(table)
