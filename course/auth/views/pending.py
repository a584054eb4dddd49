"""A sign-in that waits for its second step, in the signed cookie of its browser. Nobody is signed in by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_args

from flask import session

from course.auth.actions import SignInGranted
from course.auth.rules import SignInMethod
from course.clock import now
from course.web.request_language import clear_all_but_language

PENDING_KEY = "pending"  # in the cookie
PENDING_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True)
class PendingSignIn:
    """Who has given the password, or what else came first, by which `method` and when; `target` is where they want to go."""

    granted: SignInGranted
    method: SignInMethod
    target: str
    at: datetime


def keep_pending(pending: PendingSignIn) -> None:
    """Let this browser go on to the second step. Whatever it held before is cleared, except for its language."""
    clear_all_but_language(is_launch=pending.method == "provider")
    granted = pending.granted
    session.permanent = True
    session[PENDING_KEY] = [
        granted.person_id, granted.session_key, pending.method, pending.target, int(pending.at.timestamp()),
    ]  # fmt: skip


def read_pending() -> PendingSignIn | None:
    """The sign-in that waits in this browser; None if there is none, or if it has waited too long."""
    content: Any = session.get(PENDING_KEY)
    match content:
        case [int(person_id), str(key), str(method), str(target), int(at)] if method in get_args(SignInMethod):
            moment = datetime.fromtimestamp(at, UTC)
            if now() - moment > PENDING_LIFETIME:
                return None
            return PendingSignIn(SignInGranted(person_id, key), cast("SignInMethod", method), target, moment)
        case _:
            return None
