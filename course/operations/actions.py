"""Making and restoring a backup, trying the mail out, and having a mail sent again."""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.db import lock_row, sqlite_path
from course.jobs import actions as jobs
from course.mail import actions as mail
from course.mail.models import OutboxMail
from course.mail.rules import MailMessage
from course.operations.models import Backup
from course.people.models import Person
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
    sync_to_disk,
)

_IN_USE_MESSAGE = (
    "The database {database} is in use. Stop every server, worker and command of the course, then try again. "
    "Nothing was changed."
)
_REVISIONS_QUERY = f"select version_num from {VERSION_TABLE}"  # noqa: S608
_LAST_ENTRY_QUERY = "select at from audit_entry order by number desc limit 1"


class BackupFailedError(Exception):
    """The backup was not made; the message says why, and what to do."""


@dataclass(frozen=True)
class RestorableBackup:
    """A backup that can be restored: the revision of its schema, and when its newest entry of the log was written."""

    revision: str
    last_entry: str | None


@dataclass(frozen=True)
class RestoreResult:
    """What was put in place, and where the database that was there before is kept (None: there was none)."""

    backup: RestorableBackup
    kept: Path | None


def copy_sqlite(url: str, file: Path) -> int:
    """Copy the SQLite database of `url` into a new file, as it is at one moment, while others go on writing.

    The file is complete or not there at all. Returns its size in bytes. Raises BackupError.
    """
    database = sqlite_path(url)
    if database is None or not database.is_file():
        raise BackupFailedError(f"There is no database {database} yet.")
    # A name of its own: another backup to the same file may be going on.
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        if file.exists():
            raise BackupFailedError(f"{file} is there already. Name a file that is not.")
        _copy_database(str(database), part)
        # Takes the name, unless somebody else did so meanwhile. Not a link: not every disk can have those.
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
    # Readable by its owner only, from the first moment: names, answers and hashes of passwords are in it.
    part.touch(mode=0o600)
    with closing(sqlite3.connect(database, uri=True)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
        # One file that needs no others beside it.
        target.execute("PRAGMA journal_mode=DELETE")
        sound = target.execute("PRAGMA quick_check").fetchone()[0]
    if sound != "ok":
        raise BackupFailedError(f"The copy is damaged ({sound}). Look at the disk, and at the database itself.")
    sync_to_disk(part)


def check_backup(file: Path) -> RestorableBackup:
    """Look through a backup without changing it. Raises BackupError if it is damaged, not ours, or newer than we are."""
    try:
        if not is_sqlite(file):
            raise BackupFailedError(f"{file} is not a SQLite database, so it is no backup of the course.")
        found = find_damage(file, thorough=True)
        if found is not None:
            raise BackupFailedError(f"The backup is not sound, and nothing was changed. {found}")
        with closing(sqlite3.connect(read_only_uri(file), uri=True)) as backup:
            tables = frozenset(
                name for (name,) in backup.execute("select name from sqlite_master where type = 'table'")
            )
            revisions = tuple(n for (n,) in backup.execute(_REVISIONS_QUERY)) if VERSION_TABLE in tables else ()
            last = backup.execute(_LAST_ENTRY_QUERY).fetchone() if "audit_entry" in tables else None
    except (OSError, sqlite3.Error) as error:
        raise BackupFailedError(f"{file} cannot be read: {error}.") from error
    schema = DatabaseSchema(tables, revisions)
    refused = command_refusal(schema, known_revisions(), str(file), older=True)
    if refused is not None or schema.revision is None:
        raise BackupFailedError(f"This backup cannot be restored, and nothing was changed. {refused}")
    return RestorableBackup(schema.revision, last[0][:16] if last else None)


def restore_sqlite(url: str, file: Path, at: datetime) -> RestoreResult:
    """Put a backup in the place of the SQLite database of `url`. What was there is kept beside it.

    Nothing is changed unless the backup is sound and nobody uses the database. Raises BackupError.
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
        # What lies beside a copy of a running database belongs to it: SQLite reads both, and writes one file.
        _copy_database(read_only_uri(file), part)
        return RestoreResult(checked, _replace_database(database, part, f"{at:%Y%m%d-%H%M%S}"))
    except (OSError, sqlite3.Error) as error:
        raise BackupFailedError(f"The backup cannot be put in place: {error}.") from error
    finally:
        part.unlink(missing_ok=True)


def _replace_database(database: Path, new: Path, mark: str) -> Path | None:
    """Put `new` in the place of the database; the name under which the old one is kept."""
    if not database.exists():
        replace_database(database, new)
        return None
    with exclusive_lock(database) as opened:
        if opened is None:
            raise BackupFailedError(_IN_USE_MESSAGE.format(database=database))
    # What was written last is in the -wal file. Into a damaged database it is not written: both are kept as they are.
    if find_damage(database) is None:
        checkpoint_wal(database)
    kept = database.with_name(f"{database.name}.before-restore-{mark}")
    with exclusive_lock(database) as opened:
        if opened is None:
            raise BackupFailedError(_IN_USE_MESSAGE.format(database=database))
        preserve_database(database, opened, kept)
        replace_database(database, new)
    return kept


def record_backup(session: Session, file: str, size: int, at: datetime) -> None:
    """A backup was made: `file` says where, `size` is in bytes."""
    session.add(Backup(file=file[:500], size=size, made_at=at))
    session.flush()
    record_event(session, "backup.made", None, {"file": file[:500], "bytes": size}, None, at)


def record_restore(session: Session, file: str, at: datetime) -> None:
    """A backup was put in the place of the database."""
    record_event(session, "backup.restored", None, {"file": file[:500]}, None, at)


def prefix_of_test_mail(person_id: int) -> str:
    """What the keys of the test mails to somebody begin with."""
    return f"test:{person_id}:"


def send_test_mail(
    session: Session, person_id: int, recipient: str, letter: MailMessage, by: int, at: datetime
) -> bool:
    """Queue a mail that shows whether mail arrives, and have the mail server tried at once. False if one waits to be
    sent already: it is tried at once, and there is no second one."""
    lock_row(session, Person, person_id)
    waiting = select(OutboxMail.id).where(
        OutboxMail.key.startswith(prefix_of_test_mail(person_id)), OutboxMail.recipient == recipient,
        OutboxMail.sent_at.is_(None), OutboxMail.failure.is_(None), OutboxMail.next_try_at.is_not(None),
    )  # fmt: skip
    if session.execute(waiting.limit(1)).first() is not None:
        mail.check_server_now(session, at)
        return False
    mail.queue_message(session, prefix_of_test_mail(person_id) + secrets.token_hex(6), recipient, letter, at)
    mail.check_server_now(session, at)
    record_event(session, "mail.tested", ("person", person_id), {}, by, at)
    return True


def retry_mail(session: Session, mail_id: int, by: int, at: datetime) -> bool:
    """Have a mail sent again; False if that cannot be done (see course.mail.actions.retry_mail)."""
    if not mail.retry_mail(session, mail_id, at):
        return False
    record_event(session, "mail.retried", ("mail", mail_id), {}, by, at)
    return True


def retry_all_mail(session: Session, by: int, at: datetime) -> int:
    """Have every mail sent again that was given up and can be; returns how many these are."""
    count = mail.retry_all_mail(session, at)
    if count:
        record_event(session, "mail.all_retried", None, {"mails": count}, by, at)
    return count


def confirm_mail(session: Session, mail_id: int, by: int, at: datetime) -> bool:
    """Record that a mail has arrived of which it was unknown whether it left; False if that is known."""
    if not mail.confirm_sent(session, mail_id):
        return False
    record_event(session, "mail.confirmed", ("mail", mail_id), {}, by, at)
    return True


def cancel_job(session: Session, job_id: int, by: int, at: datetime) -> bool:
    """Cancel a job that waits or runs; False if it has ended."""
    return _record_job_event(session, "job.cancelled", job_id, jobs.cancel_job(session, job_id, at), by, at)


def repeat_job(session: Session, job_id: int, by: int, at: datetime) -> bool:
    """Put a job that has ended into the queue again; False if it, or another one for the same, waits or runs."""
    return _record_job_event(session, "job.repeated", job_id, jobs.repeat_job(session, job_id, at), by, at)


def _record_job_event(session: Session, what: str, job_id: int, kind: str | None, by: int, at: datetime) -> bool:
    if kind is None:
        return False
    record_event(session, what, ("job", job_id), {"kind": kind}, by, at)
    return True
