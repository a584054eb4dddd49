"""The addresses of the API, and the pages that describe it."""

from __future__ import annotations

from course.api.views import documentation, lists
from course.api.views.answering import pages

__all__ = ["documentation", "lists", "pages"]
