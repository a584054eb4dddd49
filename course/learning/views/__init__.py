"""The learner's pages, one module for each kind."""

from __future__ import annotations

from course.learning.views import attempts, home, record, scenarios, steps
from course.learning.views.page_context import pages

__all__ = ["attempts", "home", "pages", "record", "scenarios", "steps"]
