"""The organisation's settings and look, those of its teams, and the page "Worried about a child?"."""

from __future__ import annotations

from flask import g

from course.clock import now
from course.organisation.header_footer import page_frame
from course.organisation.request_organisation import remember_organisation
from course.organisation.views import concern, look, settings, team_settings
from course.organisation.views.blueprint import pages
from course.organisation.views.settings import own_stale_contacts
from course.web.app_state import PageFrame

__all__ = ["concern", "look", "own_stale_contacts", "page_context", "pages", "settings", "team_settings"]


def page_context() -> dict[str, PageFrame]:
    """The template variable `site`: the frame of the page.

    Error pages are rendered without it, so that they need no query and cannot fail with the database.
    """
    frame = page_frame()
    if "organisation" in g:
        remember_organisation(g.organisation, now())
    return {"site": frame}
