"""Signing in without a page."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from course.auth import actions
from course.auth.actions import RequestSource, SignInGranted, TooManyAttempts, WrongPassword


def sign_in(
    session: Session, email: str, password: str, origin: RequestSource, at: datetime
) -> SignInGranted | WrongPassword | TooManyAttempts:
    """As the page does it: look the person up, verify the password, and write."""
    found = actions.find_account(session, email, origin, at)
    return (
        found
        if isinstance(found, TooManyAttempts)
        else actions.sign_in(session, actions.check_password(found, password), at)
    )
