"""The variant of the course for the person who is signed in: their pathway, the organisation's nation, their language."""

from __future__ import annotations

from flask import g
from flask_login import current_user

from course.content.library import Library
from course.content.loaded_course import library as whole_library


def reader_library() -> Library:
    """The content that is taught now, in the reader's variant and language."""
    variant: Library | None = g.get("library")
    if variant is None:
        g.library = variant = whole_library().for_(current_user.person.pathway, g.organisation_mark.nation)
    return variant
