"""Single-use links: making them, mailing them, using them up and ending them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.auth import queries
from course.auth.actions.attempts import count_attempt
from course.auth.actions.sessions import end_sessions
from course.auth.actions.sign_in import RequestSource, TooManyAttempts
from course.auth.models import SignInToken
from course.auth.rules import DOUBLE_PRESS_WINDOW, LINK_LIFETIMES, LinkPurpose, token_hash
from course.auth.rules.messages import InvitationMessage, PasswordLinkMessage
from course.context import make_context
from course.mail.actions import clear_suppression, queue_message, suppress_mail
from course.mail.events import BeforeMailSend
from course.mail.rules import MailMessage
from course.passwords.actions import delete_credential
from course.people.events import AddressChanged, InvitationRequested, PersonLeft
from course.people.models import Person
from course.people.queries import mail_recipient, person
from course.translation import lazy_gettext

# The lifetime of each mailed link, by the prefix of the key of its mail.
_MAILED_LINK_LIFETIMES: dict[LinkPurpose, timedelta] = {
    "forgotten": LINK_LIFETIMES["forgotten"],
    "invitation": LINK_LIFETIMES["invitation"],
}


def create_link(session: Session, person_id: int | None, purpose: LinkPurpose, at: datetime) -> str:
    """Make a single-use link and return its token; earlier links of the same purpose stop working."""
    token = secrets.token_urlsafe(32)
    void_links(session, person_id, at, purpose)
    session.add(
        SignInToken(
            person_id=person_id,
            purpose=purpose,
            token_hash=token_hash(token),
            created_at=at,
            expires_at=at + LINK_LIFETIMES[purpose],
        )
    )
    session.flush()
    return token


def void_links(session: Session, person_id: int | None, at: datetime, purpose: LinkPurpose | None = None) -> None:
    """End a person's unused links, of one purpose or of all."""
    statement = update(SignInToken).where(SignInToken.person_id == person_id, SignInToken.used_at.is_(None))
    if purpose is not None:
        statement = statement.where(SignInToken.purpose == purpose)
    session.execute(statement.values(used_at=at))


def use_up_link(session: Session, link_id: int, at: datetime) -> bool:
    """Use a link up; False if another request has done so, even at this very moment."""
    result = session.execute(
        update(SignInToken)
        .where(SignInToken.id == link_id, SignInToken.used_at.is_(None))
        .values(used_at=at)
        .returning(SignInToken.id)
    )
    return result.first() is not None


def lock_person(session: Session, person_id: int) -> None:
    """Let no other transaction change how a person signs in before this one ends: of two at once, the second sees what
    the first did. Rows that refer to the person may be added meanwhile."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True)).all()


def request_link(session: Session, email: str, origin: RequestSource, at: datetime) -> TooManyAttempts | None:
    """Count a request for a password link; TooManyAttempts if the limit is reached, None otherwise.

    The same is done for an address that nobody has: the mail itself is sent outside the request (see
    send_password_link), so that neither the answer nor its duration tells whether there is an account.
    """
    limits = origin.link_limits(email)
    retry_at = queries.next_attempt_at(session, limits, at)
    if retry_at is not None:
        return TooManyAttempts(retry_at)
    count_attempt(session, limits, at)
    return None


def send_password_link(session: Session, person_id: int, at: datetime) -> bool:
    """Mail a person a link to choose another password; False if the person has left, or was sent such a link a moment
    ago. A second press of the button sends no second mail, whose link would end the first one."""
    lock_person(session, person_id)
    if queries.has_recent_link(session, person_id, "forgotten", at - DOUBLE_PRESS_WINDOW):
        return False
    link = _create_mailed_link(session, person_id, "forgotten", at)
    if link is None:
        return False
    _queue_link_mail(session, link, PasswordLinkMessage(link.token), at)
    record_event(make_context(session, None, at), "password.link_sent", ("person", person_id), {})
    return True


def send_invitation(
    session: Session,
    event: InvitationRequested,
    due: date | None = None,
    organisation: str = "",
    manages: tuple[str, ...] = (),
) -> None:
    """Mail a person the link to choose a first password; `due` is the last day in time, if one lies ahead, `organisation`
    the name of the organisation, `manages` are the names of the teams that they manage.

    Raises LookupError if the person does not exist or has left.
    """
    invited = person(session, event.person_id)
    if invited is None or invited.left_at is not None:
        raise LookupError(f"there is no person {event.person_id} to invite")
    link = _create_mailed_link(session, invited.id, "invitation", event.at)
    if link is not None:
        message = InvitationMessage(invited.name, event.sender, link.token, due, organisation, manages)
        _queue_link_mail(session, link, message, event.at)


@dataclass(frozen=True)
class MailedLink:
    """A single-use link that goes to an address by mail."""

    purpose: LinkPurpose
    address: str
    token: str


def _create_mailed_link(session: Session, person_id: int, purpose: LinkPurpose, at: datetime) -> MailedLink | None:
    """Make a link that is mailed to a person; None if the person has left.

    An address on the suppression list is tried all the same: a person asked for this one mail, and the next bounce
    suppresses the address again.
    """
    lock_person(session, person_id)
    address = session.execute(select(Person.email).where(Person.id == person_id, Person.left_at.is_(None))).scalar()
    if address is None:
        return None
    clear_suppression(make_context(session, None, at), address, lazy_gettext("A link was asked for, to be sent to it."))
    return MailedLink(purpose, address, create_link(session, person_id, purpose, at))


def _queue_link_mail(session: Session, link: MailedLink, message: MailMessage, at: datetime) -> None:
    """Queue the mail with a link; its key holds the hash of the token, by which `check_link_mail` finds the link."""
    recipient = mail_recipient(session, link.address)
    queue_message(session, f"{link.purpose}:{token_hash(link.token)}", recipient, message, at)


def check_link_mail(session: Session, mail: BeforeMailSend) -> None:
    """Just before a mail with a link is sent: suppress it if its link was ended meanwhile; otherwise let the link's
    lifetime begin now, because the mail may have waited for the mail server."""
    purpose, _, link_hash = mail.key.partition(":")
    lifetime = next((one for kind, one in _MAILED_LINK_LIFETIMES.items() if kind == purpose), None)
    if lifetime is None:
        return
    result = session.execute(
        update(SignInToken)
        .where(SignInToken.token_hash == link_hash, SignInToken.used_at.is_(None))
        .values(expires_at=mail.at + lifetime)
        .returning(SignInToken.id)
    )
    if result.first() is None:
        reason = lazy_gettext("The link in it has been used, or a newer one has been sent.")
        suppress_mail(session, mail.key, reason, mail.at)


def revoke_access(session: Session, event: PersonLeft) -> None:
    """Delete the password and end the links of a person who has left; a return begins with an invitation."""
    delete_credential(session, event.person_id)
    end_sessions(make_context(session, None, event.at), event.person_id)
    void_links(session, event.person_id, event.at)


def void_mailed_links(session: Session, event: AddressChanged) -> None:
    """End the links that were sent to a former e-mail address: whoever reads its mail must not sign in by them."""
    for purpose in _MAILED_LINK_LIFETIMES:
        void_links(session, event.person_id, event.at, purpose)
