"""A clock for processes that a test starts, which it sets while they run: libfaketime, from Debian's package of that name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.support.postgres import apt_install

PACKAGE = "libfaketime"


def find_library() -> Path | None:
    """The library, in the form for programs with threads; None if it is not there."""
    return next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


@dataclass(frozen=True)
class FakeClock:
    """`settings` are the variables of the environment of a process that is to have this clock."""

    file: Path
    settings: Mapping[str, str]

    def set(self, off: timedelta) -> None:
        """How far from the real time it is, from now on."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{off.total_seconds():+.0f}\n")
        new.replace(self.file)


def fake_clock(file: Path) -> FakeClock:
    """A clock that is right as long as nobody sets it; `file` holds its state. Installs the library if it is missing."""
    library = find_library()
    if library is None:
        apt_install(PACKAGE)
        library = find_library()
    if library is None:
        raise RuntimeError(f"apt-get installed {PACKAGE}, but there is no libfaketimeMT.so.1 below /usr/lib")
    settings = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    made = FakeClock(file, settings)
    made.set(timedelta())
    return made
