"""Copies of a SQLite database: made while others write, checked, and put in the place of the database."""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from course.backups.rules import BackupFailedError, RestorableBackup
from course.db import assert_outside_unit_of_work, sqlite_path
from course.schema_upgrade.queries import known_revisions
from course.schema_upgrade.rules import VERSION_TABLE, DatabaseSchema, command_refusal
from course.sqlite_file import (
    checkpoint_wal,
    exclusive_lock,
    find_damage,
    is_sqlite,
    preserve_database,
    read_only_uri,
    replace_database,
    secure_files,
    sidecar_path,
    sync_to_disk,
)

_IN_USE_MESSAGE = (
    "The database {database} is in use. Stop every server, worker and command of the course, then try again. "
    "Nothing was changed."
)
_REVISIONS_QUERY = f"select version_num from {VERSION_TABLE}"  # noqa: S608
_NEWEST_EVENT_QUERY = "select at from audit_entry order by number desc limit 1"


@dataclass(frozen=True)
class RestoreResult:
    """The backup that was restored, and the file that keeps the database that was there before (None: there was none)."""

    backup: RestorableBackup
    previous_database: Path | None


def copy_sqlite(url: str, file: Path) -> int:
    """Copy the SQLite database of `url` into a new file, as it is at one moment, while others go on writing.

    The file is complete or does not exist. Returns its size in bytes. Raises BackupFailedError.
    """
    assert_outside_unit_of_work("copying the database")
    database = sqlite_path(url)
    if database is None or not database.is_file():
        raise BackupFailedError(f"There is no database {database} yet.")
    # A unique name: another backup to the same file may be running.
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        if file.exists():
            raise BackupFailedError(f"{file} is there already. Name a file that is not.")
        _copy_database(str(database), part)
        # Reserves the name, unless another process did so meanwhile. Not by a hard link: not every file system has those.
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        part.replace(file)
        sync_to_disk(file.parent)
    except FileExistsError as error:
        raise BackupFailedError(f"{file} is there already. Name a file that is not.") from error
    except (OSError, sqlite3.Error) as error:
        raise BackupFailedError(f"{file} cannot be written: {error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return file.stat().st_size


def _copy_database(database: str, part: Path) -> None:
    # Readable by its owner only, from the first moment: it holds names, answers and password hashes.
    part.touch(mode=0o600)
    try:
        with closing(sqlite3.connect(database, uri=True)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
            # In this mode the copy needs no -wal file beside it.
            target.execute("PRAGMA journal_mode=DELETE")
            sound = target.execute("PRAGMA quick_check").fetchone()[0]
    finally:
        # Left behind where the disk is full.
        sidecar_path(part, "-journal").unlink(missing_ok=True)
    if sound != "ok":
        raise BackupFailedError(f"The copy is damaged ({sound}). Look at the disk, and at the database itself.")
    sync_to_disk(part)


def check_backup(file: Path) -> RestorableBackup:
    """Check a backup without changing it. Raises BackupFailedError if it is damaged, belongs to another program, or to a
    newer version of the course."""
    try:
        if not is_sqlite(file):
            raise BackupFailedError(f"{file} is not a SQLite database, so it is no backup of the course.")
        found = find_damage(file, thorough=True)
        if found is not None:
            raise BackupFailedError(f"The backup is not sound, and nothing was changed. {found}")
        with closing(sqlite3.connect(read_only_uri(file), uri=True)) as backup:
            tables = frozenset(
                name
                for (name,) in backup.execute("select name from sqlite_master where type = 'table'")
                if not name.startswith("sqlite_")
            )
            revisions = tuple(n for (n,) in backup.execute(_REVISIONS_QUERY)) if VERSION_TABLE in tables else ()
            last = backup.execute(_NEWEST_EVENT_QUERY).fetchone() if "audit_entry" in tables else None
    except (OSError, sqlite3.Error) as error:
        raise BackupFailedError(f"{file} cannot be read: {error}.") from error
    schema = DatabaseSchema(tables, revisions)
    refused = command_refusal(schema, known_revisions(), str(file), older=True)
    if refused is not None or schema.revision is None:
        raise BackupFailedError(f"This backup cannot be restored, and nothing was changed. {refused}")
    return RestorableBackup(schema.revision, last[0][:16] if last else None)


def restore_sqlite(url: str, file: Path, at: datetime) -> RestoreResult:
    """Replace the SQLite database of `url` by a backup. The database that was there is kept beside it.

    Nothing is changed unless the backup is sound and no process uses the database. Raises BackupFailedError.
    """
    database = sqlite_path(url)
    if database is None:
        raise BackupFailedError("Only a SQLite database is restored here.")
    if database.exists() and file.samefile(database):
        raise BackupFailedError(f"{file} is the database itself. Name a backup.")
    checked = check_backup(file)
    secure_files(database)
    part = database.with_name(f".{database.name}.{secrets.token_hex(4)}.restoring")
    try:
        # A -wal file beside the backup belongs to it: SQLite reads both files, and writes one.
        _copy_database(read_only_uri(file), part)
        return RestoreResult(checked, _replace_database(database, part, f"{at:%Y%m%d-%H%M%S}"))
    except (OSError, sqlite3.Error) as error:
        raise BackupFailedError(f"The backup cannot be put in place: {error}.") from error
    finally:
        part.unlink(missing_ok=True)


def _replace_database(database: Path, new: Path, timestamp: str) -> Path | None:
    """Replace the database by `new`; the file that keeps the old one, or None if there was none."""
    if not database.exists():
        replace_database(database, new)
        return None
    with exclusive_lock(database) as opened:
        if opened is None:
            raise BackupFailedError(_IN_USE_MESSAGE.format(database=database))
    # The newest pages are in the -wal file. They are not written into a damaged database: both files are kept as they are.
    if find_damage(database) is None:
        checkpoint_wal(database)
    previous = database.with_name(f"{database.name}.before-restore-{timestamp}")
    with exclusive_lock(database) as opened:
        if opened is None:
            raise BackupFailedError(_IN_USE_MESSAGE.format(database=database))
        preserve_database(database, opened, previous)
        replace_database(database, new)
    return previous
