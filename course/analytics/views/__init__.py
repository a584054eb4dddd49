"""Team results, team discussions and item analysis: a module for each."""

from __future__ import annotations

from course.analytics.views import discussions, item_analysis, team_results
from course.analytics.views.page_context import pages

__all__ = ["discussions", "item_analysis", "pages", "team_results"]
