"""The session cookie, whose signature is worked out once and not at each request."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any, cast

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

from course.clock import now


class CachingSessionInterface(SecureCookieSessionInterface):
    """Flask's signed cookie. The same cookie comes with every request of a session, so what its signature
    said is kept; its age is checked every time, and each request gets a session object of its own."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._unsigned = lru_cache(maxsize=4096)(self._unsign)

    @cached_property
    def _serializer(self) -> URLSafeTimedSerializer:
        found = self.get_signing_serializer(self._app)
        if found is None:
            raise RuntimeError("SECRET_KEY is not set")
        return found

    def _unsign(self, cookie: str) -> tuple[bytes, dict[str, Any] | None, float]:
        """The signed part, what it says if that is plain values only, and the time of signing.

        Raises BadSignature, which is not kept.
        """
        signer = cast(TimestampSigner, self._serializer.make_signer(self._serializer.salt))
        payload, signed_at = signer.unsign(cookie, return_timestamp=True)
        said = self._serializer.load_payload(payload)
        plain = all(isinstance(value, str | int | bool) for value in said.values())
        return payload, said if plain else None, signed_at.timestamp()

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """The session of the request's cookie; an empty one if there is none, or it is forged or too old."""
        cookie = request.cookies.get(app.config["SESSION_COOKIE_NAME"])
        if not cookie:
            return self.session_class()
        try:
            payload, said, signed_at = self._unsigned(cookie)
        except BadSignature:
            return self.session_class()
        if not 0 <= now().timestamp() - signed_at <= app.permanent_session_lifetime.total_seconds():
            return self.session_class()
        # A copy, or decoded anew: what a request changes in its session stays with that request.
        return self.session_class(self._serializer.load_payload(payload) if said is None else said)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """A session in which nothing changed sends no cookie, which is so for nearly every page."""
        if session and not self.should_set_cookie(app, session):
            response.headers.add("Vary", "Cookie")
        else:
            super().save_session(app, session, response)


def init(app: Flask) -> None:
    app.session_interface = CachingSessionInterface(app)
