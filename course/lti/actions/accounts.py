"""Accounts at platforms that belong to people: linking them, and ending that."""

from __future__ import annotations

import secrets

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.auth.actions import end_other_sessions
from course.context import Context, make_context
from course.db import insert_once
from course.lti.models import LtiAccount, LtiLaunch, LtiRegistration
from course.lti.rules.launch import PlatformUser
from course.lti.rules.registration import PlatformSettings
from course.people.events import PeopleMerged


def link_account(context: Context, settings: PlatformSettings, user: PlatformUser, person_id: int, how: str) -> bool:
    """Link an account to a person; False if at this very moment it, or another account there, was linked to somebody."""
    account = (user.subject, user.address)
    return _insert(context, settings.id, settings.name, account, person_id, how) is not None


def _insert(
    context: Context, registration_id: int, name: str, account: tuple[str, str], person_id: int, how: str
) -> int | None:
    """The number of the new account; None if it, or another account there, is linked to somebody."""
    subject, email = account
    number = insert_once(
        context.session, LtiAccount, registration_id=registration_id, subject=subject, person_id=person_id,
        email=email or None, how=how, linked_at=context.now, last_used_at=None, ended_at=None, ended_by=None,
    )  # fmt: skip
    if number is not None:
        record_event(context, "lti.linked", ("person", person_id), {"platform": name, "how": how})
    return number


def unlink_account(context: Context, person_id: int, account_id: int) -> bool:
    """End the link of an account, as an administrator. All sign-in sessions of the person end, and the account is not linked to
    them by its address again. False if it had ended before."""
    if not end_link(context, person_id, account_id):
        return False
    end_other_sessions(context, person_id, None, secrets.token_urlsafe(24))
    return True


def end_link(context: Context, person_id: int, account_id: int) -> bool:
    """End the link of an account to a person; False if it had ended before."""
    ended = context.session.execute(
        update(LtiAccount)
        .where(LtiAccount.id == account_id, LtiAccount.person_id == person_id, LtiAccount.ended_at.is_(None))
        .values(ended_at=context.now, ended_by=context.actor)
        .returning(LtiAccount.registration_id)
    ).first()
    if ended is None:
        return False
    name = context.session.get_one(LtiRegistration, ended.registration_id).name
    record_event(context, "lti.unlinked", ("person", person_id), {"platform": name})
    return True


def move_lti_accounts(session: Session, event: PeopleMerged) -> None:
    """Two entries were one person: the accounts of the one that ends belong to the other, with what they opened,
    unless that has one there."""
    context = make_context(session, event.by, event.at)
    rows = session.execute(
        select(LtiAccount).where(LtiAccount.person_id == event.person_id, LtiAccount.ended_at.is_(None))
    ).scalars()
    for row in rows.all():
        row.ended_at = event.at
        session.flush()
        name = session.get_one(LtiRegistration, row.registration_id).name
        moved = _insert(context, row.registration_id, name, (row.subject, row.email or ""), event.into_id, "merge")
        if moved is not None:
            session.execute(update(LtiLaunch).where(LtiLaunch.account_id == row.id).values(account_id=moved))
