"""What teams get wrong and talk about, without a name, and how each question does: a file for each."""

from __future__ import annotations

from course.insight.views import questions, talks, teams
from course.insight.views.frame import pages

__all__ = ["pages", "questions", "talks", "teams"]
