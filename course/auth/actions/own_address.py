"""An e-mail address that a person without one adds themselves: asked for, and confirmed by a link."""

from __future__ import annotations

from dataclasses import replace

from course.auth import queries
from course.auth.actions.attempts import count_attempt
from course.auth.actions.sign_in import RequestSource, TooManyAttempts
from course.auth.rules import OwnAddressLink, token_hash
from course.auth.rules.messages import OwnAddressMessage
from course.context import Context
from course.mail.actions import queue_message
from course.people.actions import Refusal, change_identity
from course.people.queries import mail_recipient, person, person_by_email
from course.people.rules import PersonIdentity, normalise_email
from course.signed_links import sign_link
from course.translation import lazy_gettext as _


def request_own_address(context: Context, address: str, origin: RequestSource) -> TooManyAttempts | None:
    """Mail a link to an address that the person who acts says is theirs; TooManyAttempts if too many links were asked for.

    The same is done for an address that somebody else has: its owner reads the mail, and nothing changes.
    """
    session, at, email = context.session, context.now, normalise_email(address)
    limits = origin.link_limits(email)
    retry_at = queries.next_attempt_at(session, limits, at)
    if retry_at is not None:
        return TooManyAttempts(retry_at)
    count_attempt(session, limits, at)
    token = sign_link(OwnAddressLink(context.person_id, email, int(at.timestamp())), origin.secret)
    key = f"own-address:{context.person_id}:{token_hash(token)[:32]}"
    recipient, own = mail_recipient(session, email), person(session, context.person_id)
    if own is not None and own.language and person_by_email(session, email) is None:
        # Nobody has the address yet, so whoever asks reads the mail.
        recipient = replace(recipient, language=own.language)
    queue_message(session, key, recipient, OwnAddressMessage(token), at)
    return None


def confirm_own_address(context: Context, address: str) -> Refusal | None:
    """Give the person who acts this address; their sign-in name stays. Refused if they have one, or somebody else took it."""
    found = person(context.session, context.person_id)
    if found is None or found.email is not None:
        return Refusal("address", _("You already have an e-mail address here. Ask an administrator to change it."))
    identity = PersonIdentity(found.name, address, found.staff_number, found.sign_in_name, found.job_role)
    return change_identity(context, found.id, identity, _("Added and confirmed by themselves"))
