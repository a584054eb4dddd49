"""The organisation of this request, asked for once."""

from __future__ import annotations

from flask import g

from course.organisation.queries import OrganisationView, organisation
from course.web.session import db


def here_organisation() -> OrganisationView | None:
    """The organisation; None before the set-up. However often a request asks, it costs one query."""
    if "organisation" not in g:
        g.organisation = organisation(db())
    found: OrganisationView | None = g.organisation
    return found
