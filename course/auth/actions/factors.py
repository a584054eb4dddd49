"""Second factors: adding and removing passkeys, the authenticator app and recovery codes, and using them at sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.auth import queries
from course.auth.actions.attempts import count_attempt
from course.auth.actions.links import lock_person
from course.auth.actions.notices import notify_of_factor
from course.auth.actions.sign_in import RequestSource, TooManyAttempts
from course.auth.models import Authenticator, FactorPolicy, Passkey, RecoveryCode, SignInToken
from course.auth.passkey_checks import NewPasskey, PasskeyUse
from course.auth.rules import (
    CHALLENGE_LIFETIME,
    app_code_step,
    is_app_code,
    parse_factor_code,
    recovery_code_hash,
    token_hash,
)
from course.context import Context, make_context
from course.encryption import SecretLockedError, lock_secret, unlock_secret

_CHALLENGE = "challenge"  # the purpose of a spent challenge among the single-use tokens


@dataclass(frozen=True)
class FactorAccepted:
    """The second factor was right: `by` is "app", "recovery" or "passkey"."""

    by: str


@dataclass(frozen=True)
class WrongFactor:
    """The code is wrong, or was used before; the answer does not say which."""


def _app_purpose(person_id: int) -> str:
    return f"authenticator of {person_id}"  # not translated: a purpose of encryption


def add_passkey(context: Context, made: NewPasskey, name: str, challenge: str) -> bool:
    """Give the person who acts another passkey; False if the challenge was answered before, or the passkey is known."""
    session, person_id, at = context.session, context.person_id, context.now
    lock_person(session, person_id)
    if not spend_challenge(session, challenge, at):
        return False
    try:
        with session.begin_nested():
            session.add(
                Passkey(
                    person_id=person_id, credential_id=made.credential_id, public_key=made.public_key,
                    sign_count=made.sign_count, is_synced=made.is_synced, name=name, added_at=at,
                )
            )  # fmt: skip
            session.flush()
    except IntegrityError:
        return False
    record_event(context, "factor.passkey_added", ("person", person_id), {})
    notify_of_factor(session, person_id, "passkey-added", at, name)
    return True


def remove_passkey(context: Context, passkey_id: int) -> bool:
    """Remove a passkey of the person who acts; False if it is not there any more."""
    session, person_id = context.session, context.person_id
    name = session.execute(
        delete(Passkey).where(Passkey.id == passkey_id, Passkey.person_id == person_id).returning(Passkey.name)
    ).scalar_one_or_none()
    if name is None:
        return False
    record_event(context, "factor.passkey_removed", ("person", person_id), {})
    notify_of_factor(session, person_id, "passkey-removed", context.now, name)
    return True


def use_passkey(session: Session, used: PasskeyUse, at: datetime) -> bool:
    """Record the use of a passkey, and spend its challenge; False if that was spent, the passkey was removed meanwhile, or a
    later answer of it came first."""
    if not spend_challenge(session, used.challenge, at):
        return False
    values = {"sign_count": used.sign_count, "is_synced": used.is_synced, "used_at": at}
    changed = session.execute(
        update(Passkey)
        .where(Passkey.id == used.passkey.id, Passkey.sign_count == used.passkey.sign_count)
        .values(values)
        .returning(Passkey.id)
    )
    return changed.first() is not None


def spend_challenge(session: Session, challenge: str, at: datetime) -> bool:
    """Use a challenge up; False if another request has done so, even at this very moment."""
    session.execute(delete(SignInToken).where(SignInToken.purpose == _CHALLENGE, SignInToken.expires_at <= at))
    try:
        with session.begin_nested():
            session.add(
                SignInToken(
                    person_id=None, purpose=_CHALLENGE, token_hash=token_hash(f"challenge {challenge}"), created_at=at,
                    expires_at=at + 2 * CHALLENGE_LIFETIME, used_at=at,
                )
            )  # fmt: skip
            session.flush()
    except IntegrityError:
        return False
    return True


def add_app(context: Context, app_secret: str, code: str, secret: str) -> bool:
    """Give the person who acts the authenticator app with this seed, in place of another one, if `code` shows that the app has
    it. `secret` is that of the installation, by which the seed is encrypted."""
    session, person_id, at = context.session, context.person_id, context.now
    lock_person(session, person_id)
    step = app_code_step(app_secret, parse_factor_code(code), 0, at)
    if step is None:
        return False
    session.execute(delete(Authenticator).where(Authenticator.person_id == person_id))
    locked = lock_secret(app_secret.encode(), secret, _app_purpose(person_id))
    session.add(Authenticator(person_id=person_id, locked_secret=locked, last_step=step, added_at=at))
    session.flush()
    record_event(context, "factor.app_added", ("person", person_id), {})
    notify_of_factor(session, person_id, "app-added", at)
    return True


def remove_app(context: Context) -> bool:
    """Remove the authenticator app of the person who acts; False if there is none any more."""
    session, person_id = context.session, context.person_id
    gone = delete(Authenticator).where(Authenticator.person_id == person_id).returning(Authenticator.person_id)
    if session.execute(gone).first() is None:
        return False
    record_event(context, "factor.app_removed", ("person", person_id), {})
    notify_of_factor(session, person_id, "app-removed", context.now)
    return True


def store_recovery_codes(context: Context, codes: list[str], secret: str) -> None:
    """Give the person who acts these recovery codes in place of all earlier ones."""
    session, person_id, at = context.session, context.person_id, context.now
    lock_person(session, person_id)
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    session.add_all(
        RecoveryCode(person_id=person_id, code_hash=recovery_code_hash(secret, person_id, code), made_at=at)
        for code in codes
    )
    session.flush()
    record_event(context, "factor.codes_made", ("person", person_id), {})
    notify_of_factor(session, person_id, "codes-made", at)


def use_factor_code(
    session: Session, person_id: int, typed: str, origin: RequestSource, at: datetime
) -> FactorAccepted | WrongFactor | TooManyAttempts:
    """Accept the code of a person's app or one of their recovery codes, once; or count the failure. Of two at once with the same
    code the second is wrong."""
    lock_person(session, person_id)
    limits = origin.factor_limits(person_id)
    retry_at = queries.next_attempt_at(session, limits, at)
    if retry_at is not None:
        return TooManyAttempts(retry_at)
    code = parse_factor_code(typed)
    if is_app_code(code):
        if _use_app_code(session, person_id, code, origin.secret, at):
            return FactorAccepted("app")
    elif _use_recovery_code(session, person_id, code, origin.secret, at):
        return FactorAccepted("recovery")
    count_attempt(session, limits, at)
    record_event(make_context(session, None, at), "factor.refused", ("person", person_id), {})
    if queries.next_attempt_at(session, limits, at) is not None:  # recorded once, when the lock begins
        record_event(make_context(session, None, at), "factor.locked", ("person", person_id), {})
    return WrongFactor()


def _use_app_code(session: Session, person_id: int, code: str, secret: str, at: datetime) -> bool:
    app = queries.authenticator(session, person_id)
    if app is None:
        return False
    try:
        app_secret = unlock_secret(app.locked_secret, secret, _app_purpose(person_id)).decode()
    except SecretLockedError:
        return False  # another SECRET_KEY: the recovery codes do not work either, and an administrator resets both
    step = app_code_step(app_secret, code, app.last_step, at)
    if step is None:
        return False
    changed = update(Authenticator).where(Authenticator.person_id == person_id, Authenticator.last_step < step)
    used = session.execute(changed.values(last_step=step).returning(Authenticator.person_id))
    return used.first() is not None


def _use_recovery_code(session: Session, person_id: int, code: str, secret: str, at: datetime) -> bool:
    statement = update(RecoveryCode).where(
        RecoveryCode.person_id == person_id,
        RecoveryCode.code_hash == recovery_code_hash(secret, person_id, code),
        RecoveryCode.used_at.is_(None),
    )
    if session.execute(statement.values(used_at=at).returning(RecoveryCode.id)).first() is None:
        return False
    left = queries.factors(session, person_id).codes_left
    record_event(make_context(session, person_id, at), "factor.code_used", ("person", person_id), {"left": left})
    notify_of_factor(session, person_id, "code-used", at, str(left))
    return True


def reset_factors(context: Context, person_id: int, reason: str) -> bool:
    """Remove all second factors of a person who has lost them; False if there are none. The person is told, with the reason."""
    session = context.session
    lock_person(session, person_id)
    gone = [
        session.execute(delete(Passkey).where(Passkey.person_id == person_id).returning(Passkey.id)).all(),
        session.execute(
            delete(Authenticator).where(Authenticator.person_id == person_id).returning(Authenticator.person_id)
        ).all(),
        session.execute(
            delete(RecoveryCode).where(RecoveryCode.person_id == person_id).returning(RecoveryCode.id)
        ).all(),
    ]
    if not any(gone):
        return False
    record_event(context, "factor.reset", ("person", person_id), {"reason": reason})
    notify_of_factor(session, person_id, "reset", context.now, reason)
    return True


def decide_factor_policy(context: Context, is_required: bool, grace_days: int) -> bool:
    """Decide whether whoever sees data of others needs a second factor; False if that is how it is already."""
    rules = queries.factor_rules(context.session)
    if rules and (rules[-1].is_required, rules[-1].grace_days) == (is_required, grace_days):
        return False
    context.session.add(
        FactorPolicy(is_required=is_required, grace_days=grace_days, made_at=context.now, made_by=context.actor)
    )
    context.session.flush()
    record_event(context, "factor.required" if is_required else "factor.not_required", None, {"days": grace_days})
    return True
