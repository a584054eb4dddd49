"""What every page shows around its content, and the way to what the application holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import current_app


@dataclass(frozen=True)
class Site:
    """The frame of a page: `person` is a Viewer or None, `here` the part of the course one is in."""

    name: str
    person: Any
    here: str
    course: str
    edition: str
    reviewed: date
    support: tuple[Any, ...]


def state() -> Any:
    """The application's settings (`config`), content (`library`) and database (`engine`)."""
    return current_app.extensions["course"]
