"""The course as the person who is signed in reads it: in the setting of their work, and in their nation."""

from __future__ import annotations

from flask import g
from flask_login import current_user

from course.content.library import Library
from course.content.loaded_course import library as whole


def reader_library() -> Library:
    """The content that is taught now, for this reader."""
    found: Library | None = g.get("library")
    if found is None:
        g.library = found = whole().for_(current_user.person.pathway, g.organisation_mark.nation)
    return found
