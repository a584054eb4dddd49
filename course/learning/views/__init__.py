"""The learner's pages, one module for each kind."""

from __future__ import annotations

from course.learning.views import attempts, modules, record, scenarios, steps
from course.learning.views.page_context import pages

__all__ = ["attempts", "modules", "pages", "record", "scenarios", "steps"]
