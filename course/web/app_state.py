"""The state of the application (settings, content, database), and the frame of a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app
from markupsafe import Markup


@dataclass(frozen=True)
class PageFrame:
    """The frame of a page: the `name` of the organisation, the `person` who is signed in (a Viewer) or None, the title of
    the `course`, the rendered `header` and `footer`, the words and addresses that scripts need (`device`), whether there
    is an `organisation` yet, and the name of the style `sheet` with the organisation's colour (None: the colour of the
    course)."""

    name: str
    person: Any
    course: str
    header: Markup
    footer: Markup
    device: Markup
    organisation: bool
    sheet: str | None


def app_state() -> Any:
    """The settings (`config`), the content (`library`) and the database (`engine`) of the application."""
    return current_app.extensions["course"]
