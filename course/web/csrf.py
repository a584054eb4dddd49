"""The token against forgery that forms carry. It also says who had signed in when the form was made.

There is one token for each sign-in session, the same on every page of it. What stands in it is the owner of the form
and a random value, signed. A form is accepted only from the session that it was made in, and only while the same
person is signed in.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from flask import Flask, current_app, g, request, session
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from itsdangerous import BadData, URLSafeTimedSerializer

CSRF_FIELD = "csrf_token"
NO_OWNER = ""  # the owner of a form that was made while nobody had signed in


def init(app: Flask) -> None:
    """Check the token on every post, and give templates the function that writes it."""
    # A mail program posts there without a session; the signature in the address stands for the token.
    CSRFProtect(app).exempt("course.mail.views.choice")
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.jinja_env.globals["form_key"] = form_key

    @app.before_request
    def check_owner() -> None:
        # The session outlives a sign-in that was ended elsewhere, and so does its token.
        if g.get("csrf_valid") and _owner_in_token(session.get(CSRF_FIELD)) != form_owner():
            raise CSRFError("The form belongs to somebody else.")


def csrf_token() -> str:
    """This session's token, signed. A token is good as long as its session, so it is signed once."""
    raw = str(session.get(CSRF_FIELD, ""))
    if _owner_in_token(raw) != form_owner():
        raw = session[CSRF_FIELD] = f"{form_owner()}.{secrets.token_hex(16)}"
    return _sign_token(raw, str(current_app.secret_key))


def form_key() -> str:
    """A key for one form on one page: pressed twice, it is recognised (see idempotency/)."""
    return secrets.token_urlsafe(9)


def form_owner() -> str:
    """The owner of the forms on this request's pages: another for each person, and the same for a person each time."""
    person = current_user.person
    if person is None:
        return NO_OWNER
    return _owner_fingerprint(person.id, str(current_app.secret_key))


def _owner_fingerprint(person_id: int, secret: str) -> str:
    return hmac.new(secret.encode(), f"owner of forms: {person_id}".encode(), hashlib.sha256).hexdigest()[:32]


def submitted_form_owner() -> str | None:
    """The owner of the form that arrives, whichever session it was made in; None if its token is not one of ours."""
    try:
        return _owner_in_token(_serializer(str(current_app.secret_key)).loads(request.form.get(CSRF_FIELD, "")))
    except BadData:
        return None


def _owner_in_token(raw: object) -> str | None:
    owner, dot, _ = raw.partition(".") if isinstance(raw, str) else ("", "", "")
    return owner if dot else None


def _sign_token(raw: str, secret: str) -> str:
    return str(_serializer(secret).dumps(raw))


def _serializer(secret: str) -> URLSafeTimedSerializer:
    # As Flask-WTF makes it, which reads what is written here.
    return URLSafeTimedSerializer(secret, salt="wtf-csrf-token")
