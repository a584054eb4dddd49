"""The log of what was done, which can only be added to, and the backups that were made."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SQLITE = (
    """CREATE TRIGGER audit_entry_update BEFORE UPDATE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'the log is only ever added to'); END""",
    """CREATE TRIGGER audit_entry_delete BEFORE DELETE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'the log is only ever added to'); END""",
    # Also against INSERT OR REPLACE, which removes a row without asking the trigger above.
    """CREATE TRIGGER audit_entry_insert BEFORE INSERT ON audit_entry
    WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM audit_entry)
    BEGIN SELECT RAISE(ABORT, 'the log is only ever added to'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            IF NEW.number = (SELECT coalesce(max(number), 0) + 1 FROM audit_entry) THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION 'the log is only ever added to';
    END $$""",
    """CREATE TRIGGER audit_entry_rows BEFORE INSERT OR UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()""",
    """CREATE TRIGGER audit_entry_all BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()""",
)


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("subject_kind", sa.String(length=20), nullable=True),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_at"), ["at"], unique=False)
        batch_op.create_index("ix_audit_entry_actor", ["actor_id", "number"], unique=False)
        batch_op.create_index("ix_audit_entry_what", ["what", "number"], unique=False)
        batch_op.create_index("ix_audit_entry_subject", ["subject_kind", "subject_id", "number"], unique=False)

    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)

    op.create_table(
        "backup",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(length=500), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup")),
    )


def downgrade() -> None:
    op.drop_table("backup")
    # Its triggers and indexes go with it.
    op.drop_table("audit_entry")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_entry_refuse()")
