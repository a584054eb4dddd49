"""The token against forgery that forms carry: one for each session, the same on every page of it."""

from __future__ import annotations

import secrets
from functools import lru_cache

from flask import Flask, current_app, session
from flask_wtf.csrf import CSRFProtect, generate_csrf


def init(app: Flask) -> None:
    """Check the token on every post, and give templates the function that writes it."""
    # A mail program posts there without a session; the signature in the address stands for the token.
    CSRFProtect(app).exempt("course.mail.views.choice")
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.jinja_env.globals["form_key"] = form_key


def csrf_token() -> str:
    """This session's token, signed.

    The signature holds a time that nobody checks (a token is good as long as its session). So the first
    one made for a session serves as well as any later one, and a page stays the same from one request
    to the next: a browser that has it already need not fetch it again.
    """
    return _signed(_raw(), str(current_app.secret_key))


def form_key() -> str:
    """A key for one form on one page: pressed twice, it is recognised (see idempotency/)."""
    return secrets.token_urlsafe(9)


def _raw() -> str:
    if "csrf_token" not in session:
        generate_csrf()
    return str(session["csrf_token"])


@lru_cache(maxsize=4096)
def _signed(_raw: str, _secret: str) -> str:
    # Asked for once per session in this process; it reads the raw token from the session itself.
    return str(generate_csrf())
