"""The access token with which the course uses services of a platform (LTI Security Framework 1.1, section 4.1)."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Collection
from datetime import datetime, timedelta
from urllib.parse import urlencode

from course.lti.platform_client import PlatformConnection, read_object
from course.lti.rules.problems import LtiError, LtiProblem

ASSERTION_LIFETIME = 300  # seconds
_SPARE = timedelta(seconds=30)  # a token is not used so shortly before its end
_MAX_KEPT = 200
_lock = threading.Lock()
_kept: dict[tuple[str, str, str, str], tuple[datetime, str]] = {}


def access_token(connection: PlatformConnection, scopes: Collection[str], fresh: bool = False) -> str:
    """A token for these scopes, kept in the memory of the process until its end. `fresh`: ask for a new one, because the platform
    has refused the one that is kept.

    Call it outside any unit of work. Raises LtiError: UNREACHABLE, NOT_JSON, KEY_LOCKED, or TOKEN_REFUSED with what the platform
    said, such as "invalid_scope".
    """
    settings, at = connection.settings, connection.at
    wanted = " ".join(sorted(set(scopes)))
    place = (settings.token_address, settings.client_id, connection.key.kid, wanted)
    with _lock:
        found = _kept.get(place)
    if not fresh and found is not None and at < found[0]:
        return found[1]
    ends_at, token = _ask(connection, wanted)
    with _lock:
        if len(_kept) >= _MAX_KEPT:
            _kept.clear()
        _kept[place] = (ends_at, token)
    return token


def _ask(connection: PlatformConnection, scope: str) -> tuple[datetime, str]:
    settings, seconds = connection.settings, int(connection.at.timestamp())
    assertion = connection.signed({
        "iss": settings.client_id, "sub": settings.client_id, "aud": settings.assertion_audience, "iat": seconds,
        "exp": seconds + ASSERTION_LIFETIME, "jti": secrets.token_urlsafe(18),
    })  # fmt: skip
    fields = {
        "grant_type": "client_credentials", "scope": scope, "client_assertion": assertion,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }  # fmt: skip
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = connection.network.send("POST", settings.token_address, headers, urlencode(fields).encode())
    if answer.status >= 500:
        raise LtiError(LtiProblem.UNREACHABLE, f"{settings.token_address}: {answer.status}", answer.status)
    if answer.status >= 400:
        raise LtiError(LtiProblem.TOKEN_REFUSED, _said(answer.body), answer.status)
    found = read_object(answer.body)
    token, lifetime = found.get("access_token"), found.get("expires_in")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise LtiError(LtiProblem.TOKEN_REFUSED, "no access_token", answer.status)
    kept = lifetime if isinstance(lifetime, int) and not isinstance(lifetime, bool) and 0 < lifetime <= 86400 else 60
    return connection.at + timedelta(seconds=kept) - _SPARE, token


def _said(body: bytes) -> str:
    """What the platform says about a refusal, for administrators."""
    try:
        found = read_object(body)
    except LtiError:
        return ""
    words = " ".join(str(found[name]) for name in ("error", "error_description") if name in found)
    return "".join(one if one.isprintable() else " " for one in words)[:300]
