"""Putting a backup in place: the database, the secret key that it was used with, and the content."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from course.backups.actions import dumps
from course.backups.actions.archives import UnpackedBackup
from course.backups.actions.sqlite_copies import RestoreResult, restore_sqlite
from course.backups.queries import database_facts, holds_people
from course.backups.rules import (
    CONTENT_PREFIX,
    BackupFailedError,
    RestorableBackup,
    differing_counts,
    secret_key_mark,
)
from course.db import database_name, sqlite_path
from course.sqlite_file import copy_ownership, find_damage, make_private, sync_to_disk


def refuse_filled_database(engine: Engine, url: str, replace: bool) -> None:
    """Raise BackupFailedError if the database of `url` holds anything that a restore would replace, unless that is wanted.

    A PostgreSQL database is never replaced: it has to be empty (see dumps.restore_dump).
    """
    file = sqlite_path(url)
    if file is None or replace or not file.exists() or not file.stat().st_size:
        return
    if find_damage(file) is None:
        try:
            with engine.connect().execution_options(writes=False) as connection:
                if not holds_people(connection):
                    return
        finally:
            # The restore needs the file for itself.
            engine.dispose()
    raise BackupFailedError(
        f"The database {database_name(url)} holds people, or is damaged. Nothing was changed. With --replace the backup "
        "takes its place, and what is there now is kept beside it."
    )


def restore_database(engine: Engine, url: str, backup: UnpackedBackup, at: datetime) -> RestoreResult:
    """Put the database of a backup in the place of that of `url`, and compare the numbers of rows with its manifest.

    Raises BackupFailedError; then nothing was changed, or the message says what.
    """
    manifest = backup.manifest
    kind = manifest.engine if manifest else "sqlite" if backup.kind == "sqlite" else "postgresql"
    if kind != engine.dialect.name:
        other = "a SQLite database" if kind == "sqlite" else "a PostgreSQL database"
        raise BackupFailedError(
            f"This is a backup of {other}, and DATABASE_URL names another kind. Nothing was changed. Restore it into {other}; "
            "'flask database move' then moves it."
        )
    if kind == "sqlite":
        restored = restore_sqlite(url, backup.database, at)
    else:
        dumps.restore_dump(engine, url, backup.database)
        restored = None
    with engine.connect().execution_options(writes=False) as connection:
        facts = database_facts(connection)
    if manifest is not None and (differ := differing_counts(manifest.tables, facts.tables)):
        raise BackupFailedError(f"The backup is restored, but does not hold what it says: {'; '.join(differ)}.")
    return restored or RestoreResult(RestorableBackup(facts.revision, facts.newest_event_at), None)


def fitting_secret_key(backup: UnpackedBackup, current: str, key_file: Path | None) -> str | None:
    """The secret key that has to be put in place for a backup: that of `key_file`, or the one in the backup; None if the
    current one is right, or if a plain copy of a database does not tell.

    Raises BackupFailedError if the key is neither the current one nor given.
    """
    wanted = backup.manifest.key if backup.manifest else None
    given = backup.secret_key()
    if key_file is not None:
        try:
            given = key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BackupFailedError(f"{key_file} cannot be read: {error}.") from error
    if wanted is None:
        return given if given != current else None
    if secret_key_mark(current) == wanted:
        return None
    if given is not None and secret_key_mark(given) == wanted:
        return given
    raise BackupFailedError(
        "The secret key of this installation is not the one that the backup was used with, and the backup does not hold it. "
        "Nothing was changed. Without that key no certificate can be signed, and links in mails do not work. Name the file "
        "that holds it: --key-file FILE. If it is lost: --without-key, and after that 'flask system accept-key'."
    )


def refuse_unwritable_key_file(file: Path) -> None:
    """Raise BackupFailedError if this account cannot put another secret key in the place of the one in `file`. Asked before
    the database is replaced: it would not work with the key that is there."""
    part = _part_of(file)
    try:
        part.touch(mode=0o600)
    except OSError as error:
        raise BackupFailedError(
            f"The secret key of the backup cannot be written to {file}: {error}. Nothing was changed. Let this account write "
            "into its folder, or put the right key there yourself."
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _part_of(file: Path) -> Path:
    return file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")


def place_secret_key(file: Path, key: str, at: datetime) -> Path | None:
    """Write a secret key into the file of the settings; the file that keeps the former key, or None if there was none.

    Raises BackupFailedError.
    """
    part = _part_of(file)
    former = file.with_name(f"{file.name}.before-restore-{at:%Y%m%d-%H%M%S}") if file.exists() else None
    try:
        part.touch(mode=0o600)
        part.write_text(key, encoding="utf-8")
        copy_ownership(file if former else file.parent, part)
        sync_to_disk(part)
        if former is not None:
            os.link(file, former)
            make_private(former)
        part.replace(file)
        sync_to_disk(file.parent)
    except OSError as error:
        raise BackupFailedError(f"The secret key cannot be written to {file}: {error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return former


def unpack_content(backup: UnpackedBackup, folder: Path) -> int:
    """Write the content that a backup holds into a new or empty folder; how many files. Raises BackupFailedError."""
    source = backup.folder / CONTENT_PREFIX
    if backup.manifest is None or not source.is_dir():
        raise BackupFailedError("This backup holds no content.")
    try:
        if folder.exists() and any(folder.iterdir()):
            raise BackupFailedError(f"The folder {folder} is not empty. Name another one with --content.")
        shutil.copytree(source, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailedError(f"The content cannot be written to {folder}: {error}.") from error
    return sum(1 for path in folder.rglob("*") if path.is_file())
