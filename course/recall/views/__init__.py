"""The refresher, its updates, and boosters."""

from __future__ import annotations

from course.recall.views import booster
from course.recall.views.refresher import pages

__all__ = ["booster", "pages"]
