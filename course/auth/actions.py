"""Getting in and out: passwords, links, and the set-up of a fresh course."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.auth import password_hashing, queries
from course.auth.models import Credential, EndedSession, SignInAttempt, SignInToken
from course.auth.queries import KnownAccount
from course.auth.rules import (
    ATTEMPT_RETENTION,
    ATTEMPTS_PER_ADDRESS,
    ATTEMPTS_PER_ADDRESS_AND_NETWORK,
    ATTEMPTS_PER_NETWORK,
    DOUBLE_PRESS_WINDOW,
    LINK_LIFETIMES,
    LINKS_PER_ADDRESS,
    LINKS_PER_NETWORK,
    SESSION_LIFETIME,
    AttemptLimit,
    LinkPurpose,
    attempt_key,
    network_prefix,
    token_hash,
)
from course.mail.actions import clear_suppression, queue_message, suppress_mail
from course.mail.events import BeforeMailSend
from course.organisation.actions import create_organisation
from course.organisation.queries import organisation
from course.people.actions import InvitationRequested, InvitationWriter, Refusal, add_person, add_team
from course.people.events import AddressChanged, PersonLeft
from course.people.models import Person
from course.people.queries import person
from course.people.rules import normalise_email


@dataclass(frozen=True)
class SignInGranted:
    """Somebody is in: what their session must carry."""

    person_id: int
    session_key: str


@dataclass(frozen=True)
class WrongPassword:
    """The address or the password is not right; which of them is not said."""


@dataclass(frozen=True)
class TooManyAttempts:
    """Too many tries: the next one is allowed at `until`."""

    until: datetime


@dataclass(frozen=True)
class RequestSource:
    """Where a request comes from (its network address), and the secret that hides it in the list of tries."""

    address: str | None
    secret: str

    def tries(
        self, kind: str, email: str, per_address: AttemptLimit, per_network: AttemptLimit
    ) -> dict[str, AttemptLimit]:
        """The keys under which a try of this kind counts, with their limits."""
        return {
            attempt_key(self.secret, kind, normalise_email(email)): per_address,
            attempt_key(self.secret, f"{kind} from", network_prefix(self.address)): per_network,
        }

    def guesses(self, email: str) -> dict[str, AttemptLimit]:
        """The keys under which a wrong password counts, with their limits."""
        both = f"{normalise_email(email)} {network_prefix(self.address)}"
        return {
            attempt_key(self.secret, "sign-in here", both): ATTEMPTS_PER_ADDRESS_AND_NETWORK,
            **self.tries("sign-in", email, ATTEMPTS_PER_ADDRESS, ATTEMPTS_PER_NETWORK),
        }


@dataclass(frozen=True)
class PasswordCheck:
    """What came of checking an address and a password: who has the address, and whether the password fits.

    `tries` is what a failure counts for. `fresh` is another hash of the same password, if the one that is kept was made
    with parameters that are out of date.
    """

    known: KnownAccount | None
    fits: bool
    tries: dict[str, AttemptLimit]
    fresh: str | None = None


def find_account(session: Session, email: str, origin: RequestSource, at: datetime) -> PasswordCheck | TooManyAttempts:
    """Who has an address, before their password is verified; nothing is written."""
    tries = origin.guesses(email)
    until = queries.next_attempt_at(session, tries, at)
    return (
        TooManyAttempts(until)
        if until is not None
        else PasswordCheck(queries.known_account(session, email), False, tries)
    )


def check_password(found: PasswordCheck, password: str) -> PasswordCheck:
    """Verify a password. It takes its time whoever was found, and needs no database: see hashing.py."""
    nobody = password_hashing.dummy_hash()
    fits = password_hashing.verify_password(found.known.password_hash if found.known else nobody, password)
    if found.known is None or not fits:
        return replace(found, fits=False)
    outdated = password_hashing.is_outdated_hash(found.known.password_hash)
    return replace(found, fits=True, fresh=password_hashing.hash_password(password) if outdated else None)


def sign_in(session: Session, checked: PasswordCheck, at: datetime) -> SignInGranted | WrongPassword | TooManyAttempts:
    """Let somebody in whose password was checked, or count the failure."""
    result = _confirm_check(session, checked, at)
    if isinstance(result, SignInGranted):
        _record_sign_in(session, result.person_id, "password", at)
    return result


def _record_sign_in(session: Session, person_id: int, how: str, at: datetime) -> None:
    record_event(session, "sign_in.entered", ("person", person_id), {"by": how}, person_id, at)


def _confirm_check(
    session: Session, checked: PasswordCheck, at: datetime
) -> SignInGranted | WrongPassword | TooManyAttempts:
    """Whether what was checked still holds. Verifying took a while, in which others may have tried as well: nobody gets
    more tries by making them at the same time, and a password that was changed meanwhile lets nobody in."""
    until = queries.next_attempt_at(session, checked.tries, at)
    if until is not None:
        return TooManyAttempts(until)
    if not checked.fits or checked.known is None:
        return _record_failure(session, checked, at)
    if queries.session_key(session, checked.known.person_id) != checked.known.session_key:
        return WrongPassword()
    if checked.fresh is not None:
        _update_credential(session, checked.known.person_id, password_hash=checked.fresh)
    return SignInGranted(checked.known.person_id, checked.known.session_key)


def _record_failure(session: Session, checked: PasswordCheck, at: datetime) -> WrongPassword:
    """Count and record a failure."""
    count_attempt(session, checked.tries, at)
    # What was typed is not written down: it may be a password in the wrong field.
    subject = ("person", checked.known.person_id) if checked.known else None
    record_event(session, "sign_in.refused", subject, {}, None, at)
    # Once, when it begins: whoever goes on trying cannot fill the log.
    if queries.next_attempt_at(session, checked.tries, at) is not None:
        record_event(session, "sign_in.locked", subject, {}, None, at)
    return WrongPassword()


def end_sign_in_session(session: Session, nonce: str, person_id: int, at: datetime) -> bool:
    """Nobody is signed in by this session's cookie any more; False if it was ended before, even at this very moment.
    Those too old to be used are forgotten."""
    session.execute(delete(EndedSession).where(EndedSession.ended_at <= at - SESSION_LIFETIME))
    try:
        with session.begin_nested():
            session.add(EndedSession(mark=token_hash(nonce), ended_at=at))
            session.flush()
    except IntegrityError:
        return False
    record_event(session, "sign_in.ended", ("person", person_id), {}, person_id, at)
    return True


def count_attempt(session: Session, tries: dict[str, AttemptLimit], at: datetime) -> None:
    """Note a try, and forget those that are too old to matter."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.at <= at - ATTEMPT_RETENTION))
    session.add_all(SignInAttempt(key=key, at=at) for key in tries)
    session.flush()


def _update_credential(session: Session, person_id: int, **values: object) -> bool:
    result = session.execute(
        update(Credential).where(Credential.person_id == person_id).values(values).returning(Credential.person_id)
    )
    return result.first() is not None


def store_password_hash(
    session: Session, person_id: int, kept: str, at: datetime, by: int | None = None
) -> SignInGranted:
    """Give somebody a password, of which `kept` is the hash. The new key that comes with it ends all sessions they had,
    and no link that was sent before works any more.

    `by` is the id of the person who does it (None: a command). The caller has asked rules.password_mistake before.
    """
    _lock_person(session, person_id)
    key = secrets.token_urlsafe(24)
    if not _update_credential(session, person_id, password_hash=kept, session_key=key, set_at=at):
        session.add(Credential(person_id=person_id, password_hash=kept, session_key=key, set_at=at))
        session.flush()
    _void_links(session, person_id, at)
    record_event(session, "password.set", ("person", person_id), {}, by, at)
    return SignInGranted(person_id, key)


def set_password(session: Session, person_id: int, password: str, at: datetime, by: int | None = None) -> SignInGranted:
    """The same with the password itself, for commands; not inside a unit of work."""
    return store_password_hash(session, person_id, password_hashing.hash_password(password), at, by)


def change_password(
    session: Session, person_id: int, checked: PasswordCheck, kept: str, at: datetime
) -> SignInGranted | WrongPassword | TooManyAttempts:
    """Change one's own password to the one of which `kept` is the hash, once the current one was checked. Wrong ones
    count as failures to sign in, and of two windows that change it at once the second one's is not the current one."""
    _lock_person(session, person_id)
    confirmed = _confirm_check(session, checked, at)
    if not isinstance(confirmed, SignInGranted):
        return confirmed
    return (
        store_password_hash(session, person_id, kept, at, person_id)
        if confirmed.person_id == person_id
        else WrongPassword()
    )


def create_link(session: Session, person_id: int | None, purpose: LinkPurpose, at: datetime) -> str:
    """Make a single-use link and return its token; earlier ones of the same purpose stop working."""
    token = secrets.token_urlsafe(32)
    _void_links(session, person_id, at, purpose)
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


def _void_links(session: Session, person_id: int | None, at: datetime, purpose: LinkPurpose | None = None) -> None:
    """End a person's unused links, of one purpose or of all."""
    statement = update(SignInToken).where(SignInToken.person_id == person_id, SignInToken.used_at.is_(None))
    if purpose is not None:
        statement = statement.where(SignInToken.purpose == purpose)
    session.execute(statement.values(used_at=at))


def _use_up_link(session: Session, link_id: int, at: datetime) -> bool:
    """Use a link up; False if somebody else has done so, even at this very moment."""
    result = session.execute(
        update(SignInToken)
        .where(SignInToken.id == link_id, SignInToken.used_at.is_(None))
        .values(used_at=at)
        .returning(SignInToken.id)
    )
    return result.first() is not None


def _lock_person(session: Session, person_id: int) -> None:
    """Let nobody else change how a person gets in before this transaction ends: of two at once, the second sees what
    the first did. Rows that refer to the person may be added meanwhile."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True)).all()


def set_password_by_link(session: Session, token: str, kept: str, at: datetime) -> SignInGranted | None:
    """Give the link's person the password of which `kept` is the hash, and use the link up; None if it no longer
    works."""
    link = queries.find_link(session, token, set_up=False, at=at)
    if link is None or link.person_id is None:
        return None
    _lock_person(session, link.person_id)
    if not _use_up_link(session, link.id, at):
        return None
    entered = store_password_hash(session, link.person_id, kept, at, link.person_id)
    _record_sign_in(session, link.person_id, "link", at)
    return entered


def request_link(session: Session, email: str, origin: RequestSource, at: datetime) -> TooManyAttempts | None:
    """Count that somebody asked for a link to this address; Wait if that was too often. The same is done whether
    anybody has the address: what comes of it is done beside the request (see send_link)."""
    tries = origin.tries("link", email, LINKS_PER_ADDRESS, LINKS_PER_NETWORK)
    until = queries.next_attempt_at(session, tries, at)
    if until is not None:
        return TooManyAttempts(until)
    count_attempt(session, tries, at)
    return None


def send_password_link(session: Session, person_id: int, letter: InvitationWriter, at: datetime) -> bool:
    """Mail somebody a link to choose another password; False if they have left, or have just been sent one. Whoever
    presses twice gets one mail, whose link works: a second one would end it."""
    _lock_person(session, person_id)
    if queries.has_recent_link(session, person_id, "forgotten", at - DOUBLE_PRESS_WINDOW):
        return False
    if not _queue_link_mail(session, person_id, "forgotten", letter, at):
        return False
    record_event(session, "password.link_sent", ("person", person_id), {}, None, at)
    return True


def send_invitation(session: Session, event: InvitationRequested) -> None:
    """Mail somebody the link with which they choose their first password."""
    invited = person(session, event.person_id)
    if invited is None or invited.left_at is not None:
        raise LookupError(f"there is no person {event.person_id} to invite")
    _queue_link_mail(session, invited.id, "invitation", event.letter, event.at)


def _queue_link_mail(
    session: Session, person_id: int, purpose: LinkPurpose, letter: InvitationWriter, at: datetime
) -> bool:
    """Make a link and queue its mail; `letter` only puts the link into a mail that is written already.

    An address that was said to take no mail is tried all the same: a person asked for this one mail, and the mark comes
    back with the next refusal.
    """
    _lock_person(session, person_id)
    to = session.execute(select(Person.email).where(Person.id == person_id, Person.left_at.is_(None))).scalar()
    if to is None:
        return False
    clear_suppression(session, to, "Somebody asked for a link to be sent to it.", None, at)
    token = create_link(session, person_id, purpose, at)
    return queue_message(session, f"{purpose}:{token_hash(token)}", to, letter(token), at)


# How long the links work that are mailed, by what the keys of their mails begin with.
_MAILED_LINK_LIFETIMES = {purpose: LINK_LIFETIMES[purpose] for purpose in ("forgotten", "invitation")}


def check_link_mail(session: Session, leaving: BeforeMailSend) -> None:
    """Before a mail with a link leaves: a link that was ended meanwhile is not sent, and one that waited for the mail
    server has its whole time from now on."""
    purpose, _, mark = leaving.key.partition(":")
    lasts = _MAILED_LINK_LIFETIMES.get(purpose)
    if lasts is None:
        return
    result = session.execute(
        update(SignInToken)
        .where(SignInToken.token_hash == mark, SignInToken.used_at.is_(None))
        .values(expires_at=leaving.at + lasts)
        .returning(SignInToken.id)
    )
    if result.first() is None:
        suppress_mail(session, leaving.key, "The link in it has been used, or a newer one has been sent.")


def revoke_access(session: Session, event: PersonLeft) -> None:
    """Whoever has left has neither a password nor a link any more; coming back begins with an invitation."""
    session.execute(delete(Credential).where(Credential.person_id == event.person_id))
    _void_links(session, event.person_id, event.at)


def void_mailed_links(session: Session, event: AddressChanged) -> None:
    """Whoever reads the mail of an earlier address must not get in by a link that was sent there."""
    _void_links(session, event.person_id, event.at)


def create_set_up_link(session: Session, at: datetime) -> str:
    """A token with which a fresh course can be set up, once. Raises ValueError if there is an organisation."""
    if organisation(session) is not None:
        raise ValueError("the course has been set up already")
    record_event(session, "set_up.link_made", None, {}, None, at)
    return create_link(session, None, "set-up", at)


@dataclass(frozen=True)
class SetUpDetails:
    """What the set-up asks for; `kept` is the hash of the password."""

    organisation: str
    nation: str
    name: str
    email: str
    kept: str
    pathway: str = "school"


def can_set_up(session: Session, token: str, at: datetime) -> bool:
    """Whether this link still sets the course up."""
    return organisation(session) is None and queries.find_link(session, token, set_up=True, at=at) is not None


def set_up(session: Session, token: str, given: SetUpDetails, at: datetime) -> SignInGranted | None:
    """Create the organisation, its first team and its administrator; None if that has happened already.

    Raises ValueError if the administrator cannot be added, which nothing but a person with the same
    address in a course without an organisation can cause.
    """
    link = queries.find_link(session, token, set_up=True, at=at)
    if link is None or not _use_up_link(session, link.id, at):
        return None
    if not create_organisation(session, given.organisation, given.nation, at, given.pathway):
        return None
    team = add_team(session, given.organisation, None, at)
    added = add_person(session, given.name, given.email, team.id, "administrator", at)
    if isinstance(added, Refusal):
        raise ValueError(added.message)
    entered = store_password_hash(session, added.id, given.kept, at, added.id)
    _record_sign_in(session, added.id, "set-up", at)
    return entered
