"""The start page "Today" of managers, the reader's home "My training", the list of people, and the page of a person.

Each view reads what its page shows and gives it to the template as plain data: a template runs no query.
"""

from __future__ import annotations

from course.dashboard.views import home, people, today
from course.dashboard.views.page_context import pages

__all__ = ["home", "pages", "people", "today"]
