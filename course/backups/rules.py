"""Rules of backups: when one is overdue, the names of regular backups and which of them are kept, and the manifest of an
archive."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

BACKUP_INTERVAL = timedelta(days=7)
BACKUPS_KEPT = 14
MONTHS_KEPT = 12
ARCHIVE_FORMAT = 1
# The names of what an archive holds.
MANIFEST_NAME = "manifest.json"
SQLITE_NAME = "database.db"
DUMP_NAME = "database.dump"
KEY_NAME = "secret-key"
CONTENT_PREFIX = "content/"

EngineName = Literal["sqlite", "postgresql"]
FileKind = Literal["archive", "encrypted", "sqlite", "dump", "other"]
_NAME = re.compile(r"course-\d{8}-\d{6}\.(?:db|tar\.gz)(?:\.age)?")
_MEMBER = re.compile(r"(?!/)(?!.*(?:^|/)\.\.?(?:/|$))[^\0\\]+")
_KINDS: tuple[tuple[bytes, FileKind], ...] = (
    (b"\x1f\x8b", "archive"),
    (b"age-encryption.org/v1\n", "encrypted"),
    (b"SQLite format 3\0", "sqlite"),
    (b"PGDMP", "dump"),
)


class BackupFailedError(Exception):
    """A backup was not made, not verified or not restored; the message says why, and what to do."""


def no_upgrade_message(reason: BackupFailedError) -> str:
    """The message for a database that was not migrated, because there is no backup of it."""
    return f"The database was not brought up to date, because no backup could be made first. {reason}"


@dataclass(frozen=True)
class RestorableBackup:
    """A backup that can be restored: the revision of its schema, and when its newest audit event was written (text, UTC, to
    the minute; None if there is none, or if the kind of file does not tell)."""

    revision: str | None
    newest_event_at: str | None


@dataclass(frozen=True)
class ArchiveMember:
    """A file in an archive: its size in bytes and its SHA-256 (hexadecimal)."""

    size: int
    sha256: str


@dataclass(frozen=True)
class BackupManifest:
    """What an archive says about itself.

    `tables` has the number of rows of each table; `settings` holds no secret (see `settings_fingerprint`); `key` tells which
    secret key the database was used with and does not give it away; `members` are the other files of the archive.
    """

    made_at: datetime
    program: str
    engine: EngineName
    revision: str
    newest_event_at: str | None
    tables: Mapping[str, int]
    settings: Mapping[str, str]
    key: str
    members: Mapping[str, ArchiveMember]

    def to_json(self) -> str:
        """The manifest as the text of the file MANIFEST_NAME."""
        values = {"format": ARCHIVE_FORMAT, **asdict(self), "made_at": self.made_at.isoformat()}
        return json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False)


def read_manifest(text: str) -> BackupManifest:
    """The manifest from its text. Raises BackupFailedError if it is none, or of a newer program."""
    try:
        values: dict[str, Any] = json.loads(text)
        number = values.pop("format")
        if number != ARCHIVE_FORMAT:
            raise BackupFailedError(f"This backup has format {number}: it was made by a newer version of the course.")
        members = {name: ArchiveMember(**one) for name, one in values.pop("members").items()}
        found = BackupManifest(members=members, made_at=datetime.fromisoformat(values.pop("made_at")), **values)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BackupFailedError("This is no backup of the course: its manifest cannot be read.") from error
    if not all(_MEMBER.fullmatch(name) for name in found.members):
        raise BackupFailedError("This is no backup of the course: its manifest names files outside of it.")
    return found


def file_kind(head: bytes) -> FileKind:
    """What a file is, by its first bytes (22 or more)."""
    return next((kind for magic, kind in _KINDS if head.startswith(magic)), "other")


def secret_key_mark(secret: str) -> str:
    """What tells a secret key from others in a manifest, and does not give it away."""
    return hmac.new(secret.encode(), b"backup: which secret key this is", hashlib.sha256).hexdigest()


def settings_fingerprint(secret: str, plain: Mapping[str, str], hidden: Mapping[str, str]) -> dict[str, str]:
    """Settings for a manifest: the `plain` ones as they are, of the `hidden` ones a hash that only this secret key gives."""
    hashes = {
        name: hmac.new(secret.encode(), f"backup: {name}={value}".encode(), hashlib.sha256).hexdigest()[:16]
        for name, value in hidden.items()
    }
    return {**plain, **hashes}


def differing_counts(expected: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    """A sentence for each table whose number of rows is not the expected one."""
    return [
        f"{table} has {found.get(table, 0)} rows instead of {expected.get(table, 0)}"
        for table in sorted({*expected, *found})
        if expected.get(table, 0) != found.get(table, 0)
    ]


def is_backup_overdue(newest: datetime | None, at: datetime) -> bool:
    """Whether the newest backup is older than BACKUP_INTERVAL, or there is none."""
    return newest is None or at - newest > BACKUP_INTERVAL


def backup_name(at: datetime, encrypted: bool = False) -> str:
    """The name of the file of a regular backup, by its moment in UTC. Later names sort behind earlier ones."""
    return f"course-{at:%Y%m%d-%H%M%S}.tar.gz" + (".age" if encrypted else "")


def backup_names(at: datetime, encrypted: bool = False) -> list[str]:
    """The names for a regular backup, the best first: of its moment, or, when others have them, of the seconds after it."""
    return [backup_name(at + timedelta(seconds=later), encrypted) for later in range(60)]


def expired_backups(names: Iterable[str]) -> list[str]:
    """Of the names of a folder the regular backups that are not kept: neither one of the newest BACKUPS_KEPT nor the first
    of one of the newest MONTHS_KEPT months. Other files are left alone."""
    regular = sorted((name for name in names if _NAME.fullmatch(name)), reverse=True)
    first_of_month = {name[: len("course-202611")]: name for name in regular}  # the last one put in is the earliest
    months = sorted(first_of_month, reverse=True)[:MONTHS_KEPT]
    kept = {*regular[:BACKUPS_KEPT], *(first_of_month[month] for month in months)}
    return [name for name in regular if name not in kept]
