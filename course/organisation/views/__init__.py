"""The organisation's settings and look, those of its teams, and the page "Worried about a child?"."""

from __future__ import annotations

from course.organisation.views import concern, look, settings, team_settings
from course.organisation.views.blueprint import page_context, pages
from course.organisation.views.settings import own_stale_contacts

__all__ = ["concern", "look", "own_stale_contacts", "page_context", "pages", "settings", "team_settings"]
