"""The cookie with the signed session of a browser, as Flask makes it, read with less work.

A browser sends the same cookie with every request. Whether its signature is right depends on nothing but the cookie and the
secret key, so that is checked once. How old it is, and what is in it, is looked at every time.
"""

from __future__ import annotations

from functools import lru_cache

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

from course.web.bearer import API_PATH, SCIM_PATH
from course.web.current import this_request
from course.web.security_headers import add_vary

_FOR_PROGRAMS = (API_PATH, SCIM_PATH)
CHECKED_COOKIES = 4096  # that are remembered, of some 300 bytes each
# How far the clock of a host may be behind that of the one which signed a cookie: the next request may reach another host.
CLOCK_DIFFERENCE_SECONDS = 30


class SignedSessionInterface(SecureCookieSessionInterface):
    """Flask's own sessions. The serializer is made once, and a signature is checked once."""

    def __init__(self, app: Flask) -> None:
        self._serializer = serializer = super().get_signing_serializer(app)
        self._signer = serializer.make_signer(serializer.salt) if serializer else None
        self._check = lru_cache(maxsize=CHECKED_COOKIES)(self._check_signature)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:  # noqa: ARG002 (one application)
        return self._serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the browser; an empty one if its cookie is too old or was not signed here, None without a secret
        key, and at an address for programs, where no cookie is read."""
        if request.path.startswith(_FOR_PROGRAMS):
            return self.session_class()
        if self._serializer is None or not isinstance(self._signer, TimestampSigner):
            return None
        cookie = request.cookies.get(self.get_cookie_name(app))
        checked = self._check(cookie) if cookie else None
        if checked is None:
            return self.session_class()
        payload, signed_at = checked
        age = self._signer.get_timestamp() - signed_at
        if not -CLOCK_DIFFERENCE_SECONDS <= age <= app.permanent_session_lifetime.total_seconds():
            return self.session_class()
        try:
            return self.session_class(self._serializer.load_payload(payload))
        except BadSignature:
            return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie if it has changed, but none at an address for programs."""
        if this_request().path.startswith(_FOR_PROGRAMS):
            return
        if session.modified:  # otherwise it is not sent again (SESSION_REFRESH_EACH_REQUEST)
            super().save_session(app, session, response)
        elif session.accessed:
            add_vary(response, "Cookie")  # not translated: a header

    def _check_signature(self, cookie: str) -> tuple[bytes, float] | None:
        """What is signed, and when it was, in seconds since 1970; None if it was not signed with our key."""
        assert isinstance(self._signer, TimestampSigner)  # noqa: S101 (open_session has looked)
        try:
            payload, signed_at = self._signer.unsign(cookie, return_timestamp=True)
        except BadSignature:
            return None
        return payload, signed_at.timestamp()
