"""The loaded course, for views and commands."""

from __future__ import annotations

from course.content.library import Library
from course.translation import current_language
from course.web.app_state import app_state


def library() -> Library:
    """The content that is taught now, in the current language as far as it is translated."""
    loaded = app_state().library
    assert isinstance(loaded, Library)  # noqa: S101 (app.py put it there)
    return loaded.in_language(current_language())
