"""The pages about renewal: the rule, and where somebody stands."""

from __future__ import annotations

from course.refreshers.views import people, policy
from course.refreshers.views.frame import pages

__all__ = ["everybody", "pages", "people", "policy"]
