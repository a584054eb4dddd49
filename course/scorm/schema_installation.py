"""Schema files of SCORM from a registry of npm, an archive or a folder into the database, where every host finds them."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.exc import DBAPIError

from course.context import make_context
from course.db import is_lock_failure, storage_fault
from course.outgoing_request import OutgoingRequest, exchange
from course.scorm import actions
from course.scorm.rules.schema_files import (
    MAX_ARCHIVE_BYTES,
    MAX_ENTRIES,
    MAX_FILE_BYTES,
    SCHEMA_NAMES,
    NpmPackage,
    SchemaFilesError,
    SchemaSet,
    archive_files,
    verified_set,
)
from course.web.unit_of_work import unit_of_work

REGISTRY = "https://registry.npmjs.org"
FETCH_SECONDS = 60.0
_slots = threading.BoundedSemaphore(1)
_FAULTS = {
    "full": "the disk of the database is full",
    "unwritable": "the database cannot be written to",
    "away": "the database does not answer",
}


def fetch_archive(package: NpmPackage, registry: str = REGISTRY, ca_file: str | None = None) -> bytes:
    """The archive of a package from a registry. One other than npm's own may have a private address, because whoever runs the
    server named it; `ca_file` are certificate authorities to trust in place of those of the system. Raises SchemaFilesError."""
    address = package.address(registry)
    try:
        host = (urlsplit(address).hostname or "").lower()
    except ValueError as error:
        raise SchemaFilesError(f"{registry} is not an address") from error
    request = OutgoingRequest(
        "GET", address, {"User-Agent": "online-abuse-course"}, FETCH_SECONDS, MAX_ARCHIVE_BYTES,
        private_hosts=frozenset({host} if registry != REGISTRY else ()), ca_file=ca_file,
    )  # fmt: skip
    try:
        answer = exchange(request, _slots)
    except OSError as error:
        raise SchemaFilesError(f"{address} was not fetched: {error}") from error
    if answer.status != 200:
        raise SchemaFilesError(f"{address} was not fetched: the server answered with status {answer.status}")
    if not answer.is_whole or not package.is_archive(answer.body):
        raise SchemaFilesError(
            f"what {address} sent is not {package.name} {package.version}: its SHA-512 is another one"
        )
    return answer.body


def files_at(path: Path) -> SchemaSet:
    """The schema files in an archive (.tgz), or anywhere in a folder. Raises SchemaFilesError."""
    try:
        if path.is_dir():
            return verified_set(_folder_files(path))
        if not path.is_file() or path.stat().st_size > MAX_ARCHIVE_BYTES:
            raise SchemaFilesError("it is no file, or much larger than a package with schema files")
        return verified_set(archive_files(path.read_bytes()))
    except OSError as error:
        raise SchemaFilesError(f"it cannot be read: {error.strerror}") from error


def _folder_files(folder: Path) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for count, path in enumerate(folder.rglob("*")):
        if count >= MAX_ENTRIES * 10:
            raise SchemaFilesError("the folder holds too many files to look through")
        if path.name in SCHEMA_NAMES and path.is_file() and path.stat().st_size <= MAX_FILE_BYTES:
            found.append((path.name, path.read_bytes()))
    return found


def store(files: SchemaSet, source: str, at: datetime) -> bool:
    """Keep the files for all packages from now on; False if they are there already. Raises SchemaFilesError if the database does
    not take them; then it is as it was."""
    try:
        with unit_of_work() as session:
            return actions.install_schemas(make_context(session, None, at), files, source)
    except DBAPIError as error:
        fault = storage_fault(error)
        if fault is None and not is_lock_failure(error):
            raise
        raise SchemaFilesError(_FAULTS[fault] if fault else "the database is busy; try again") from error
