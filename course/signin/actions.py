"""Getting in and out: passwords, links, and the set-up of a fresh course."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from course.audit.actions import record
from course.mail.actions import queue
from course.organisation.actions import create
from course.organisation.queries import organisation
from course.people.actions import InvitationWanted, Letter, Refusal, add_person, add_team
from course.people.queries import person, person_by_email
from course.people.rules import plain_email
from course.signin import queries
from course.signin.models import Credential, EndedSession, SignInAttempt, SignInToken
from course.signin.rules import (
    KEPT,
    LIFETIMES,
    LINKS_PER_ADDRESS,
    LINKS_PER_NETWORK,
    PER_ADDRESS,
    PER_ADDRESS_AND_NETWORK,
    PER_NETWORK,
    SESSION_LASTS,
    Limit,
    Purpose,
    attempt_key,
    network,
    normal,
    token_hash,
)
from course.staff.events import AddressChanged, PersonLeft

_hasher = PasswordHasher()


@cache
def _nobody() -> str:
    """Verified when nobody has the address, so that the answer takes as long as for a wrong password. Made when the
    first person signs in: it takes as long as starting much of the rest."""
    return _hasher.hash(secrets.token_hex(16))


@dataclass(frozen=True)
class Entered:
    """Somebody is in: what their session must carry."""

    person_id: int
    session_key: str


@dataclass(frozen=True)
class Wrong:
    """The address or the password is not right; which of them is not said."""


@dataclass(frozen=True)
class Wait:
    """Too many tries: the next one is allowed at `until`."""

    until: datetime


@dataclass(frozen=True)
class Origin:
    """Where a request comes from (its network address), and the secret that hides it in the list of tries."""

    address: str | None
    secret: str

    def tries(self, kind: str, email: str, per_address: Limit, per_network: Limit) -> dict[str, Limit]:
        """The keys under which a try of this kind counts, with their limits."""
        return {
            attempt_key(self.secret, kind, plain_email(email)): per_address,
            attempt_key(self.secret, f"{kind} from", network(self.address)): per_network,
        }

    def guesses(self, email: str) -> dict[str, Limit]:
        """The keys under which a wrong password counts, with their limits."""
        both = f"{plain_email(email)} {network(self.address)}"
        return {
            attempt_key(self.secret, "sign-in here", both): PER_ADDRESS_AND_NETWORK,
            **self.tries("sign-in", email, PER_ADDRESS, PER_NETWORK),
        }


def sign_in(session: Session, email: str, password: str, origin: Origin, at: datetime) -> Entered | Wrong | Wait:
    """Check an address and a password. A failure is counted, so the caller must keep the transaction."""
    result = _check(session, email, password, origin, at)
    if isinstance(result, Entered):
        _entered(session, result.person_id, "password", at)
    return result


def _entered(session: Session, person_id: int, how: str, at: datetime) -> None:
    record(session, "sign_in.entered", ("person", person_id), {"by": how}, person_id, at)


def _check(session: Session, email: str, password: str, origin: Origin, at: datetime) -> Entered | Wrong | Wait:
    """Whether somebody with this address has this password; counts and records it when not."""
    tries = origin.guesses(email)
    until = queries.free_again_at(session, tries, at)
    if until is not None:
        return Wait(until)
    known, nobody = queries.known(session, email), _nobody()
    fits = verify(known.password_hash if known else nobody, password)
    if known is None or not fits:
        _count(session, tries, at)
        # What was typed is not written down: it may be a password in the wrong field.
        subject = ("person", known.person_id) if known else None
        record(session, "sign_in.refused", subject, {}, None, at)
        # Once, when it begins: whoever goes on trying cannot fill the log.
        if queries.free_again_at(session, tries, at) is not None:
            record(session, "sign_in.locked", subject, {}, None, at)
        return Wrong()
    if _hasher.check_needs_rehash(known.password_hash):
        _change(session, known.person_id, password_hash=_hasher.hash(normal(password)))
    return Entered(known.person_id, known.session_key)


def end_session(session: Session, nonce: str, person_id: int, at: datetime) -> None:
    """Nobody is signed in by this session's cookie any more. Those too old to be used are forgotten."""
    session.execute(delete(EndedSession).where(EndedSession.ended_at <= at - SESSION_LASTS))
    mark = token_hash(nonce)
    if session.get(EndedSession, mark) is None:
        session.add(EndedSession(mark=mark, ended_at=at))
        record(session, "sign_in.ended", ("person", person_id), {}, person_id, at)
    session.flush()


def verify(password_hash: str, password: str) -> bool:
    """Whether the password is the one that was hashed."""
    try:
        return _hasher.verify(password_hash, normal(password))
    except (VerificationError, InvalidHashError):
        return False


def _count(session: Session, tries: dict[str, Limit], at: datetime) -> None:
    """Note a try, and forget those that are too old to matter."""
    session.execute(delete(SignInAttempt).where(SignInAttempt.at <= at - KEPT))
    session.add_all(SignInAttempt(key=key, at=at) for key in tries)
    session.flush()


def _change(session: Session, person_id: int, **values: object) -> bool:
    result = session.execute(
        update(Credential).where(Credential.person_id == person_id).values(values).returning(Credential.person_id)
    )
    return result.first() is not None


def hashed(password: str) -> str:
    """A password as it is kept: nobody can read it back."""
    return str(_hasher.hash(normal(password)))


def set_password(session: Session, person_id: int, password: str, at: datetime, by: int | None = None) -> Entered:
    """Give somebody a password. The new key that comes with it ends all sessions they had.

    `by` is the id of the person who does it (None: a command). The caller has asked rules.password_mistake before.
    """
    key, kept = secrets.token_urlsafe(24), hashed(password)
    if not _change(session, person_id, password_hash=kept, session_key=key, set_at=at):
        session.add(Credential(person_id=person_id, password_hash=kept, session_key=key, set_at=at))
        session.flush()
    record(session, "password.set", ("person", person_id), {}, by, at)
    return Entered(person_id, key)


def change_password(
    session: Session, person_id: int, current: str, new: str, origin: Origin, at: datetime
) -> Entered | Wrong | Wait:
    """Change one's own password, knowing the current one. Wrong ones count as failures to sign in."""
    owner = person(session, person_id)
    if owner is None:
        return Wrong()
    entered = _check(session, owner.email, current, origin, at)
    return set_password(session, person_id, new, at, person_id) if isinstance(entered, Entered) else entered


def new_link(session: Session, person_id: int | None, purpose: Purpose, at: datetime) -> str:
    """Make a single-use link and return its token; earlier ones of the same purpose stop working."""
    token = secrets.token_urlsafe(32)
    _void(session, person_id, at, purpose)
    session.add(
        SignInToken(
            person_id=person_id,
            purpose=purpose,
            token_hash=token_hash(token),
            created_at=at,
            expires_at=at + LIFETIMES[purpose],
        )
    )
    session.flush()
    return token


def _void(session: Session, person_id: int | None, at: datetime, purpose: Purpose | None = None) -> None:
    """End a person's unused links, of one purpose or of all."""
    statement = update(SignInToken).where(SignInToken.person_id == person_id, SignInToken.used_at.is_(None))
    if purpose is not None:
        statement = statement.where(SignInToken.purpose == purpose)
    session.execute(statement.values(used_at=at))


def _use(session: Session, link_id: int, at: datetime) -> bool:
    """Use a link up; False if somebody else has done so, even at this very moment."""
    result = session.execute(
        update(SignInToken)
        .where(SignInToken.id == link_id, SignInToken.used_at.is_(None))
        .values(used_at=at)
        .returning(SignInToken.id)
    )
    return result.first() is not None


def use_link(session: Session, token: str, password: str, at: datetime) -> Entered | None:
    """Set the password of the link's person, and use the link up; None if it no longer works."""
    link = queries.link(session, token, set_up=False, at=at)
    if link is None or link.person_id is None or not _use(session, link.id, at):
        return None
    _void(session, link.person_id, at)
    entered = set_password(session, link.person_id, password, at, link.person_id)
    _entered(session, link.person_id, "link", at)
    return entered


def forgotten(session: Session, email: str, letter: Letter, origin: Origin, at: datetime) -> Wait | None:
    """Mail a link to the person with this address. Whether there is one, the answer does not tell."""
    tries = origin.tries("link", email, LINKS_PER_ADDRESS, LINKS_PER_NETWORK)
    until = queries.free_again_at(session, tries, at)
    if until is not None:
        return Wait(until)
    _count(session, tries, at)
    found = person_by_email(session, email)
    if found is not None and found.left_at is None:
        _send_link(session, found.id, found.email, "forgotten", letter, at)
        record(session, "password.link_sent", ("person", found.id), {}, None, at)
    return None


def send_invitation(session: Session, event: InvitationWanted) -> None:
    """Mail somebody the link with which they choose their first password."""
    invited = person(session, event.person_id)
    if invited is None or invited.left_at is not None:
        raise LookupError(f"there is no person {event.person_id} to invite")
    _send_link(session, invited.id, invited.email, "invitation", event.letter, event.at)


def _send_link(session: Session, person_id: int, email: str, purpose: Purpose, letter: Letter, at: datetime) -> None:
    token = new_link(session, person_id, purpose, at)
    queue(session, f"{purpose}:{token_hash(token)}", email, letter(token), at)


def end_access(session: Session, event: PersonLeft) -> None:
    """Whoever has left has neither a password nor a link any more; coming back begins with an invitation."""
    session.execute(delete(Credential).where(Credential.person_id == event.person_id))
    _void(session, event.person_id, event.at)


def end_links(session: Session, event: AddressChanged) -> None:
    """Whoever reads the mail of an earlier address must not get in by a link that was sent there."""
    _void(session, event.person_id, event.at)


def set_up_link(session: Session, at: datetime) -> str:
    """A token with which a fresh course can be set up, once. Raises ValueError if there is an organisation."""
    if organisation(session) is not None:
        raise ValueError("the course has been set up already")
    record(session, "set_up.link_made", None, {}, None, at)
    return new_link(session, None, "set-up", at)


@dataclass(frozen=True)
class SetUp:
    """What the set-up asks for."""

    organisation: str
    nation: str
    name: str
    email: str
    password: str
    pathway: str = "school"


def can_set_up(session: Session, token: str, at: datetime) -> bool:
    """Whether this link still sets the course up."""
    return organisation(session) is None and queries.link(session, token, set_up=True, at=at) is not None


def set_up(session: Session, token: str, given: SetUp, at: datetime) -> Entered | None:
    """Create the organisation, its first team and its administrator; None if that has happened already.

    Raises ValueError if the administrator cannot be added, which nothing but a person with the same
    address in a course without an organisation can cause.
    """
    link = queries.link(session, token, set_up=True, at=at)
    if link is None or not _use(session, link.id, at):
        return None
    if not create(session, given.organisation, given.nation, at, given.pathway):
        return None
    team = add_team(session, given.organisation, None, at)
    added = add_person(session, given.name, given.email, team.id, "administrator", at)
    if isinstance(added, Refusal):
        raise ValueError(added.message)
    entered = set_password(session, added.id, given.password, at, added.id)
    _entered(session, added.id, "set-up", at)
    return entered
