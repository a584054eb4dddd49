"""The migrations, loaded once in a process: Alembic loads all of them for each step, and tests take hundreds of steps."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from types import ModuleType

from alembic import util

from config import ROOT

VERSIONS = ROOT / "migrations" / "versions"
load_each_time = util.load_python_file  # as it is before tests share what it loads


@cache
def _migration(filename: str, _changed: int) -> ModuleType:
    return load_each_time(str(VERSIONS), filename)


def load_python_file(folder: str | os.PathLike[str], filename: str | os.PathLike[str]) -> ModuleType:
    """The module in this file: a migration of this repository is run once in a process, any other file each time."""
    file = Path(folder, filename)
    if file.parent != VERSIONS:
        return load_each_time(folder, filename)
    return _migration(file.name, file.stat().st_mtime_ns)
