"""The pages for signing in and out, for passwords and one-time codes, for the set-up, and of the own account."""

from __future__ import annotations

from course.auth.views import account, codes, proof, sign_in
from course.auth.views.page_context import pages

__all__ = ["account", "codes", "pages", "proof", "sign_in"]
