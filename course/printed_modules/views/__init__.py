"""The pages of printed modules: printing one, and entering what somebody decided and marked on paper."""

from __future__ import annotations

from course.printed_modules.views import printing, results, stories
from course.printed_modules.views.page_context import pages

__all__ = ["pages", "printing", "results", "stories"]
