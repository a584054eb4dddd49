"""The organisation of this request."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app, g

from course.organisation.queries import Mark, OrganisationView, organisation
from course.web.unit_of_work import rows

_KEY = "course.organisation"
_LAST = "course.organisation.last_read"
_UNASKED: Any = object()


def here_organisation() -> OrganisationView | None:
    """The organisation; None before the set-up. However often a request asks, it costs one query at most.

    Who is signed in came with the organisation's mark (`organisation.queries.MARK`). While that is the
    same as before, so is the organisation, and it is not read again.
    """
    found: OrganisationView | None = g.get("organisation", _UNASKED)
    if found is _UNASKED:
        mark: Mark | None = g.get("organisation_mark")
        known: tuple[Mark, OrganisationView | None] | None = current_app.extensions.get(_KEY)
        if mark is not None and known is not None and known[0] == mark:
            found = known[1]
        else:
            found = organisation(rows())
            # The mark was read a little earlier. Where it has changed since, it would stand for something else.
            if mark is not None and found is not None and mark[:3] == (found.name, found.nation, found.pathway):
                current_app.extensions[_KEY] = (mark, found)
        g.organisation = found
    return found


def keep_as_read(ours: OrganisationView | None, at: datetime) -> None:
    """Remember in this process what the organisation was at that moment, for when the database does not answer."""
    current_app.extensions[_LAST] = (ours, at)


def last_read() -> tuple[OrganisationView | None, datetime | None]:
    """What the organisation was when it was last read, and when that was; nothing if that was never."""
    found: tuple[OrganisationView | None, datetime | None] = current_app.extensions.get(_LAST, (None, None))
    return found
