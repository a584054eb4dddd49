"""The pages of printed modules: printing one, and entering a story that somebody decided on paper."""

from __future__ import annotations

from course.printed_modules.views import printing, stories
from course.printed_modules.views.page_context import pages

__all__ = ["pages", "printing", "stories"]
