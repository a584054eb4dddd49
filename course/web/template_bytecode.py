"""The compiled code of templates, kept where Python keeps that of modules, so that a process compiles only what has changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import threading
from importlib.metadata import version
from pathlib import Path
from pickle import UnpicklingError

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class TemplateBytecode(BytecodeCache):
    """Compiled templates in `__pycache__` of the templates' folder, for one state of the program: a filter, too, is worked out
    when a template is compiled, where what it is given is known by then.

    As with Python's own: nothing is written where nothing can be (a read-only installation), or under
    PYTHONDONTWRITEBYTECODE, and whoever could write there could write the program. Files of an earlier state are removed by
    the first process that writes one of a later state.
    """

    def __init__(self, templates: Path, program: Path) -> None:
        self._all = templates / "__pycache__"
        self._folder = self._all / f"{sys.implementation.cache_tag}-{_state_of(program)}"
        self._writes = not sys.dont_write_bytecode

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            with (self._folder / bucket.key).open("rb") as source:
                bucket.load_bytecode(source)  # which leaves it empty if the template has changed
        except (OSError, EOFError, ValueError, TypeError, UnpicklingError):  # there is none, or it is cut off
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        if not self._writes:
            return
        try:
            if not self._folder.is_dir():
                self._begin()
            # Whoever reads meanwhile sees the whole file or none.
            unfinished = self._folder / f"{bucket.key}.{os.getpid()}-{threading.get_ident()}"
            with unfinished.open("xb") as target:
                bucket.write_bytecode(target)
            unfinished.replace(self._folder / bucket.key)
        except OSError:
            self._writes = False

    def _begin(self) -> None:
        for earlier in self._all.glob(f"{sys.implementation.cache_tag}-*"):
            shutil.rmtree(earlier, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)


def _state_of(program: Path) -> str:
    """A name for the state of the program: of Jinja, and of all its Python files, by size and time of change as Python itself
    does it."""
    digest = hashlib.sha256(version("jinja2").encode())
    folders = [str(program)]
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.name.endswith(".py"):
                    found = entry.stat()
                    digest.update(f"{entry.path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]
