"""The pages about people: the list, the page of one person, and deputies."""

from __future__ import annotations

from course.people.views import delegation, directory, invitations, person_page
from course.people.views.page_context import pages

__all__ = ["delegation", "directory", "invitations", "pages", "person_page"]
