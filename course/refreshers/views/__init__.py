"""The pages of refreshers, updates and boosters."""

from __future__ import annotations

from course.refreshers.views import booster, own_booster, paper, refresher
from course.refreshers.views.page_context import pages

__all__ = ["booster", "own_booster", "pages", "paper", "refresher"]
