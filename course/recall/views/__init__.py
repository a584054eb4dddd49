"""The refresher, its updates, and boosters."""

from __future__ import annotations

from course.recall.views import booster, refresher
from course.recall.views.current import pages

__all__ = ["booster", "pages", "refresher"]
