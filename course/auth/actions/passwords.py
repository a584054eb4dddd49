"""Setting and changing passwords. Callers hash the password before the unit of work begins."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.auth import queries
from course.auth.actions.links import lock_person, use_up_link, void_links
from course.auth.actions.sessions import end_sessions
from course.auth.actions.sign_in import (
    PasswordCheck,
    SignInGranted,
    TooManyAttempts,
    WrongPassword,
    confirm_check,
)
from course.context import Context, make_context
from course.passwords.actions import add_credential, update_credential


def store_password_hash(context: Context, person_id: int, password_hash: str) -> SignInGranted:
    """Give a person the password with this hash. The new session key that comes with it ends all sign-in sessions of
    the person, and links that were sent before stop working.

    The caller has checked rules.password_mistake before.
    """
    session = context.session
    lock_person(session, person_id)
    key = secrets.token_urlsafe(24)
    if not update_credential(session, person_id, password_hash=password_hash, session_key=key, set_at=context.now):
        add_credential(session, person_id, password_hash, key, context.now)
    end_sessions(context, person_id)
    void_links(session, person_id, context.now)
    record_event(context, "password.set", ("person", person_id), {})
    return SignInGranted(person_id, key)


def change_password(
    session: Session, person_id: int, checked: PasswordCheck, password_hash: str, at: datetime
) -> SignInGranted | WrongPassword | TooManyAttempts:
    """Change a person's own password to the one with this hash, after the current password was checked.

    A wrong current password counts as a failed sign-in. If two windows change the password at once, the current
    password of the second is no longer correct.
    """
    lock_person(session, person_id)
    confirmed = confirm_check(session, checked, at)
    if not isinstance(confirmed, SignInGranted):
        return confirmed
    if confirmed.person_id != person_id:
        return WrongPassword()
    return store_password_hash(make_context(session, person_id, at), person_id, password_hash)


def set_password_by_link(session: Session, token: str, password_hash: str, at: datetime) -> SignInGranted | None:
    """Give the person of a link the password with this hash, and use the link up; None if the link no longer works."""
    link = queries.find_link(session, token, set_up=False, at=at)
    if link is None or link.person_id is None:
        return None
    lock_person(session, link.person_id)
    if not use_up_link(session, link.id, at):
        return None
    return store_password_hash(make_context(session, link.person_id, at), link.person_id, password_hash)
