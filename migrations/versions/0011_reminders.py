"""Reminders: their policy, each one that was queued, what came back, what people chose not to get, and the workers."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _outbox()
    op.create_table(
        "address_fault",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('refused', 'bounced', 'cleared')", name=op.f("ck_address_fault_kind")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_address_fault_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_fault")),
    )
    with op.batch_alter_table("address_fault", schema=None) as batch_op:
        batch_op.create_index("ix_address_fault_address", ["address", "id"], unique=False)

    op.create_table(
        "mail_choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mail_choice_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_choice")),
    )
    with op.batch_alter_table("mail_choice", schema=None) as batch_op:
        batch_op.create_index("ix_mail_choice_person", ["person_id", "kind", "id"], unique=False)

    op.create_table(
        "reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("leaves_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("named", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('learner', 'manager', 'lead')", name=op.f("ck_reminder_kind")),
        sa.CheckConstraint("(kind = 'lead') = (person_id is null)", name=op.f("ck_reminder_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_reminder_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint("key", name=op.f("uq_reminder_key")),
        sa.UniqueConstraint("person_id", "kind", "leaves_on", name=op.f("uq_reminder_person_id_kind_leaves_on")),
    )
    op.create_table(
        "reminder_policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("every_days", sa.Integer(), nullable=False),
        sa.Column("digest_weekday", sa.Integer(), nullable=False),
        sa.Column("lead_days", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("closes", sa.Integer(), nullable=False),
        sa.Column("closed", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_reminder_policy_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_policy")),
    )
    op.create_table(
        "worker_beat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_beat")),
    )


def _outbox() -> None:
    with op.batch_alter_table("outbox_mail", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mark", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("html", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("headers", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("withheld", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True))

    # The mark that earlier versions worked out: a mail that is being tried again keeps its Message-ID.
    outbox = sa.table("outbox_mail", sa.column("id"), sa.column("key"), sa.column("mark"))
    for row in op.get_bind().execute(sa.select(outbox.c.id, outbox.c.key)).all():
        mark = hashlib.sha256(row.key.encode()).hexdigest()[:32]
        op.execute(outbox.update().where(outbox.c.id == row.id).values(mark=mark))

    with op.batch_alter_table("outbox_mail", schema=None) as batch_op:
        batch_op.alter_column("mark", existing_type=sa.String(length=32), nullable=False)
        batch_op.create_index(batch_op.f("ix_outbox_mail_mark"), ["mark"], unique=False)
        batch_op.create_index("ix_outbox_mail_recipient", ["recipient", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("worker_beat")
    op.drop_table("reminder_policy")
    op.drop_table("reminder")
    with op.batch_alter_table("mail_choice", schema=None) as batch_op:
        batch_op.drop_index("ix_mail_choice_person")

    op.drop_table("mail_choice")
    with op.batch_alter_table("address_fault", schema=None) as batch_op:
        batch_op.drop_index("ix_address_fault_address")

    op.drop_table("address_fault")
    with op.batch_alter_table("outbox_mail", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_mail_recipient")
        batch_op.drop_index(batch_op.f("ix_outbox_mail_mark"))
        for name in ("bounced_at", "withheld", "headers", "html", "mark"):
            batch_op.drop_column(name)
