"""The pages for signing in and out, for passwords and one-time codes, for the set-up, and of the own account."""

from __future__ import annotations

from course.auth.views import account, codes, factors, policy, proof, second_step, sessions, sign_in
from course.auth.views.page_context import pages

__all__ = ["account", "codes", "factors", "pages", "policy", "proof", "second_step", "sessions", "sign_in"]
