"""A disk of a few megabytes in memory, which a test can fill, make read-only, and mend."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.postgres import root_prefix

MEGABYTES = 80  # so that there is enough room, as the course sees it, while it is not filled


class SmallDisk:
    """A mounted folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Take every byte that is left."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self) -> None:
        """Give it back."""
        self._ballast.unlink()

    def set_read_only(self, read_only: bool) -> None:
        """As the system does when a disk begins to fail. Only while no file is open for writing."""
        _mount("-o", "remount,ro" if read_only else "remount,rw", str(self.folder))


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Mount a file system of MEGABYTES on an empty folder."""
    _mount("-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder))
    try:
        yield SmallDisk(folder)
    finally:
        _run("umount", "-l", str(folder))


def _mount(*arguments: str) -> None:
    _run("mount", *arguments)


def _run(*command: str) -> None:
    prefix = root_prefix()
    if prefix is None:
        raise RuntimeError("mounting a small disk needs root, or a sudo that asks for no password")
    subprocess.run([*prefix, *command], check=True, capture_output=True, text=True)
