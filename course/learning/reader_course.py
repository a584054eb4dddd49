"""The variant of the course for the person who is signed in: their pathway, the nation of their team, their language."""

from __future__ import annotations

from flask import g
from flask_login import current_user

from course.content.library import Library
from course.content.loaded_course import library as whole_library
from course.content.schema import Nation
from course.organisation.request_organisation import reader_organisation


def reader_library() -> Library:
    """The content that is taught now, in the reader's variant and language."""
    variant: Library | None = g.get("library")
    if variant is None:
        g.library = variant = whole_library().for_(current_user.person.pathway, _reader_nation())
    return variant


def _reader_nation() -> Nation | None:
    """The nation of the reader's team; without a further query as long as no team has one of its own."""
    if g.organisation_mark.setting is None:
        nation: Nation | None = g.organisation_mark.nation
        return nation
    found = reader_organisation()
    return found.nation if found else None
