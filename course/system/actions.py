"""Making a backup, trying the mail out, and having a mail sent again."""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from course.audit.actions import record
from course.mail import actions as mail
from course.mail.rules import Letter
from course.system.models import Backup


class BackupError(Exception):
    """The backup was not made; the message says why, and what to do."""


def copy_sqlite(url: str, file: Path) -> int:
    """Copy the SQLite database of `url` into a new file, as it is at one moment, while others go on writing.

    The file is complete or not there at all. Returns its size in bytes. Raises BackupError.
    """
    database = make_url(url).database or ""
    if not Path(database).is_file():
        raise BackupError(f"There is no database {database} yet.")
    part = file.with_name(f".{file.name}.part")
    try:
        if file.exists():
            raise BackupError(f"{file} is there already. Name a file that is not.")
        part.unlink(missing_ok=True)
        # Readable by its owner only, from the first moment: names, answers and hashes of passwords are in it.
        part.touch(mode=0o600)
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
            # One file that needs no others beside it.
            target.execute("PRAGMA journal_mode=DELETE")
            sound = target.execute("PRAGMA quick_check").fetchone()[0]
        if sound != "ok":
            raise BackupError(f"The copy is damaged ({sound}). Look at the disk, and at the database itself.")
        os.link(part, file)
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"{file} cannot be written: {error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return file.stat().st_size


def note_backup(session: Session, file: str, size: int, at: datetime) -> None:
    """A backup was made: `file` says where, `size` is in bytes."""
    session.add(Backup(file=file[:500], size=size, made_at=at))
    session.flush()
    record(session, "backup.made", None, {"file": file[:500], "bytes": size}, None, at)


def key_of_tests(person_id: int) -> str:
    """What the keys of the test mails to somebody begin with."""
    return f"test:{person_id}:"


def send_test_mail(session: Session, person_id: int, recipient: str, letter: Letter, by: int, at: datetime) -> None:
    """Queue a mail that shows whether mail arrives, and have the mail server tried at once."""
    mail.queue(session, key_of_tests(person_id) + secrets.token_hex(6), recipient, letter, at)
    mail.look_now(session, at)
    record(session, "mail.tested", ("person", person_id), {}, by, at)


def retry_mail(session: Session, mail_id: int, by: int, at: datetime) -> bool:
    """Have a mail sent again; False if that cannot be done (see course.mail.actions.retry)."""
    if not mail.retry(session, mail_id, at):
        return False
    record(session, "mail.retried", ("mail", mail_id), {}, by, at)
    return True


def retry_all_mail(session: Session, by: int, at: datetime) -> int:
    """Have every mail sent again that was given up and can be; returns how many these are."""
    count = mail.retry_all(session, at)
    if count:
        record(session, "mail.all_retried", None, {"mails": count}, by, at)
    return count
