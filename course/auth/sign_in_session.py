"""The sign-in session of a request: the connection to Flask-Login."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import (
    Flask,
    Response,
    after_this_request,
    current_app,
    g,
    get_flashed_messages,
    message_flashed,
    request,
    session,
)
from flask_login import LoginManager, current_user, login_user
from sqlalchemy.orm import Session

from course.auth import actions, queries
from course.auth.actions import SessionStart, SignInGranted
from course.auth.rules import DEVICE_RETENTION, USE_RESOLUTION, SignInMethod, day_moment, device_label, device_name
from course.clock import now
from course.people.queries import represented_managers
from course.people.rules import Viewer
from course.web.app_state import app_state
from course.web.recent_sign_in import note_proof
from course.web.request_language import clear_all_but_language
from course.web.security_headers import clear_browser_data
from course.web.unit_of_work import row_source, unit_of_work, write_if_free

SITTING = "sitting"  # begins what the cookie carries of a person who was let in with the code of a supervised session
_MESSAGE_READER = "message_reader"  # in the cookie: who was signed in when a message for the next page was left
_DEVICE_COOKIE = re.compile(r"[A-Za-z0-9_-]{32}")
SITTING_LOADER = "course.sitting_loader"  # where the feature of supervised sessions puts the function that loads them


@dataclass(frozen=True)
class SignedInUser:
    """A person who is signed in: access depends on `person`. `sitting` is the sitting of a supervised session in which they
    were let in with its code instead of a password (course/supervised_sessions)."""

    person: Viewer
    session_key: str
    nonce: str
    sitting: int | None = None
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def managers_of(self, session: Session, subject: tuple[str, int] | None) -> tuple[int, ...]:
        """The managers for whom the person acts as a deputy with respect to a person or team (course.context)."""
        return represented_managers(session, self.person, subject)

    def get_id(self) -> str:
        """What the session cookie carries. A new password comes with a new session key and ends all sign-in sessions;
        signing out ends the one with this nonce."""
        if self.sitting is not None:
            return f"{SITTING}:{self.sitting}:{self.nonce}"
        return f"{self.person.id}:{self.session_key}:{self.nonce}"


class AnonymousUser:
    """A visitor who is not signed in."""

    person = None
    sitting = None
    is_authenticated = False
    is_active = False
    is_anonymous = True

    def get_id(self) -> None:
        return None


def init(app: Flask) -> None:
    """Let Flask-Login load users, and nothing else: no cookie of its own, no context processor."""
    manager = LoginManager()
    manager.session_protection = None
    manager.anonymous_user = AnonymousUser
    manager.user_loader(load_user)
    manager.init_app(app, add_context_processor=False)
    app.after_request(_record_use)
    app.after_request(_continue_after_own_change)
    app.jinja_env.globals["device_label"] = device_label
    message_flashed.connect(_note_message_reader, app)
    app.jinja_env.globals["get_flashed_messages"] = own_flashed_messages


def own_flashed_messages() -> list[str]:
    """What was to be said on the next page of this browser, and not what was meant for somebody whose sign-in session has ended
    since: it may name people."""
    reader, messages = session.pop(_MESSAGE_READER, ""), get_flashed_messages()
    return [str(message) for message in messages] if reader in ("", _reader()) else []


def _note_message_reader(_app: Flask, **_: object) -> None:
    reader, before = _reader(), session.get(_MESSAGE_READER, "")
    if before not in ("", reader):
        session["_flashes"] = session["_flashes"][-1:]
    session[_MESSAGE_READER] = reader


def _reader() -> str:
    """The person of this request; empty for visitors, for whoever has been signed out in it, and if nothing has asked for the
    person."""
    person = getattr(g.get("_login_user"), "person", None)
    return "" if person is None or "_user_id" not in session else str(person.id)


def load_user(user_id: str) -> SignedInUser | None:
    """The user of a sign-in session; None if the person has left, or if the session was ended elsewhere."""
    number, _, rest = user_id.partition(":")
    if number == SITTING:
        load_sitting: Callable[[str], SignedInUser | None] | None = current_app.extensions.get(SITTING_LOADER)
        return load_sitting(rest) if load_sitting else None
    key, _, nonce = rest.partition(":")
    if not number.isdecimal() or not nonce:
        return None
    moment = day_moment(now(), app_state().config.time_zone)
    found = queries.viewer(row_source(), int(number), key, moment.today, nonce, moment)
    if found is None:
        return None
    g.organisation_mark = found.version
    if found.used_at is not None and moment.at - found.used_at >= USE_RESOLUTION:
        g.used_session = nonce
    return SignedInUser(found.viewer, key, nonce)


def _record_use(response: Response) -> Response:
    """Record now and then that a session is in use, once the page is made."""
    nonce, at = g.pop("used_session", None), now()
    if nonce is not None:
        write_if_free(lambda unit: actions.record_session_use(unit, nonce, at))
    return response


def _continue_after_own_change(response: Response) -> Response:
    """Who gave or took a role of their own in this request stays signed in, in this browser only: they proved a moment ago who
    they are. What the pages show follows from the new roles."""
    if g.pop("own_roles_changed", False) and current_user.is_authenticated and current_user.sitting is None:
        new_nonce, at = secrets.token_urlsafe(15), now()
        with unit_of_work(claim_form_key=False) as unit:
            goes_on = actions.continue_session(unit, current_user.nonce, new_nonce, at)
        if goes_on:
            session["_user_id"] = f"{current_user.person.id}:{current_user.session_key}:{new_nonce}"
    return response


def begin_sign_in_session(
    granted: SignInGranted, method: SignInMethod, goes_on: bool = False, proved_at: datetime | None = None
) -> bool:
    """Begin a sign-in session; False if what was granted no longer holds, such as after a newer password. `goes_on`: in
    place of the one in this browser, after a change of the password. `proved_at`: when somebody who comes from an identity
    provider last proved who they are; None if nobody knows. A session there may be many hours old.

    The earlier browser session is cleared except for its language, so that nobody can have prepared it (session fixation).
    """
    nonce, at = secrets.token_urlsafe(15), now()
    device_cookie = request.cookies.get(_device_cookie_name(), "")
    if not _DEVICE_COOKIE.fullmatch(device_cookie):
        device_cookie = secrets.token_urlsafe(24)
    new = SessionStart(nonce, method, device_name(request.headers.get("User-Agent", "")), device_cookie, goes_on)
    with unit_of_work() as unit:
        is_begun = actions.begin_session(unit, granted, new, at)
    clear_all_but_language(is_launch=goes_on or method == "provider")
    user = load_user(f"{granted.person_id}:{granted.session_key}:{nonce}") if is_begun else None
    if user is None:
        return False
    session.permanent = True
    login_user(user)
    moment = proved_at if method == "provider" else at
    if moment is not None:
        note_proof(min(moment, at))
    _keep_device_cookie(device_cookie)
    return True


def renew_sign_in_session(granted: SignInGranted) -> None:
    """Let the session of this browser go on with another session key. One that an earlier release began is put on record
    by its next sign-in only."""
    if current_user.nonce is not None:
        session["_user_id"] = f"{granted.person_id}:{granted.session_key}:{current_user.nonce}"


def _keep_device_cookie(value: str) -> None:
    """Let the browser be known again at the next sign-in, also of another person."""

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            _device_cookie_name(), value, max_age=DEVICE_RETENTION, secure=app_state().config.secure, httponly=True,
            samesite="Lax",  # not translated: a word of cookies
        )  # fmt: skip
        return response


def _device_cookie_name() -> str:
    return "__Host-course-device" if app_state().config.secure else "course-device"


def sign_out_browser(at: datetime, others_wait: bool = False) -> None:
    """End the sign-in session of this browser. A copy of its cookie is of no use afterwards. `others_wait`: the device
    keeps answers of another person, which stay."""
    if isinstance(current_user.nonce, str):
        nonce, person_id = current_user.nonce, current_user.person.id
        with unit_of_work() as unit:
            actions.end_sign_in_session(unit, nonce, person_id, at)
    session.clear()
    clear_browser_data(others_wait)
