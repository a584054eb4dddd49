"""Signing in with a password, and signing out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.auth import password_hashing, queries
from course.auth.actions.attempts import count_attempt
from course.auth.password_hashing import HashingBusyError
from course.auth.queries import KnownAccount
from course.auth.rules import (
    ATTEMPTS_PER_ADDRESS,
    ATTEMPTS_PER_ADDRESS_AND_NETWORK,
    ATTEMPTS_PER_NAME,
    ATTEMPTS_PER_NETWORK,
    CODES_PER_LOGIN,
    CODES_PER_LOGIN_AND_NETWORK,
    CODES_PER_NETWORK,
    FACTORS_PER_NETWORK,
    FACTORS_PER_PERSON,
    LINKS_PER_ADDRESS,
    LINKS_PER_NETWORK,
    AttemptLimit,
    SignInMethod,
    attempt_key,
    network_prefix,
)
from course.context import make_context
from course.passwords.actions import update_credential
from course.people.rules import normalise_login


@dataclass(frozen=True)
class SignInGranted:
    """Somebody has proved who they are. `session_key` is the person's at this moment (empty for a person without a password):
    with another one by the time at which the session begins, it does not begin."""

    person_id: int
    session_key: str


@dataclass(frozen=True)
class WrongPassword:
    """The address, the sign-in name or the password is wrong; the answer does not say which, so that nobody can find accounts."""


@dataclass(frozen=True)
class TooManyAttempts:
    """The rate limit is reached: the next attempt is allowed at `retry_at`."""

    retry_at: datetime


@dataclass(frozen=True)
class RequestSource:
    """The network address that a request comes from, and the secret that hides it in the list of attempts."""

    address: str | None
    secret: str

    def code_limits(self, login: str) -> dict[str, AttemptLimit]:
        """The keys under which a wrong one-time code counts, with their limits."""
        login_and_network = f"{normalise_login(login)} {network_prefix(self.address)}"
        return {
            attempt_key(self.secret, "code here", login_and_network): CODES_PER_LOGIN_AND_NETWORK,
            **self._limits("code", login, CODES_PER_LOGIN, CODES_PER_NETWORK),
        }

    def factor_limits(self, person_id: int) -> dict[str, AttemptLimit]:
        """The keys under which a wrong second factor counts, with their limits."""
        return self._limits("factor", str(person_id), FACTORS_PER_PERSON, FACTORS_PER_NETWORK)

    def link_limits(self, email: str) -> dict[str, AttemptLimit]:
        """The keys under which a request for a link counts, with their limits."""
        return self._limits("link", email, LINKS_PER_ADDRESS, LINKS_PER_NETWORK)

    def password_limits(self, login: str) -> dict[str, AttemptLimit]:
        """The keys under which a wrong password counts, with their limits. They depend on what was typed only, never on
        whether somebody has it."""
        login_and_network = f"{normalise_login(login)} {network_prefix(self.address)}"
        per_login = ATTEMPTS_PER_ADDRESS if "@" in login else ATTEMPTS_PER_NAME
        return {
            attempt_key(self.secret, "sign-in here", login_and_network): ATTEMPTS_PER_ADDRESS_AND_NETWORK,
            **self._limits("sign-in", login, per_login, ATTEMPTS_PER_NETWORK),
        }

    def _limits(
        self, kind: str, login: str, per_login: AttemptLimit, per_network: AttemptLimit
    ) -> dict[str, AttemptLimit]:
        return {
            attempt_key(self.secret, kind, normalise_login(login)): per_login,
            attempt_key(self.secret, f"{kind} from", network_prefix(self.address)): per_network,
        }


@dataclass(frozen=True)
class PasswordCheck:
    """The result of checking what a person signs in with and a password: the account, and whether the password is
    correct.

    A failure counts under each key of `attempt_limits`. `new_hash` is another hash of the same password if the stored
    one was made with outdated parameters.
    """

    account: KnownAccount | None
    is_correct: bool
    attempt_limits: dict[str, AttemptLimit]
    new_hash: str | None = None

    @property
    def writes(self) -> bool:
        """Whether there is something to write about it, such as a failure."""
        return not self.is_correct or self.new_hash is not None


def find_account(session: Session, login: str, origin: RequestSource, at: datetime) -> PasswordCheck | TooManyAttempts:
    """Find the account of an e-mail address or a sign-in name, before its password is verified; nothing is written."""
    limits = origin.password_limits(login)
    retry_at = queries.next_attempt_at(session, limits, at)
    if retry_at is not None:
        return TooManyAttempts(retry_at)
    return PasswordCheck(queries.known_account(session, login, make_context(session, None, at).today), False, limits)


def check_password(found: PasswordCheck, password: str) -> PasswordCheck:
    """Verify a password, in the same time whether or not the account exists. Needs no database: see password_hashing.

    A hash with outdated parameters is made anew, unless too many others are being made. Raises HashingBusyError.
    """
    stored_hash = found.account.password_hash if found.account else password_hashing.dummy_hash()
    is_correct = password_hashing.verify_password(stored_hash, password)
    if found.account is None or not is_correct:
        return replace(found, is_correct=False)
    new_hash = None
    if password_hashing.is_outdated_hash(found.account.password_hash):
        with suppress(HashingBusyError):  # then at another sign-in
            new_hash = password_hashing.hash_password(password)
    return replace(found, is_correct=True, new_hash=new_hash)


def sign_in(session: Session, checked: PasswordCheck, at: datetime) -> SignInGranted | WrongPassword | TooManyAttempts:
    """Let the person in whose password was checked, or count the failure. The sign-in is complete once its session begins.
    The session of a check that writes nothing may be one that only reads."""
    return confirm_check(session, checked, at)


def record_sign_in(session: Session, person_id: int, method: SignInMethod, at: datetime) -> None:
    """Write the audit event of a sign-in; `method` is one of rules.SignInMethod."""
    record_event(make_context(session, person_id, at), "sign_in.entered", ("person", person_id), {"by": method})


def confirm_check(
    session: Session, checked: PasswordCheck, at: datetime
) -> SignInGranted | WrongPassword | TooManyAttempts:
    """Whether the result of a password check still holds.

    Verifying takes a while, in which other requests may have tried as well: parallel attempts do not raise the limit,
    and a password that was changed meanwhile is no longer accepted.
    """
    retry_at = queries.next_attempt_at(session, checked.attempt_limits, at)
    if retry_at is not None:
        return TooManyAttempts(retry_at)
    if not checked.is_correct or checked.account is None:
        return _record_failure(session, checked, at)
    if queries.session_key(session, checked.account.person_id) != checked.account.session_key:
        return WrongPassword()
    if checked.new_hash is not None:
        update_credential(session, checked.account.person_id, password_hash=checked.new_hash)
    return SignInGranted(checked.account.person_id, checked.account.session_key)


def _record_failure(session: Session, checked: PasswordCheck, at: datetime) -> WrongPassword:
    """Count a failed attempt, and write its audit event."""
    count_attempt(session, checked.attempt_limits, at)
    # The address that was typed is not recorded: it may be a password in the wrong field.
    subject = ("person", checked.account.person_id) if checked.account else None
    record_event(make_context(session, None, at), "sign_in.refused", subject, {})
    # Recorded once, when the lock begins: further attempts cannot fill the audit log.
    if queries.next_attempt_at(session, checked.attempt_limits, at) is not None:
        record_event(make_context(session, None, at), "sign_in.locked", subject, {})
    return WrongPassword()


def grant_sign_in(session: Session, person_id: int) -> SignInGranted | None:
    """Let a person in who has proved who they are in another way than by a password of this course, such as at an identity
    provider; None if they have left."""
    found = queries.session_key(session, person_id)
    return None if found is None else SignInGranted(person_id, found)
