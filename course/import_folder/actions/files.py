"""The files of the import folder: found, taken, read and put away.

Another program writes into the folder at any moment. So a file is renamed before it is read, which nobody can do twice, and
a file that changes while it is read is put back and left for later.
"""

from __future__ import annotations

import errno
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from course.import_folder.rules import (
    DONE,
    FILE_RETENTION,
    MAX_MEGABYTES,
    REFUSED,
    TAKEN_PREFIX,
    FileRefusal,
    is_left_alone,
    is_settled,
    kept_name,
    name_refusal,
    original_name,
    shown_name,
    taken_name,
)
from course.translation import lazy_gettext as _

_MAX_BYTES = MAX_MEGABYTES * 1024 * 1024
# A link is not followed; a named pipe that nobody writes into must not keep the worker waiting.
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


class FolderError(ValueError):
    """The folder cannot be used. The message says what is wrong and what to do."""


class FileInUseError(Exception):
    """The file changed while it was read: somebody writes it still."""


def folder_fault(folder: Path) -> str | None:
    """What is wrong with the import folder, and what to do; None if nothing is. It only looks, and never raises: a folder of
    another machine that is away just now is missing."""
    if not os.path.isdir(folder):
        return _(
            "The import folder %(folder)s is missing. Make it, or connect the disk that it is on, and let the course write "
            "into it.",
            folder=str(folder),
        )
    for place in (folder, folder / DONE, folder / REFUSED):
        if os.path.islink(place) and place != folder:
            return _("%(folder)s is a link. Put a folder in its place.", folder=str(place))
        if os.path.exists(place) and not os.path.isdir(place):
            return _("%(folder)s is a file. Put a folder in its place.", folder=str(place))
        if os.path.exists(place) and not os.access(place, os.R_OK | os.W_OK | os.X_OK):
            return _(
                "The course cannot read and write %(folder)s. Let the user of the course do so: lists are moved when they "
                "were taken.",
                folder=str(place),
            )
    return None


def prepare_folder(folder: Path) -> None:
    """Make the folders into which files are put. Raises FolderError."""
    fault = folder_fault(folder)
    if fault is None:
        try:
            for name in (DONE, REFUSED):
                (folder / name).mkdir(mode=0o770, exist_ok=True)
            return
        except OSError as error:
            fault = _folder_text(folder, error)
    raise FolderError(fault)


def _folder_text(folder: Path, error: OSError) -> str:
    return _(
        "Files in the import folder %(folder)s cannot be moved (%(error)s). Let the user of the course write into it and into "
        "the folders in it.",
        folder=str(folder),
        error=error.strerror or str(error),
    )


def complete_files(folder: Path, at: datetime) -> list[str]:
    """The names of the files that can be taken at a moment, in the order in which they are; a file that a worker was taking
    when it died comes before one of the same name. Raises FolderError."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                was_taken = entry.name.startswith(TAKEN_PREFIX)
                if entry.is_dir(follow_symlinks=False) or (is_left_alone(entry.name) and not was_taken):
                    continue
                # The moment of the last change of any kind: the other one is what the sender's clock says.
                changed = datetime.fromtimestamp(entry.stat(follow_symlinks=False).st_ctime, UTC)
                if is_settled(changed, at):
                    found.append(entry.name)
    except OSError as error:
        raise FolderError(_folder_text(folder, error)) from error
    return sorted(found, key=lambda name: (original_name(name), not name.startswith(TAKEN_PREFIX)))


def take_file(folder: Path, name: str) -> Path | None:
    """Take a file out of the hands of whoever writes into the folder; None if it is not there any more. Raises FolderError."""
    taken = folder / taken_name(name)
    try:
        if taken.name != name:
            (folder / name).rename(taken)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FolderError(_folder_text(folder, error)) from error
    return taken


def read_file(taken: Path) -> bytes:
    """The bytes of a file that was taken. Raises FileRefusal if it is no file that may be read, FileInUseError if it changes
    meanwhile."""
    refusal = name_refusal(shown_name(taken.name))
    if refusal is not None:
        raise FileRefusal(refusal)
    try:
        descriptor = os.open(taken, _FLAGS)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise FileRefusal(_("This is a link. Put the list itself into the folder.")) from error
        words = _("The course cannot read this file (%(error)s). Let its user read it.", error=error.strerror)
        raise FileRefusal(words) from error
    with os.fdopen(descriptor, "rb") as file:
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise FileRefusal(_("This is not a file. Put the list itself into the folder."))
        if before.st_size > _MAX_BYTES:
            words = _("The file is larger than %(most)s MB. Divide the list, or save it as CSV.", most=MAX_MEGABYTES)
            raise FileRefusal(words)
        data = file.read(_MAX_BYTES + 1)
        if _state(before) != _state(os.fstat(file.fileno())) or len(data) != before.st_size:
            raise FileInUseError(taken.name)
    return data


def _state(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def put_back(folder: Path, taken: Path) -> None:
    """Leave a file for later. If a newer one of its name has come meanwhile, it keeps the name that it has. Raises FolderError."""
    try:
        if not (folder / original_name(taken.name)).exists():
            taken.rename(folder / original_name(taken.name))
    except OSError as error:
        raise FolderError(_folder_text(folder, error)) from error


def put_away(folder: Path, taken: Path, place: str, at: datetime) -> Path:
    """Move a file that was taken into one of the folders DONE and REFUSED; returns where it is. Raises FolderError."""
    name, number = original_name(taken.name), 0
    while os.path.lexists(target := folder / place / kept_name(name, at.astimezone(UTC), number)):
        number += 1
    try:
        taken.rename(target)
    except OSError as error:
        raise FolderError(_folder_text(folder, error)) from error
    return target


def write_report(file: Path, text: str) -> None:
    """Put a text beside a file that was put away. Raises FolderError."""
    try:
        with file.with_name(f"{file.name}.report.txt").open("x", encoding="utf-8") as report:
            report.write(text)
    except OSError as error:
        raise FolderError(_folder_text(file.parent, error)) from error


def delete_old_files(folder: Path, at: datetime) -> int:
    """Delete what was put away longer ago than it is kept: it is full of people. Returns how many files. Raises FolderError."""
    deleted = 0
    try:
        for place in (folder / DONE, folder / REFUSED):
            if place.is_symlink() or not place.is_dir():
                continue
            for file in place.iterdir():
                # Moving a file counts as a change of it.
                moved = datetime.fromtimestamp(file.lstat().st_ctime, UTC)
                if at - moved >= FILE_RETENTION and (file.is_symlink() or not file.is_dir()):
                    file.unlink(missing_ok=True)
                    deleted += 1
    except OSError as error:
        raise FolderError(_folder_text(folder, error)) from error
    return deleted
