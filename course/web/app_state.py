"""What every page shows around its content, and the way to what the application holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app
from markupsafe import Markup


@dataclass(frozen=True)
class PageFrame:
    """The frame of a page: `name` of the organisation, `person` who is signed in (a Viewer) or None, the
    title of the `course`, the finished top and foot of the page, whether there is an `organisation`
    yet, and the name of the style `sheet` with its colour if it has one of its own."""

    name: str
    person: Any
    course: str
    header: Markup
    footer: Markup
    organisation: bool
    sheet: str | None


def app_state() -> Any:
    """The application's settings (`config`), content (`library`) and database (`engine`)."""
    return current_app.extensions["course"]
