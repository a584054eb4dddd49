"""The pages of supervised sessions: for those who run them, on paper, and in the browsers of their rooms."""

from __future__ import annotations

from course.supervised_sessions.views import expected, kiosk, manage, paper, record, room, voids
from course.supervised_sessions.views.page_context import pages

__all__ = ["expected", "kiosk", "manage", "pages", "paper", "record", "room", "voids"]
