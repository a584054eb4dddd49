"""An account at a platform that somebody who has signed in here links to themselves, or unlinks."""

from __future__ import annotations

import secrets

from course.auth.actions import end_other_sessions
from course.cmi5.actions import end_own_link as end_cmi5_link
from course.content.library import Library
from course.context import Context
from course.lti import queries
from course.lti.actions.accounts import end_link, link_account
from course.lti.actions.launches import note_use, record_refusal, store_launch
from course.lti.queries import PlatformSystem
from course.lti.rules.accounts import own_link_refusal, own_unlink_refusal
from course.lti.rules.launch import PlatformUser
from course.lti.rules.messages import PlatformLinkedMessage
from course.lti.rules.problems import LtiProblem
from course.lti.rules.sealed import AccountLinking
from course.mail.actions import queue_message
from course.people.queries import mail_recipient, person
from course.people.rules import is_undeliverable
from course.translation import lazy_gettext as _


def link_own_account(context: Context, linking: AccountLinking) -> LtiProblem | None:
    """Link the account to the person who acts, and note the launch that brought them. They get a mail. Returns why that is not
    possible; None also if it was done before."""
    session, person_id = context.session, context.person_id
    settings = queries.platform(session, linking.registration_id)
    if settings is None or settings.state != "on":
        return LtiProblem.OFF
    user = PlatformUser(linking.subject, linking.address, linking.name, linking.is_learner)
    known = queries.own_link(session, settings.id, user.subject, person_id, context.today)
    refusal = own_link_refusal(person_id, known)
    if refusal is None and known.linked_to is None:
        if link_account(context, settings, user, person_id, "person"):
            _tell(context, settings.name, linking.name or linking.address or linking.subject)
        else:  # at this very moment, in another window or by somebody else
            known = queries.own_link(session, settings.id, user.subject, person_id, context.today)
            refusal = own_link_refusal(person_id, known)
    account_id = note_use(context, settings.id, user.subject) if refusal is None else None
    if account_id is None:
        refusal = refusal or LtiProblem.LINKED_TO_ANOTHER
        record_refusal(context, settings, refusal, person_id)
        return refusal
    store_launch(context, linking.link_id, account_id, linking.is_learner)
    return None


def unlink_own_account(
    context: Context, library: Library, system: PlatformSystem, account_id: int, nonce: str | None
) -> str | None:
    """End the link of an account at a platform to the person who acts. All their sign-in sessions end but the one with this nonce,
    because somebody else may have come in with the account. Returns why that is not possible, for display; None if it was done."""
    session, person_id = context.session, context.person_id
    ways = queries.own_ways(session, person_id)
    if ways.account(system, account_id) is None:
        return str(_("This account is not linked any more."))
    refusal = own_unlink_refusal(ways.has_password, ways.has_provider)
    if refusal is not None:
        return refusal
    ended = end_link(context, person_id, account_id) if system == "lti" else end_cmi5_link(context, library, account_id)
    if not ended:  # at this very moment, in another window
        return str(_("This account is not linked any more."))
    end_other_sessions(context, person_id, nonce, secrets.token_urlsafe(24))
    return None


def _tell(context: Context, platform: str, account: str) -> None:
    """Mail the person that an account was linked to them; not those without an address."""
    found = person(context.session, context.person_id)
    if found is None or found.email is None or is_undeliverable(found.email):
        return
    message = PlatformLinkedMessage(found.name, platform, account, context.now)
    key = f"{message.template}:{secrets.token_hex(16)}"
    queue_message(context.session, key, mail_recipient(context.session, found.email), message, context.now)
