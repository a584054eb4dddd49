"""Archives: one file with the database, the content and a manifest; verified after writing, and encrypted if a key is set."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO

import pyrage
from pyrage import x25519
from sqlalchemy import Engine, create_engine

from course.backups.actions import dumps
from course.backups.actions.sqlite_copies import check_backup, copy_sqlite
from course.backups.queries import DatabaseFacts, database_facts
from course.backups.rules import (
    CONTENT_PREFIX,
    DUMP_NAME,
    KEY_NAME,
    MANIFEST_NAME,
    SQLITE_NAME,
    ArchiveMember,
    BackupFailedError,
    BackupManifest,
    FileKind,
    RestorableBackup,
    differing_counts,
    file_kind,
    read_manifest,
    secret_key_mark,
)
from course.db import assert_outside_unit_of_work, sqlite_path
from course.schema_upgrade.queries import known_revisions
from course.sqlite_file import sync_to_disk

CHUNK = 1 << 20  # bytes that are read at once
MAX_MANIFEST = 1 << 24  # bytes
_COMPRESSION = 3  # of gzip: nearly as small as 9 and five times as fast


@dataclass(frozen=True)
class ArchiveOrder:
    """What goes into an archive besides the database: moment, version of the program, settings without secrets, the secret
    key (kept only in an encrypted archive), the folder of the content, and for whom it is encrypted (nobody: it is not)."""

    at: datetime
    program: str
    settings: Mapping[str, str]
    secret_key: str
    content: Path
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True)
class UnpackedBackup:
    """A backup whose files lie in `folder`; `manifest` is None for a plain copy of a database or a dump."""

    folder: Path
    database: Path
    kind: FileKind
    manifest: BackupManifest | None

    @property
    def is_dump(self) -> bool:
        """Whether the database is a dump of PostgreSQL, and not a SQLite file."""
        return self.kind == "dump" or (self.manifest is not None and self.manifest.engine == "postgresql")

    def secret_key(self) -> str | None:
        """The secret key that the backup holds; None if it holds none."""
        file = self.folder / KEY_NAME
        # Beside a plain copy there may lie a file of this name that does not belong to it.
        return file.read_text(encoding="utf-8") if self.manifest and KEY_NAME in self.manifest.members else None


def create_archive(engine: Engine, url: str, files: Sequence[Path], order: ArchiveOrder) -> tuple[Path, BackupManifest]:
    """Write the database of `url` as it is at one moment, and what belongs to it, into a new file, and read that back.

    It is the first of `files`, all of one folder, that does not exist when the backup is ready; returned with its manifest.
    Others may go on writing. The file is complete and verified, or does not exist. Raises BackupFailedError.
    """
    assert_outside_unit_of_work("making a backup")
    file = files[0]
    # A unique name: another backup to the same file may be running.
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        if all(one.exists() for one in files):
            raise FileExistsError(file)
        with _workspace(file, url, order.recipients) as folder:
            manifest = _gather(engine, url, folder, order)
            own = _write(folder, part, manifest, order)
            with unpacked(part, [own] if own else [], folder / "read-back") as again:
                verify_unpacked(again)
        file = _reserve(files)
        part.replace(file)
        sync_to_disk(file.parent)
    except FileExistsError as error:
        raise BackupFailedError(f"{file} is there already. Name a file that is not.") from error
    except (OSError, sqlite3.Error, pyrage.EncryptError) as error:
        raise BackupFailedError(f"{file} cannot be written: {error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return file, manifest


def _reserve(files: Sequence[Path]) -> Path:
    """Make an empty file under the first of the names that nobody has, also no other process meanwhile. Raises
    FileExistsError."""
    for file in files:
        # Not by a hard link: not every file system has those.
        with suppress(FileExistsError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            return file
    raise FileExistsError(files[0])


@contextmanager
def _workspace(file: Path, url: str, recipients: Sequence[str]) -> Iterator[Path]:
    """A folder for its owner only. What is to be encrypted is never written where the backups are kept, in the clear."""
    database = sqlite_path(url)
    parent = file.parent if not recipients else database.parent if database else None
    with tempfile.TemporaryDirectory(prefix=_prefix(parent), dir=parent) as folder:
        yield Path(folder)


def _prefix(parent: Path | None) -> str:
    """How the name of a folder begins in which a backup is put together or read: longer among the temporary files of all
    programs (None), from where it is deleted if the program was killed (see delete_leftovers)."""
    return ".backup-" if parent else ".course-backup-"


def _gather(engine: Engine, url: str, folder: Path, order: ArchiveOrder) -> BackupManifest:
    """Put the files of an archive into a folder; the manifest that describes them."""
    if engine.dialect.name == "sqlite":
        copy_sqlite(url, folder / SQLITE_NAME)
        facts = sqlite_facts(folder / SQLITE_NAME)
        files = {SQLITE_NAME: folder / SQLITE_NAME}
    else:
        facts = dumps.dump_postgresql(engine, url, folder / DUMP_NAME)
        files = {DUMP_NAME: folder / DUMP_NAME}
    if order.recipients:
        files[KEY_NAME] = folder / KEY_NAME
        files[KEY_NAME].touch(mode=0o600)
        files[KEY_NAME].write_text(order.secret_key, encoding="utf-8")
    files |= {f"{CONTENT_PREFIX}{name}": path for name, path in _content_files(order.content)}
    return BackupManifest(
        made_at=order.at,
        program=order.program,
        engine="sqlite" if engine.dialect.name == "sqlite" else "postgresql",
        revision=facts.revision,
        newest_event_at=facts.newest_event_at,
        tables=facts.tables,
        settings=order.settings,
        key=secret_key_mark(order.secret_key),
        members={name: _described(path) for name, path in files.items()},
    )


def sqlite_facts(file: Path) -> DatabaseFacts:
    """What a SQLite file holds that nobody else uses."""
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(file))
    try:
        with engine.connect() as connection:
            return database_facts(connection)
    finally:
        engine.dispose()


def _content_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """The regular files of the content by their names in it, without hidden ones."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not path.is_symlink() and not any(part.startswith((".", "__")) for part in name.parts):
            yield name.as_posix(), path


def _described(path: Path) -> ArchiveMember:
    with path.open("rb") as opened:
        return ArchiveMember(path.stat().st_size, hashlib.file_digest(opened, "sha256").hexdigest())


def _write(folder: Path, part: Path, manifest: BackupManifest, order: ArchiveOrder) -> str | None:
    """Write the archive. Of an encrypted one the identity that opens it, which is kept in memory and used once."""
    part.touch(mode=0o600)
    if not order.recipients:
        with part.open("wb") as written:
            _write_tar(folder, written, manifest, order.content)
        sync_to_disk(part)
        return None
    plain, own = folder / "archive.tar.gz", x25519.Identity.generate()
    with plain.open("wb") as written:
        _write_tar(folder, written, manifest, order.content)
    # Also for an identity of this moment, so that the file can be read back where the real one is not known.
    recipients = [*(x25519.Recipient.from_str(key) for key in order.recipients), own.to_public()]
    with plain.open("rb") as source, part.open("wb") as target:
        pyrage.encrypt_io(source, target, recipients)
    plain.unlink()
    sync_to_disk(part)
    return str(own)


def _write_tar(folder: Path, written: BinaryIO, manifest: BackupManifest, content: Path) -> None:
    moment = manifest.made_at.timestamp()

    def described(name: str, size: int) -> tarfile.TarInfo:
        found = tarfile.TarInfo(name)
        found.size, found.mode, found.mtime = size, 0o600, int(moment)
        return found

    with tarfile.open(fileobj=written, mode="w:gz", compresslevel=_COMPRESSION, format=tarfile.PAX_FORMAT) as tar:
        text = manifest.to_json().encode()
        tar.addfile(described(MANIFEST_NAME, len(text)), io.BytesIO(text))
        for name, member in manifest.members.items():
            path = content / name.removeprefix(CONTENT_PREFIX) if name.startswith(CONTENT_PREFIX) else folder / name
            with path.open("rb") as source:
                tar.addfile(described(name, member.size), source)


def read_identities(file: Path) -> list[str]:
    """The secret keys of a file that 'flask backup new-key' or age-keygen made. Raises BackupFailedError."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupFailedError(f"{file} cannot be read: {error}.") from error
    found = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not found:
        raise BackupFailedError(f"{file} holds no secret key.")
    return found


def _identity(text: str) -> x25519.Identity:
    try:
        return x25519.Identity.from_str(text)
    except pyrage.IdentityError as error:
        raise BackupFailedError("The file of --identity holds no secret key of age.") from error


def new_identity() -> tuple[str, str]:
    """A new pair of keys: the secret one, which opens backups, and the public one, which encrypts them."""
    made = x25519.Identity.generate()
    return str(made), str(made.to_public())


def kind_of_file(file: Path) -> FileKind:
    """What a file is, by its first bytes. Raises BackupFailedError if it cannot be read."""
    try:
        with file.open("rb") as opened:
            return file_kind(opened.read(32))
    except OSError as error:
        raise BackupFailedError(f"{file} cannot be read: {error}.") from error


@contextmanager
def unpacked(file: Path, identities: Iterable[str], folder: Path | None = None) -> Iterator[UnpackedBackup]:
    """The files of a backup of any kind, each held against its checksum, in a folder that is removed afterwards.

    `folder` is made; without one the files lie beside the backup if that folder can be written to, otherwise among the
    temporary files of the system. Raises BackupFailedError.
    """
    kind = kind_of_file(file)
    if kind in ("sqlite", "dump"):
        yield UnpackedBackup(file.parent, file, kind, None)
        return
    if kind == "other":
        raise BackupFailedError(f"{file} is no backup of the course.")
    parent = file.parent if os.access(file.parent, os.W_OK) else None
    if folder is not None:
        folder.mkdir(mode=0o700)
        parent = folder
    with tempfile.TemporaryDirectory(prefix=_prefix(parent), dir=parent) as name:
        place = Path(name)
        archive = file
        if kind == "encrypted":
            archive = place / "archive.tar.gz"
            _decrypt(file, archive, list(identities))
        (place / "files").mkdir()
        manifest = _extract(archive, place / "files")
        database = place / "files" / (SQLITE_NAME if manifest.engine == "sqlite" else DUMP_NAME)
        yield UnpackedBackup(database.parent, database, kind, manifest)


def _decrypt(file: Path, plain: Path, identities: list[str]) -> None:
    if not identities:
        raise BackupFailedError(f"{file} is encrypted. Name the file of the secret key that opens it: --identity FILE")
    plain.touch(mode=0o600)
    try:
        with file.open("rb") as source, plain.open("wb") as target:
            pyrage.decrypt_io(source, target, [_identity(text) for text in identities])
    except (pyrage.DecryptError, OSError) as error:
        raise BackupFailedError(
            f"{file} cannot be decrypted: {error}. Is it another key, or is the file damaged?"
        ) from error


def _extract(archive: Path, folder: Path) -> BackupManifest:
    """Write the members of an archive that its manifest names into a folder; nothing else, and nowhere else."""
    try:
        with tarfile.open(archive, mode="r:gz") as tar:
            first = tar.next()
            opened = tar.extractfile(first) if first and first.name == MANIFEST_NAME else None
            if opened is None:
                raise BackupFailedError("This is no backup of the course: it does not begin with its manifest.")
            manifest = read_manifest(opened.read(MAX_MANIFEST).decode())
            missing = dict(manifest.members)
            for member in tar:
                if member.name == MANIFEST_NAME:
                    continue
                expected = missing.pop(member.name, None)
                source = tar.extractfile(member)
                if expected is None or source is None or not member.isfile():
                    raise BackupFailedError(f"The backup holds {member.name}, which its manifest does not name.")
                # Its size first, so that no more is written than the manifest says.
                if member.size != expected.size or _stored(source, folder / member.name) != expected:
                    raise BackupFailedError(f"The backup is damaged: {member.name} is not as it was written.")
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error) as error:
        raise BackupFailedError(f"The backup cannot be read to its end, and nothing was changed: {error}.") from error
    if missing:
        raise BackupFailedError(f"The backup is not complete: {', '.join(sorted(missing)[:3])} is missing.")
    return manifest


def _stored(source: IO[bytes], path: Path) -> ArchiveMember:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    size, digest = 0, hashlib.sha256()
    with path.open("wb") as target:
        while block := source.read(CHUNK):
            size += target.write(block)
            digest.update(block)
    return ArchiveMember(size, digest.hexdigest())


def verify_unpacked(backup: UnpackedBackup, trial_server: str | None = None) -> RestorableBackup:
    """Read the database of a backup to its end. With `trial_server`, the address of a PostgreSQL database, a dump is also
    restored there into a database that is removed again. Raises BackupFailedError if it cannot be restored."""
    manifest = backup.manifest
    if manifest is not None and manifest.revision not in known_revisions():
        raise BackupFailedError(
            f"This backup belongs to a newer version of the course ({manifest.program}, schema {manifest.revision}). "
            "Nothing was changed."
        )
    if backup.kind == "sqlite" or (manifest is not None and manifest.engine == "sqlite"):
        found = check_backup(backup.database)
        if manifest is not None and (differ := differing_counts(manifest.tables, sqlite_facts(backup.database).tables)):
            raise BackupFailedError(f"The backup does not hold what it says: {'; '.join(differ)}.")
        return found
    dumps.read_dump(backup.database)
    if trial_server is not None:
        dumps.restore_on_trial(trial_server, backup.database, dict(manifest.tables) if manifest else None)
    return RestorableBackup(manifest.revision, manifest.newest_event_at) if manifest else RestorableBackup(None, None)
