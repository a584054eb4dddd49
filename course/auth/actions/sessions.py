"""Sign-in sessions: beginning one, recording its use, and ending it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from course.audit.actions import record_event
from course.auth import queries
from course.auth.actions.notices import notify_of_factor, notify_of_new_device
from course.auth.actions.sign_in import SignInGranted, record_sign_in
from course.auth.models import KnownDevice, SignInSession
from course.auth.rules import (
    DEVICE_RETENTION,
    SESSION_LIFETIME,
    SESSION_RETENTION,
    USE_RESOLUTION,
    SignInMethod,
    token_hash,
)
from course.context import Context, make_context
from course.db import UtcDateTime, insert_if_absent, lock_row
from course.passwords.actions import update_credential
from course.passwords.models import Credential

# Built once: that takes longer than running them.
_session, _device = (t.metadata.tables[t.__tablename__] for t in (SignInSession, KnownDevice))
_INSERT_SESSION = insert(_session)
_DELETE_OLD_SESSIONS = delete(_session).where(
    _session.c.used_at <= bindparam("unused", type_=UtcDateTime),
    or_(_session.c.ended_at.is_(None), _session.c.ended_at <= bindparam("ended", type_=UtcDateTime)),
)
_DELETE_OLD_DEVICES = delete(_device).where(
    _device.c.person_id == bindparam("person"), _device.c.first_at <= bindparam("before", type_=UtcDateTime)
)


@dataclass(frozen=True)
class SessionStart:
    """What is known of a sign-in session that begins: the `nonce` that its cookie will carry, how the person signed in, what
    the browser calls itself (rules.device_name), and the text of its long-lived cookie. `goes_on`: it takes the place of one in
    the same browser, after a change of the password."""

    nonce: str
    method: SignInMethod
    device: str
    device_cookie: str
    goes_on: bool = False


def begin_session(session: Session, granted: SignInGranted, new: SessionStart, at: datetime) -> bool:
    """Record that a sign-in session begins, and mail its person if they have never signed in in this browser; False if what
    was granted no longer holds, because the person has left or the password is another one by now."""
    # Whoever ends all sessions of the person at this moment has done so before the key is read, or waits for this one.
    lock_row(session, Credential, granted.person_id)
    if queries.session_key(session, granted.person_id) != granted.session_key:
        return False
    _delete_old_sessions(session, at)
    session.execute(
        _INSERT_SESSION,
        {"nonce_hash": token_hash(new.nonce), "person_id": granted.person_id, "begun_at": at, "used_at": at,
         "method": new.method, "device": new.device},
    )  # fmt: skip
    if not new.goes_on:
        record_sign_in(session, granted.person_id, new.method, at)
        _know_device(session, granted.person_id, new, at)
    return True


def continue_session(session: Session, nonce: str, new_nonce: str, at: datetime) -> bool:
    """Let the session with this nonce go on as a new one, because its person has just changed their own roles in it: all their
    others end by that. False if it is not on record, or over for another reason."""
    ended = update(SignInSession).where(SignInSession.nonce_hash == token_hash(nonce), SignInSession.ended_at.is_(None))
    row = session.execute(
        ended.values(ended_at=at).returning(SignInSession.person_id, SignInSession.method, SignInSession.device)
    ).first()
    if row is None:
        return False
    session.add(
        SignInSession(
            nonce_hash=token_hash(new_nonce), person_id=row.person_id, begun_at=at, used_at=at, method=row.method,
            device=row.device,
        )
    )  # fmt: skip
    session.flush()
    return True


def _know_device(session: Session, person_id: int, new: SessionStart, at: datetime) -> None:
    """Remember the browser. Who has just chosen a password by a link or a code knows that they have signed in."""
    is_known, has_others = queries.known_devices(session, person_id, new.device_cookie)
    if is_known:
        return
    if has_others and new.method not in ("link", "code", "set-up"):
        notify_of_new_device(session, person_id, new.device, at)
    session.execute(_DELETE_OLD_DEVICES, {"person": person_id, "before": at - DEVICE_RETENTION})
    # Nothing is inserted after a second press of the button at this very moment.
    device_hash = token_hash(new.device_cookie)
    insert_if_absent(session, KnownDevice, person_id=person_id, device_hash=device_hash, first_at=at)


def _delete_old_sessions(session: Session, at: datetime) -> None:
    session.execute(_DELETE_OLD_SESSIONS, {"unused": at - SESSION_RETENTION, "ended": at - SESSION_LIFETIME})


def record_session_use(session: Session, nonce: str, at: datetime) -> None:
    """Record that a session is in use, unless that was done a short while ago."""
    session.execute(
        update(SignInSession)
        .where(SignInSession.nonce_hash == token_hash(nonce), SignInSession.used_at <= at - USE_RESOLUTION)
        .values(used_at=at)
    )


def end_sign_in_session(session: Session, nonce: str, person_id: int, at: datetime) -> bool:
    """End the sign-in session with this nonce: its cookie no longer signs anybody in. False if the session was ended
    before, even at this very moment."""
    nonce_hash = token_hash(nonce)
    ended = _end(session, at, SignInSession.nonce_hash == nonce_hash)
    if not ended and session.get(SignInSession, nonce_hash) is not None:
        return False
    if not ended:  # an earlier release began it
        try:
            with session.begin_nested():
                session.add(
                    SignInSession(
                        nonce_hash=nonce_hash, person_id=person_id, begun_at=at, used_at=at, ended_at=at, method="",
                        device="",
                    )
                )  # fmt: skip
                session.flush()
        except IntegrityError:
            return False
    record_event(make_context(session, person_id, at), "sign_in.ended", ("person", person_id), {})
    return True


def end_one_session(context: Context, person_id: int, nonce_hash: str) -> bool:
    """End the session of a person by the hash of its nonce, from another browser; False if it is over already."""
    ended = _end(
        context.session, context.now, SignInSession.nonce_hash == nonce_hash, SignInSession.person_id == person_id
    )
    if ended:
        record_event(context, "sign_in.ended_elsewhere", ("person", person_id), {})
    return bool(ended)


def end_sessions(context: Context, person_id: int, except_nonce: str | None = None) -> int:
    """End all sessions of a person that are on record, but that with `except_nonce`; how many there were."""
    conditions = [SignInSession.person_id == person_id]
    if except_nonce is not None:
        conditions.append(SignInSession.nonce_hash != token_hash(except_nonce))
    return _end(context.session, context.now, *conditions)


def end_other_sessions(context: Context, person_id: int, nonce: str | None, key: str) -> None:
    """End all sessions of a person but that with this nonce (None: all). With the new random `key` those end as well that are
    not on record, because an earlier release began them."""
    update_credential(context.session, person_id, session_key=key)
    end_sessions(context, person_id, nonce)
    record_event(context, "sign_in.ended_elsewhere", ("person", person_id), {})


def end_sessions_of(context: Context, person_id: int) -> None:
    """Sign somebody else out everywhere, and tell them."""
    key = secrets.token_urlsafe(24)
    update_credential(context.session, person_id, session_key=key)
    end_sessions(context, person_id)
    record_event(context, "sign_in.ended_elsewhere", ("person", person_id), {})
    notify_of_factor(context.session, person_id, "sessions-ended", context.now)


def _end(session: Session, at: datetime, *conditions: object) -> int:
    statement = update(SignInSession).where(SignInSession.ended_at.is_(None), *conditions)  # type: ignore[arg-type]
    return len(session.execute(statement.values(ended_at=at).returning(SignInSession.nonce_hash)).all())
