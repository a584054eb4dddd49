"""Learning platforms (LTI 1.3): launches, choosing content, registering, and the pages for administrators."""

from __future__ import annotations

from course.lti.views import accounts, content, launch, linking, registering, settings
from course.lti.views.page_context import pages, protocol

__all__ = ["accounts", "content", "launch", "linking", "pages", "protocol", "registering", "settings"]
