"""The pages about recertification: the policy, and the certification status of a person."""

from __future__ import annotations

from course.recertification.views import people, policy
from course.recertification.views.page_context import pages

__all__ = ["pages", "people", "policy"]
