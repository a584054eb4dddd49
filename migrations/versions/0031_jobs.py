"""One queue of background jobs, which the files that somebody asked for are made by; and when a mail was handed over."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('waiting', 'running')")
CUT_OFF = "The course was stopped while it was made. Ask for it again."
PROGRESS = ("stage", "done", "total", "told_at", "finished_at", "failure")


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("lane", sa.String(length=10), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("stage", sa.String(length=100), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.String(length=200), nullable=True),
        sa.Column("failure", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('waiting', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_job_state")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_job_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("kind", "due_at", name=op.f("uq_job_kind_due_at")),
    )
    op.create_index("ix_job_made_by", "job", ["made_by"])
    op.create_index("uq_job_open_key", "job", ["key"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_job_open", "job", ["lane", "not_before"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_job_ended_at", "job", ["ended_at"])
    op.add_column("outbox_mail", sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True))
    _files_become_jobs()


def _files_become_jobs() -> None:
    """What was known of the making of a file goes to a job that has ended: nothing is made while the program is replaced."""
    connection = op.get_bind()
    op.drop_index("uq_download_unfinished", table_name="download")
    with op.batch_alter_table("download", schema=None) as batch_op:
        batch_op.add_column(sa.Column("job_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_download_job_id"), ["job_id"], unique=False)
        batch_op.create_foreign_key(op.f("fk_download_job_id"), "job", ["job_id"], ["id"], ondelete="SET NULL")
    connection.execute(
        sa.text(
            "INSERT INTO job (kind, lane, arguments, made_by, state, stage, done, total, attempts, claims, not_before,"
            " failure, created_at, started_at, ended_at, key)"
            " SELECT CASE kind WHEN 'evidence' THEN 'evidence.pack' ELSE 'report.file' END, 'general', '{}', made_by,"
            " CASE WHEN finished_at IS NULL OR failure IS NOT NULL THEN 'failed' ELSE 'done' END, stage, done, total,"
            " 1, 1, made_at, CASE WHEN finished_at IS NULL THEN coalesce(failure, :cut) ELSE failure END, made_at,"
            " made_at, coalesce(finished_at, made_at), 'download:' || id FROM download ORDER BY id"
        ),
        {"cut": CUT_OFF},
    )
    op.execute("UPDATE download SET job_id = (SELECT job.id FROM job WHERE job.key = 'download:' || download.id)")
    op.execute("UPDATE job SET key = NULL")
    with op.batch_alter_table("download", schema=None) as batch_op:
        for name in PROGRESS:
            batch_op.drop_column(name)


def downgrade() -> None:
    with op.batch_alter_table("download", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stage", sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column("done", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("total", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("failure", sa.String(length=500), nullable=True))
    of = "(SELECT {} FROM job WHERE job.id = download.job_id)"
    op.execute(
        f"UPDATE download SET stage = coalesce({of.format('stage')}, 'Ready'),"  # noqa: S608 (names from above)
        f" done = coalesce({of.format('done')}, 1), total = coalesce({of.format('total')}, 1),"
        f" finished_at = coalesce({of.format('ended_at')}, made_at), failure = {of.format('failure')}"
    )
    op.get_bind().execute(
        sa.text(
            "UPDATE download SET failure = :cut WHERE failure IS NULL AND content IS NULL"
            " AND job_id IN (SELECT id FROM job WHERE state <> 'done')"
        ),
        {"cut": CUT_OFF},
    )
    with op.batch_alter_table("download", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_download_job_id"))
        batch_op.drop_constraint(op.f("fk_download_job_id"), type_="foreignkey")
        batch_op.drop_column("job_id")
        for name in ("stage", "done", "total"):
            batch_op.alter_column(name, nullable=False)
    unfinished = sa.text("finished_at IS NULL")
    op.create_index(
        "uq_download_unfinished", "download", ["made_by", "kind"], unique=True,
        sqlite_where=unfinished, postgresql_where=unfinished,
    )  # fmt: skip
    op.drop_column("outbox_mail", "claimed_at")
    op.drop_table("job")
