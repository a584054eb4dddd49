"""An account at a platform that somebody who has signed in here links to themselves."""

from __future__ import annotations

import secrets

from course.context import Context
from course.lti import queries
from course.lti.actions.accounts import link_account
from course.lti.actions.launches import note_use, record_refusal, store_launch
from course.lti.rules.accounts import own_link_refusal
from course.lti.rules.launch import PlatformUser
from course.lti.rules.messages import PlatformLinkedMessage
from course.lti.rules.problems import LtiProblem
from course.lti.rules.sealed import AccountLinking
from course.mail.actions import queue_message
from course.people.queries import mail_recipient, person
from course.people.rules import is_undeliverable


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


def _tell(context: Context, platform: str, account: str) -> None:
    """Mail the person that an account was linked to them; not those without an address."""
    found = person(context.session, context.person_id)
    if found is None or found.email is None or is_undeliverable(found.email):
        return
    message = PlatformLinkedMessage(found.name, platform, account, context.now)
    key = f"{message.template}:{secrets.token_hex(16)}"
    queue_message(context.session, key, mail_recipient(context.session, found.email), message, context.now)
