"""The organisation of this request."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app, g

from course.organisation.queries import OrganisationVersion, OrganisationView, organisation
from course.web.unit_of_work import row_source

_CACHE_KEY = "course.organisation"
_LAST_READ_KEY = "course.organisation.last_read"
_NOT_LOADED: Any = object()


def current_organisation() -> OrganisationView | None:
    """The organisation; None before the set-up. However often a request asks, it costs one query at most.

    Who is signed in came with the organisation's mark (`organisation.queries.MARK`). While that is the
    same as before, so is the organisation, and it is not read again.
    """
    found: OrganisationView | None = g.get("organisation", _NOT_LOADED)
    if found is _NOT_LOADED:
        mark: OrganisationVersion | None = g.get("organisation_mark")
        known: tuple[OrganisationVersion, OrganisationView | None] | None = current_app.extensions.get(_CACHE_KEY)
        if mark is not None and known is not None and known[0] == mark:
            found = known[1]
        else:
            found = organisation(row_source())
            # The mark was read a little earlier. Where it has changed since, it would stand for something else.
            if mark is not None and found is not None and mark[:3] == (found.name, found.nation, found.pathway):
                current_app.extensions[_CACHE_KEY] = (mark, found)
        g.organisation = found
    return found


def remember_organisation(ours: OrganisationView | None, at: datetime) -> None:
    """Remember in this process what the organisation was at that moment, for when the database does not answer."""
    current_app.extensions[_LAST_READ_KEY] = (ours, at)


def last_read_organisation() -> tuple[OrganisationView | None, datetime | None]:
    """What the organisation was when it was last read, and when that was; nothing if that was never."""
    found: tuple[OrganisationView | None, datetime | None] = current_app.extensions.get(_LAST_READ_KEY, (None, None))
    return found
