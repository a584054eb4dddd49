"""Rules of health: what one word says about each part of a server, and whether it may be sent people. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from course.server.rules import KeyState

Word = Literal["ok", "down", "other", "silent", "low", "full", "missing", "closed", "unknown"]
Status = Literal["ready", "attention", "not ready"]
MIN_FREE_BYTES = 50_000_000  # below this nothing may be written any more: an answer that is sent could be lost
LOW_FREE_BYTES = 1_000_000_000
# A server with one of these words must not be sent people: each of them keeps people from working. What the others say needs
# somebody soon, but a server that shows its pages is better than none: no worker (mail waits), a full disk for backups.
STOPPING: Mapping[str, frozenset[Word]] = {
    "database": frozenset({"down"}),
    "migrations": frozenset({"other"}),
    "disk": frozenset({"full"}),
    "key": frozenset({"other"}),
}


@dataclass(frozen=True)
class DatabaseHealth:
    """What a database that answers says: the `revision` of its schema, how the secret key fits, and whether any worker was
    seen lately."""

    revision: str | None
    key: KeyState
    worker: bool


@dataclass(frozen=True)
class DiskHealth:
    """Free bytes for the database and for backups; None where there is no such folder on this machine, -1 where it is set
    and missing. `import_folder` says how the folder for lists of people is; None if none is set."""

    database: int | None
    backups: int | None
    import_folder: Word | None = None


@dataclass(frozen=True)
class Readiness:
    """One word for each part, and what follows from them."""

    status: Status
    words: dict[str, Word] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        """Whether people may be sent to this server."""
        return self.status != "not ready"


def disk_word(free: int | None) -> Word:
    """One word for so many free bytes; see DiskHealth."""
    if free is None:
        return "ok"
    if free < 0:
        return "missing"
    return "full" if free < MIN_FREE_BYTES else "low" if free < LOW_FREE_BYTES else "ok"


def readiness(database: DatabaseHealth | None, newest_revision: str, disk: DiskHealth) -> Readiness:
    """How this server stands; `database` is None if the database does not answer in time."""
    words: dict[str, Word] = {"database": "ok" if database else "down"}
    if database is None:
        words |= {"migrations": "unknown", "worker": "unknown", "key": "unknown"}
    else:
        words["migrations"] = "ok" if database.revision == newest_revision else "other"
        words["worker"] = "ok" if database.worker else "silent"
        words["key"] = "other" if database.key == "other" else "ok"
    words["disk"] = disk_word(disk.database)
    words["backup_disk"] = disk_word(disk.backups)
    if disk.import_folder is not None:
        words["import_folder"] = disk.import_folder
    if any(words[part] in stopping for part, stopping in STOPPING.items()):
        return Readiness("not ready", words)
    return Readiness("ready" if set(words.values()) == {"ok"} else "attention", words)


@dataclass(frozen=True)
class DiskSpace:
    """How much room there is for something on this machine: `free` bytes, None where the folder is missing, and the word for
    it."""

    free: int | None
    word: Word

    @property
    def is_fine(self) -> bool:
        """Whether nobody needs to look."""
        return self.word == "ok"


def disk_space(free: int | None) -> DiskSpace | None:
    """What the page Health says of so many free bytes; None where nothing of it is on this machine. See DiskHealth."""
    return None if free is None else DiskSpace(None if free < 0 else free, disk_word(free))
