"""One-time codes: a manager or administrator makes one, prints it or reads it out, and the person signs in with it once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.auth import queries
from course.auth.actions.attempts import count_attempt
from course.auth.actions.links import lock_person, use_up_link, void_links
from course.auth.actions.passwords import store_password_hash
from course.auth.actions.sign_in import RequestSource, SignInGranted, TooManyAttempts
from course.auth.models import SignInToken
from course.auth.queries import CodePerson
from course.auth.rules import CODE_LIFETIME, AttemptLimit, code_hash, derive_code, new_code
from course.context import Context, make_context


@dataclass(frozen=True)
class IssuedCode:
    """A code that was just made. It is shown once: only its hash is stored. `code` has digits only (see
    rules.format_code); it must not be written to a log or a mail."""

    person_id: int
    code: str
    expires_at: datetime


@dataclass(frozen=True)
class CodeCheck:
    """The result of looking a code up: its person, and the id of the unused code; each None if there is none. A failure counts
    under each key of `attempt_limits`."""

    person: CodePerson | None
    code_id: int | None
    attempt_limits: dict[str, AttemptLimit]

    @property
    def is_correct(self) -> bool:
        return self.person is not None and self.code_id is not None


@dataclass(frozen=True)
class CodeRedeemed:
    """The code was right and is used up now."""

    person_id: int


@dataclass(frozen=True)
class WrongCode:
    """The name or the code is wrong, or the code was used, replaced or has expired; the answer does not say which."""


def issue_code(context: Context, person_id: int, secret: str, sheet: str = "") -> IssuedCode | None:
    """Make a code for a person; an earlier one stops working. `secret` is that of the installation, by which codes are
    hashed. The caller has checked that the actor may do so (rules.may_issue_code).

    With the random text of a `sheet` the person has one code in it: the same call again returns it as long as it works,
    and then None. Raises LookupError if the person has left, or has nothing to sign in with.
    """
    session, at = context.session, context.now
    lock_person(session, person_id)
    found = queries.code_person(session, person_id, context.today)
    if found is None or not found.login:
        raise LookupError(f"there is no person {person_id} who can sign in with a code")
    code, expires_at = derive_code(secret, sheet, person_id) if sheet else new_code(), at + CODE_LIFETIME
    stored_hash = code_hash(secret, person_id, code)
    earlier = queries.code_by_hash(session, stored_hash)
    if earlier is not None:
        works = queries.code_works(session, earlier.id, at, context.today)
        return IssuedCode(person_id, code, earlier.expires_at) if works else None
    void_links(session, person_id, at, "code")
    session.add(
        SignInToken(person_id=person_id, purpose="code", token_hash=stored_hash, created_at=at, expires_at=expires_at)
    )
    session.flush()
    record_event(context, "sign_in.code_made", ("person", person_id), {})
    return IssuedCode(person_id, code, expires_at)


def find_code(
    session: Session, login: str, code: str, origin: RequestSource, at: datetime
) -> CodeCheck | TooManyAttempts:
    """Look up the code that somebody typed with an address or a sign-in name; nothing is written. The same is read whether
    or not somebody has that name."""
    limits = origin.code_limits(login)
    retry_at = queries.next_attempt_at(session, limits, at)
    if retry_at is not None:
        return TooManyAttempts(retry_at)
    today = make_context(session, None, at).today
    person = queries.code_person_by_login(session, login, today)
    person_id = person.id if person else 0
    code_id = queries.unused_code_id(session, person_id, code_hash(origin.secret, person_id, code), at, today)
    return CodeCheck(person, code_id, limits)


def redeem_code(session: Session, checked: CodeCheck, at: datetime) -> CodeRedeemed | WrongCode | TooManyAttempts:
    """Use a code up that was looked up, or count the failure. Of two at once, or after a newer code was made meanwhile, the
    second finds it used."""
    if checked.person is not None:
        lock_person(session, checked.person.id)
    retry_at = queries.next_attempt_at(session, checked.attempt_limits, at)
    if retry_at is not None:
        return TooManyAttempts(retry_at)
    if checked.person is None or checked.code_id is None:
        return _record_failure(session, checked, at)
    context = make_context(session, checked.person.id, at)
    is_here = queries.code_person(session, checked.person.id, context.today) is not None
    works = is_here and queries.code_works(session, checked.code_id, at, context.today)
    if not works or not use_up_link(session, checked.code_id, at):
        return WrongCode()
    record_event(context, "sign_in.code_used", ("person", checked.person.id), {})
    return CodeRedeemed(checked.person.id)


def set_password_by_code(
    session: Session, checked: CodeCheck, password_hash: str, at: datetime
) -> SignInGranted | WrongCode | TooManyAttempts:
    """Use a code up, and give its person the password or PIN with this hash. All other sign-in sessions of the person end."""
    redeemed = redeem_code(session, checked, at)
    if not isinstance(redeemed, CodeRedeemed):
        return redeemed
    return store_password_hash(make_context(session, redeemed.person_id, at), redeemed.person_id, password_hash)


def _record_failure(session: Session, checked: CodeCheck, at: datetime) -> WrongCode:
    """Count a wrong code, and write its audit event."""
    count_attempt(session, checked.attempt_limits, at)
    subject = ("person", checked.person.id) if checked.person else None
    record_event(make_context(session, None, at), "sign_in.code_refused", subject, {})
    # Recorded once, when the lock begins.
    if queries.next_attempt_at(session, checked.attempt_limits, at) is not None:
        record_event(make_context(session, None, at), "sign_in.code_locked", subject, {})
    return WrongCode()
