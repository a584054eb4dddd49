"""Making a backup of a SQLite database: for a command into a file, each night or at a request into a folder.

PostgreSQL is copied with its own program (see docs/operations.md), which may not be installed where the course runs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from course.backups.actions import (
    BackupFailedError,
    check_backup,
    copy_sqlite,
    delete_expired_backups,
    record_backup,
)
from course.backups.rules import backup_name
from course.context import make_context
from course.jobs.rules import JobKind, JobRun
from course.translation import gettext as _
from course.translation import lazy_gettext
from course.web.app_state import app_state
from course.web.database_check import database_path
from course.web.unit_of_work import unit_of_work

NO_FOLDER = lazy_gettext("No folder is set for backups. Set BACKUP_FOLDER and restart.")
NOT_SQLITE = lazy_gettext("Only a SQLite database is copied here. PostgreSQL has its own program: pg_dump.")


def make_backup(file: Path, by: int | None, at: datetime) -> int:
    """Copy the SQLite database into a new file and record the backup; returns its size in bytes. Raises BackupFailedError."""
    size = copy_sqlite(app_state().config.database_url, file)
    with unit_of_work() as session:
        record_backup(make_context(session, by, at), str(file.absolute()), size)
    return size


def backup_folder() -> Path | None:
    """The folder of regular backups; None if none is set, or if the database is not copied here."""
    return app_state().config.backup_folder if database_path() is not None else None


def run_backup(run: JobRun) -> None:
    """Copy the database into the folder, make sure that the copy can be restored, and delete the oldest copies.

    A copy that cannot be restored stays, so that it can be looked at, and the job fails. Raises BackupFailedError.
    """
    folder = backup_folder()
    if folder is None:
        raise BackupFailedError(NO_FOLDER if database_path() is not None else NOT_SQLITE)
    at = run.clock()
    file = folder / backup_name(at)
    run.progress(_("Copying the database"), 0, 2)
    make_backup(file, run.owner_id, at)
    run.progress(_("Checking the copy"), 1, 2)
    check_backup(file)
    delete_expired_backups(folder)


BACKUP = JobKind(
    "backups.make", lazy_gettext("Backup of the database"), run_backup, every=timedelta(days=1),
    wanted=lambda _at: backup_folder() is not None,
    expected_errors=(BackupFailedError,),
)  # fmt: skip
JOBS = (BACKUP,)
