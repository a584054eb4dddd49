"""The files of a SQLite database: their permissions, their integrity, locks on them, and replacing them.

Functions here change a database only where they say so. PostgreSQL does all this itself.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

SIDECAR_SUFFIXES = ("-wal", "-shm", "-journal")  # the files that SQLite keeps beside a database
_MAGIC = b"SQLite format 3\0"
_PRIVATE_MODE = 0o600
_NON_OWNER_MODE = stat.S_IRWXG | stat.S_IRWXO
# The bytes that SQLite locks, whatever is in the file: https://www.sqlite.org/fileformat2.html#the_lock_byte_page
_LOCK_START, _LOCK_LENGTH = 0x40000000, 512
# What each connection keeps of the file in KiB, 2,000 by default. There are many connections, and each throws it away when
# another one has written; the system has the file in memory once for all of them.
_CACHE_KIB = 512
# A checkpoint is made after so many transactions of a process that write, or when the -wal file has grown by so many bytes: about
# as often as SQLite itself makes one (1,000 pages).
_WRITES_PER_CHECKPOINT, _BYTES_PER_CHECKPOINT = 100, 4 * 1024 * 1024

_WRONG_FILE_ADVICE = "Set DATABASE_URL to the course's database, or restore a backup: flask backup restore FILE"


def sidecar_path(database: Path, ending: str) -> Path:
    """The file beside a database with this suffix."""
    return database.with_name(database.name + ending)


def make_private(*files: Path) -> list[str]:
    """Make these files accessible to their owner only, where they exist.

    Returns a warning for each file whose permissions this account may not change.
    """
    warnings = []
    for file in files:
        try:
            mode = stat.S_IMODE(file.stat().st_mode)
            if stat.S_ISREG(file.stat().st_mode) and mode & _NON_OWNER_MODE:
                file.chmod(mode & ~_NON_OWNER_MODE)
        except FileNotFoundError:
            continue
        except OSError:
            warnings.append(f"Others on this machine can read {file}. As its owner, run: chmod 600 {file}")
    return warnings


def secure_files(database: Path) -> list[str]:
    """As `make_private`, for a database and the files beside it. A missing folder is created for its owner only."""
    if not database.parent.exists():
        database.parent.mkdir(mode=0o700, parents=True)
    return make_private(database, *(sidecar_path(database, ending) for ending in SIDECAR_SUFFIXES))


def create_private_file(database: Path) -> None:
    """Create an empty file that only its owner may read, unless it exists. SQLite gives the files beside it the same
    mode."""
    try:
        os.close(os.open(database, os.O_CREAT | os.O_EXCL | os.O_RDWR, _PRIVATE_MODE))
    except OSError:
        return  # It exists; or opening it gives the better error message.


def is_sqlite(file: Path) -> bool:
    """Whether a file has the header of a SQLite database."""
    with file.open("rb") as opened:
        return opened.read(16) == _MAGIC


def stale_wal_file(database: Path) -> Path | None:
    """The -wal file beside a database that belongs to another database; None if there is none.

    The header of a database that was copied by `flask backup` says that it needs no -wal file. If a -wal file with content
    lies beside it, the database was replaced and the -wal file was not. SQLite would write the old pages into the new file.
    """
    wal = sidecar_path(database, "-wal")
    try:
        with database.open("rb") as opened:
            head = opened.read(20)
        return wal if head[:16] == _MAGIC and head[18:20] == b"\x01\x01" and wal.stat().st_size else None
    except OSError:
        return None


def read_only_uri(database: Path) -> str:
    """A URI that opens a database read-only; SQLite creates no files beside it."""
    mode = "mode=ro" if any(sidecar_path(database, ending).exists() for ending in SIDECAR_SUFFIXES) else "immutable=1"
    return f"file:{quote(str(database.absolute()))}?{mode}"


def find_damage(database: Path, thorough: bool = False) -> str | None:
    """A sentence about the damage of a database and what to do; None if it is sound or does not exist. `thorough` checks
    every row and key.

    The database is opened read-only, so that nothing of a -wal file of another database is written into it. Only for a
    process that is not connected to it: see `connection_error`.
    """
    if not database.exists() or not database.stat().st_size:
        return None
    wal = stale_wal_file(database)
    if wal is not None:
        return (
            f"{wal} was left behind by another database, which {database} has replaced. {_set_aside_advice(database)}"
        )
    found = _integrity_error(read_only_uri(database), thorough)
    if found is None:
        return None
    if sidecar_path(database, "-wal").exists() and _integrity_error(_uri_without_sidecars(database), thorough) is None:
        return (
            f"{database} is sound, but does not fit the file {sidecar_path(database, '-wal').name} beside it ({found}). "
            f"Was it replaced by a copy? {_set_aside_advice(database)}"
        )
    if "not a database" in found:
        return f"{database} is not a SQLite database that can be read ({found}). {_WRONG_FILE_ADVICE}"
    return _damaged(database, found)


def damage_over(connection: sqlite3.Connection, database: Path) -> str | None:
    """As `find_damage` with every row and key, over an open connection: for a process that has begun to use the database."""
    found = _integrity_words(connection, thorough=True)
    return _damaged(database, found) if found else None


def _damaged(database: Path, found: str) -> str:
    return f"{database} is damaged: {found}. Restore a backup: flask backup restore FILE"


def _set_aside_advice(database: Path) -> str:
    wal, shm = (sidecar_path(database, ending) for ending in ("-wal", "-shm"))
    return (
        f"Stop every server, then move {wal} and {shm} to another folder. "
        "The next time, restore with: flask backup restore FILE"
    )


def _uri_without_sidecars(database: Path) -> str:
    """A URI that opens a database without the files beside it."""
    return f"file:{quote(str(database.absolute()))}?immutable=1"


def _integrity_error(address: str, thorough: bool) -> str | None:
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=15)) as connection:
            return _integrity_words(connection, thorough)
    except sqlite3.Error as error:
        return _error_words(error)


def _integrity_words(connection: sqlite3.Connection, thorough: bool) -> str | None:
    try:
        return connection_error(connection, thorough)
    except sqlite3.Error as error:
        return _error_words(error)


def _error_words(error: sqlite3.Error) -> str | None:
    if isinstance(error, sqlite3.OperationalError):
        # Not damage: a folder that cannot be written to, or another process that writes for very long.
        return str(error) if "malformed" in str(error) else None
    return str(error)


def connection_error(connection: sqlite3.Connection, thorough: bool = True) -> str | None:
    """What is wrong in the database of an open connection; None if it is sound. Opens no file, and so is safe in a process
    that uses the database: by POSIX a process that closes a file loses its locks on it, whoever took them, and SQLite would
    read on in pages that others replace. https://www.sqlite.org/howtocorrupt.html#posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
    """
    kind = "integrity_check" if thorough else "quick_check"
    found = str(connection.execute(f"PRAGMA {kind}(1)").fetchone()[0])
    if found == "ok" and thorough and (row := connection.execute("PRAGMA foreign_key_check").fetchone()):
        return f"a row of {row[0]} belongs to a row of {row[2]} that is not there"
    return None if found == "ok" else " ".join(found.split())


@contextmanager
def exclusive_lock(database: Path) -> Iterator[BinaryIO | None]:
    """Lock a database against all other processes during the block; yields the open file, or None if the database is in use.

    Works on a damaged database as well. In the block this process must not open the file again: closing it would release
    the lock.
    """
    with database.open("r+b") as opened:
        try:
            fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCK_LENGTH, _LOCK_START)
        except OSError:
            yield None
        else:
            yield opened


def prepare_connection(connection: sqlite3.Connection, _record: object) -> None:
    """Set a new connection up: for an engine's "connect"."""
    # The driver's own transactions start late and end early; the engine begins transactions explicitly.
    connection.isolation_level = None
    settings = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"cache_size=-{_CACHE_KIB}")
    # After a commit, when others may write, SQLite makes no checkpoint of its own (see WalKeeper).
    for setting in (*settings, "wal_autocheckpoint=0"):
        connection.execute(f"PRAGMA {setting}")


class WalKeeper:
    """Keeps the -wal file of a database short: writes its content into the database from time to time (a checkpoint).

    Versions of SQLite before 3.51.3 (but 3.50.7 and 3.44.6) damage a database, or lose what was committed, where a commit begins
    the -wal file anew while a checkpoint is at work that follows another one: https://www.sqlite.org/wal.html#walresetbug.
    So a checkpoint is made only by whoever holds the lock of the one who writes.
    """

    def __init__(self, database: Path) -> None:
        self._database, self._wal = database, str(sidecar_path(database, "-wal"))
        self._writes = self._size = 0

    def begin_write(self) -> bool:
        """A transaction has begun that writes, and has written nothing yet: make a checkpoint if it is time. Whether it was made:
        then the transaction should begin anew, because only one that begins after it uses the -wal file from its beginning."""
        self._writes += 1
        try:
            size = os.stat(self._wal).st_size
        except FileNotFoundError:
            return False
        if self._writes < _WRITES_PER_CHECKPOINT and size < self._size + _BYTES_PER_CHECKPOINT:
            return False
        self._writes, self._size = 0, size
        try:
            return _write_back(self._database)
        except sqlite3.Error:  # as of a full disk: what is written now says so itself
            return False


def _write_back(database: Path) -> bool:
    """Make a checkpoint over a connection of its own, while another one holds the lock to write. Whether all was written: not
    what came after the beginning of a transaction that still reads."""
    with closing(sqlite3.connect(database, timeout=0)) as connection:
        busy, frames, written = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return not busy and frames == written


def checkpoint_wal(database: Path) -> bool:
    """Write the content of the -wal file into the database; the file is removed with the last connection. False if another
    connection is busy."""
    if not database.exists():
        return True
    with closing(sqlite3.connect(database, timeout=2, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            return _write_back(database)
        except sqlite3.Error:
            return False


def preserve_database(database: Path, opened: BinaryIO, copy: Path) -> None:
    """Keep the content of a database under a second name, with the files beside it. `opened` comes from `exclusive_lock`."""
    try:
        os.link(database, copy)
    except OSError:  # Not every file system has hard links.
        _copy_stream(opened, copy)
    for ending in ("-wal", "-journal"):
        part = sidecar_path(database, ending)
        if part.exists() and part.stat().st_size:
            with part.open("rb") as source:
                _copy_stream(source, sidecar_path(copy, ending))
    make_private(copy)


def copy_ownership(database: Path, new: Path) -> None:
    """Give a new file the owner of the database, where that is allowed: the command may run under another account, such as
    root."""
    with suppress(OSError):
        os.chown(new, database.stat().st_uid, database.stat().st_gid)


def replace_database(database: Path, new: Path) -> None:
    """Replace a database that no process uses by `new`.

    A crash at any moment leaves one of the two databases, never a database with the -wal file of the other.
    """
    # Removed before the new database is in place: SQLite would apply these files to it.
    for ending in SIDECAR_SUFFIXES:
        sidecar_path(database, ending).unlink(missing_ok=True)
    copy_ownership(database if database.exists() else database.parent, new)
    sync_to_disk(new)
    new.replace(database)
    sync_to_disk(database.parent)


def _copy_stream(source: BinaryIO, target: Path) -> None:
    create_private_file(target)
    with target.open("wb") as written:
        shutil.copyfileobj(source, written)
    sync_to_disk(target)


def sync_to_disk(path: Path) -> None:
    """Flush a file, or the names in a folder, to the disk, so that they survive a power cut."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
