"""Making a backup: for a command into a file, each night or at a request into a folder, and before a migration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click

from course.backups.actions.archives import ArchiveOrder, create_archive
from course.backups.actions.recording import (
    delete_expired_backups,
    delete_leftovers,
    delete_temporary_leftovers,
    record_backup,
)
from course.backups.queries import program_version
from course.backups.rules import BackupFailedError, backup_names, no_upgrade_message, settings_fingerprint
from course.context import make_context
from course.db import database_name
from course.jobs.rules import JobKind, JobRun
from course.schema_upgrade import DatabaseUnavailableError, upgrade
from course.translation import gettext as _
from course.translation import lazy_gettext
from course.web.app_state import app_state
from course.web.database_check import database_path
from course.web.unit_of_work import unit_of_work

NO_FOLDER = lazy_gettext("No folder is set for backups. Set BACKUP_FOLDER and restart.")


@dataclass(frozen=True)
class MadeBackup:
    """A backup that was made and verified: its file, its size in bytes, and the numbers of tables and rows in it."""

    file: Path
    size: int
    tables: int
    rows: int


def archive_order(at: datetime) -> ArchiveOrder:
    """What goes into a backup of this installation besides its database."""
    config = app_state().config
    settings = settings_fingerprint(
        config.secret_key,
        {
            "DATABASE": database_name(config.database_url),
            "PUBLIC_URL": config.public_url,
            "MAIL_FROM": config.mail_from,
            "TIME_ZONE": config.time_zone,
        },
        {"MAIL_URL": config.mail_url},
    )
    return ArchiveOrder(at, program_version(), settings, config.secret_key, config.content, config.backup_recipients)


def write_backup(files: Sequence[Path], at: datetime) -> MadeBackup:
    """Write a backup into a new file, the first of `files` that does not exist, and verify it, without recording it. Raises
    BackupFailedError."""
    state = app_state()
    file, manifest = create_archive(state.engine, state.config.database_url, files, archive_order(at))
    return MadeBackup(file, file.stat().st_size, len(manifest.tables), sum(manifest.tables.values()))


def keep_record(made: MadeBackup, by: int | None, at: datetime) -> None:
    """Record a backup that was made, for the page Health and the audit log."""
    with unit_of_work() as session:
        record_backup(make_context(session, by, at), str(made.file.absolute()), made.size, at)


def make_backup(files: Sequence[Path], by: int | None, at: datetime) -> MadeBackup:
    """Write a backup into a new file, the first of `files` that does not exist, verify it, and record it. Raises
    BackupFailedError."""
    made = write_backup(files, at)
    keep_record(made, by, at)
    return made


def backup_folder() -> Path | None:
    """The folder of regular backups; None if none is set."""
    folder: Path | None = app_state().config.backup_folder
    return folder


def regular_files(at: datetime) -> list[Path]:
    """The files that a regular backup at this moment may be, in their order; none if no folder is set. There are several
    because the worker, a command and other hosts may make one each in the same second."""
    folder, encrypted = backup_folder(), bool(app_state().config.backup_recipients)
    return [] if folder is None else [folder / name for name in backup_names(at, encrypted)]


def run_backup(run: JobRun) -> None:
    """Make a backup in the folder, verify it, and delete those that are not kept any more. Raises BackupFailedError."""
    at = run.clock()
    files = regular_files(at)
    if not files:
        raise BackupFailedError(NO_FOLDER)
    run.progress(_("Making and checking the backup"), 0, 2)
    delete_killed(at)
    made = make_backup(files, run.owner_id, at)
    run.progress(_("Deleting the oldest backups"), 1, 2)
    delete_unwanted(made.file, at)


def delete_unwanted(file: Path, at: datetime) -> None:
    """Delete the regular backups beside `file`, a new one, that are not kept any more, and what killed backups have left
    there."""
    delete_expired_backups(file.parent)
    delete_leftovers(file.parent, at)


def delete_killed(at: datetime) -> None:
    """Delete what backups that were killed have left elsewhere than beside their file: there it is not encrypted yet."""
    if database := database_path():
        delete_leftovers(database.parent, at)
    delete_temporary_leftovers(at)


def upgrade_course(at: datetime, file: Path | None = None) -> MadeBackup | None:
    """Bring the database up to date. Before anything is changed, a verified backup is made in `file`, or in the folder of
    backups; returns it, or None if nothing had to be migrated, or if there is no folder.

    Raises DatabaseUnavailableError; the database is then as it was.
    """
    made: list[MadeBackup] = []
    places = [file] if file else regular_files(at)

    def back_up() -> None:
        if not places:
            click.echo(
                "Warning: BACKUP_FOLDER is not set, so no backup is made before the database is changed.", err=True
            )
            return
        try:
            made.append(write_backup(places, at))
        except BackupFailedError as error:
            raise DatabaseUnavailableError(no_upgrade_message(error)) from error

    upgrade(app_state().engine, before=back_up)
    if not made:
        return None
    keep_record(made[0], None, at)
    click.echo(f"The database as it was before is kept in {made[0].file}.", err=True)
    return made[0]


BACKUP = JobKind(
    "backups.make", lazy_gettext("Backup of the database"), run_backup, every=timedelta(days=1),
    wanted=lambda _at: backup_folder() is not None,
    expected_errors=(BackupFailedError,),
)  # fmt: skip
JOBS = (BACKUP,)
