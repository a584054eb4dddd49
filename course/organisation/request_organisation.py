"""The organisation during a request: loaded at most once, and cached while it does not change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from course.organisation.queries import OrganisationVersion, OrganisationView, organisation
from course.people.queries import teams_of_people
from course.web.current import this_app, this_g, this_user
from course.web.unit_of_work import row_source

_CACHE_KEY = "course.organisation"
_LAST_READ_KEY = "course.organisation.last_read"
_NOT_LOADED: Any = object()


def current_organisation() -> OrganisationView | None:
    """The organisation as a whole; None before the set-up. Read at most once in a request.

    The query for the person who is signed in also loads the organisation's version
    (`organisation.queries.VERSION_COLUMNS`). While the version is that of the cached organisation, the cached one is
    used, which is right with any number of processes.
    """
    kept = this_g()
    current: OrganisationView | None = kept.get("organisation", _NOT_LOADED)
    if current is _NOT_LOADED:
        version: OrganisationVersion | None = kept.get("organisation_mark")
        caches = this_app().extensions
        cached: tuple[OrganisationVersion, OrganisationView | None] | None = caches.get(_CACHE_KEY)
        if version is not None and cached is not None and cached[0] == version:
            current = cached[1]
        else:
            current = organisation(row_source())
            # The version was read a little earlier: where the data has changed since, it belongs to other data.
            if version is not None and current is not None and version[:3] == (
                current.name, current.nation, current.pathway,
            ):  # fmt: skip
                caches[_CACHE_KEY] = (version, current)
        kept.organisation = current
    return current


def reader_organisation() -> OrganisationView | None:
    """The organisation as whoever is signed in has it, with the title, the nation and the contacts of their teams; as a whole
    for a visitor. One query more than `current_organisation`, and only once a team has settings of its own."""
    kept = this_g()
    found: OrganisationView | None = kept.get("reader_organisation", _NOT_LOADED)
    if found is _NOT_LOADED:
        found, person = current_organisation(), this_user().person
        if found is not None and person is not None and found.directory.settings:
            found = found.for_teams(teams_of_people(row_source(), [person.id]).get(person.id, ()))
        kept.reader_organisation = found
    return found


def first_language() -> str | None:
    """The language of people who have chosen none, if one was set; as it was last read while the database does not answer."""
    try:
        found = current_organisation()
    except SQLAlchemyError:
        found = last_read_organisation()[0]
    return found.language if found else None


def remember_organisation(view: OrganisationView | None, at: datetime) -> None:
    """Remember in this process the organisation as of that moment, for times when the database does not answer."""
    current_app.extensions[_LAST_READ_KEY] = (view, at)


def last_read_organisation() -> tuple[OrganisationView | None, datetime | None]:
    """The organisation as it was last read, and when; (None, None) if it was never read."""
    last: tuple[OrganisationView | None, datetime | None] = current_app.extensions.get(_LAST_READ_KEY, (None, None))
    return last
