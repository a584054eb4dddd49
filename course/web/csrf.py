"""The CSRF token of forms. It also names the owner of the form: the person who was signed in when it was made.

There is one token for each sign-in session. It holds the owner of the form and a random value, signed. A form is accepted
only from the session that it was made in, and only while the same person is signed in.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import lru_cache

from flask import Flask, current_app, request, session
from flask_wtf.csrf import CSRFError, CSRFProtect
from itsdangerous import BadData, URLSafeTimedSerializer

from course.web.bearer import is_scope_endpoint
from course.web.current import this_app, this_g, this_session, this_user

CSRF_FIELD = "csrf_token"
NO_OWNER = ""  # the owner of a form that was made while nobody was signed in


class FormProtection(CSRFProtect):  # type: ignore[misc]
    """The check of Flask-WTF, for whatever a browser can be made to send: not for requests that carry a bearer token."""

    def protect(self, apply_exemptions: bool = False) -> None:
        if not is_scope_endpoint():
            super().protect(apply_exemptions)


def init(app: Flask) -> None:
    """Check the token of every POST, and give templates `csrf_token` and `form_key`."""
    # A mail program posts there without a session (one-click unsubscribe); the signature in the address replaces the token.
    protection = FormProtection(app)
    protection.exempt("course.mail.views.choice")
    # A provider posts there from its own site; the sealed cookie of the sign-in that it answers replaces the token.
    protection.exempt("course.identity_providers.views.saml.saml_answer")
    # A learning platform, or a page in a frame of it, posts there without a session; sealed values replace the token.
    for view in (
        "launch.login",
        "launch.launch",
        "launch.enter",
        "linking.begin_linking",
        "content.choose",
        "registering.register",
    ):
        protection.exempt(f"course.lti.views.{view}")
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.jinja_env.globals["form_key"] = form_key
    app.jinja_env.globals["opaque_id"] = opaque_id

    @app.before_request
    def check_owner() -> None:
        # The browser's session outlives a sign-in session that was ended elsewhere, and so does its token.
        if this_g().get("csrf_valid") and _owner_in_token(session.get(CSRF_FIELD)) != form_owner():
            raise CSRFError("The form belongs to somebody else.")


def csrf_token() -> str:
    """The signed token of this session; valid as long as the session."""
    session, owner = this_session(), form_owner()
    raw = str(session.get(CSRF_FIELD, ""))
    if _owner_in_token(raw) != owner:
        raw = session[CSRF_FIELD] = f"{owner}.{secrets.token_hex(16)}"
    return _sign_token(raw, str(this_app().secret_key))


def form_key() -> str:
    """A key for one form on one page, by which a second press of its button is recognised (see idempotency/)."""
    return secrets.token_urlsafe(9)


def form_owner() -> str:
    """The owner that this request's forms name: a keyed hash of the person's id, or NO_OWNER."""
    person = this_user().person
    if person is None:
        return NO_OWNER
    return opaque_id(person.id)


def opaque_id(person_id: int) -> str:
    """The id by which forms and browsers know a person: 32 hexadecimal digits that only this course can make."""
    return _owner_fingerprint(person_id, str(this_app().secret_key))


@lru_cache(maxsize=4096)
def _owner_fingerprint(person_id: int, secret: str) -> str:
    return hmac.new(secret.encode(), f"owner of forms: {person_id}".encode(), hashlib.sha256).hexdigest()[:32]


def submitted_form_owner() -> str | None:
    """The owner of the submitted form, whichever session it was made in; None if the course did not sign its token."""
    try:
        return _owner_in_token(_serializer(str(current_app.secret_key)).loads(request.form.get(CSRF_FIELD, "")))
    except BadData:
        return None


def _owner_in_token(raw: object) -> str | None:
    owner, dot, _ = raw.partition(".") if isinstance(raw, str) else ("", "", "")
    return owner if dot else None


# A token holds no time that counts (WTF_CSRF_TIME_LIMIT): one for each sign-in session is enough.
@lru_cache(maxsize=4096)
def _sign_token(raw: str, secret: str) -> str:
    return str(_serializer(secret).dumps(raw))


@lru_cache(maxsize=8)
def _serializer(secret: str) -> URLSafeTimedSerializer:
    # The same serializer as that of Flask-WTF, which reads the token.
    return URLSafeTimedSerializer(secret, salt="wtf-csrf-token")
