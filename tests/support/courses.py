"""The course of this repository, read once in a process: it takes most of a second, and nothing changes it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from app import _load_library
from config import ROOT
from course.content.library import Library

REAL = ROOT / "modules"
read_library = _load_library  # as it is before tests share what it reads


@cache
def real_course() -> Library:
    """The whole of it, for everybody."""
    return read_library(REAL)


def shared_library(folder: Path) -> Library:
    """The course in a folder: that of this repository is read once in a process, any other each time."""
    return real_course() if folder == REAL else read_library(folder)
