"""Signing in without a page."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from course.auth import actions
from course.auth.actions import Entered, Origin, Wait, Wrong


def sign_in(session: Session, email: str, password: str, origin: Origin, at: datetime) -> Entered | Wrong | Wait:
    """As the page does it: look the person up, verify the password, and write."""
    found = actions.look_up(session, email, origin, at)
    return found if isinstance(found, Wait) else actions.sign_in(session, actions.check(found, password), at)
