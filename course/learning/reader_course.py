"""The variant of the course for the person who is signed in: their pathway, the nation of their team, their language."""

from __future__ import annotations

from course.content.library import Library
from course.content.loaded_course import library as whole_library
from course.content.schema import Nation
from course.organisation.request_organisation import reader_organisation
from course.web.current import this_g, this_user


def reader_library() -> Library:
    """The content that is taught now, in the reader's variant and language."""
    kept = this_g()
    variant: Library | None = kept.get("library")
    if variant is None:
        kept.library = variant = whole_library().for_(this_user().person.pathway, _reader_nation())
    return variant


def _reader_nation() -> Nation | None:
    """The nation of the reader's team; without a further query as long as no team has one of its own."""
    mark = this_g().organisation_mark
    if mark.setting is None:
        nation: Nation | None = mark.nation
        return nation
    found = reader_organisation()
    return found.nation if found else None
