"""The token of a request: looked up, checked for the scope that its address needs, and counted."""

from __future__ import annotations

from flask import Flask, g, request

from course.api_tokens import actions, queries
from course.api_tokens.events import PersonalDataRead
from course.api_tokens.rules import SCIM_SCOPE, TokenView
from course.auth.rate_limits import PageRateLimiter
from course.auth.rules import network_prefix
from course.clock import now
from course.dates import civil_date
from course.translation import gettext as _
from course.web.app_state import app_state
from course.web.bearer import TokenRefusal, set_bearer_check
from course.web.unit_of_work import db, publish_after_response, write_if_free

_ASKED_LENGTH = 200  # characters that are stored of a filter
WINDOW_SECONDS = 60
REQUESTS_PER_WINDOW = 120
# An identity provider sends each person and each group in a request of its own, up to 25 a second.
SCIM_REQUESTS_PER_WINDOW = 1800
REFUSALS_PER_WINDOW = 60  # of one network, before its requests without a good token are told to wait
_throttle = PageRateLimiter("api", REQUESTS_PER_WINDOW, WINDOW_SECONDS)
_scim_throttle = PageRateLimiter("scim", SCIM_REQUESTS_PER_WINDOW, WINDOW_SECONDS)
_refusal_throttle = PageRateLimiter("refused tokens", REFUSALS_PER_WINDOW, WINDOW_SECONDS)


def init(app: Flask) -> None:
    """Have requests for programs checked here."""
    set_bearer_check(app, check_token)


def current_token() -> TokenView:
    """The token of this request, whose view needs a scope."""
    token: TokenView = g.api_token
    return token


def log_read(what: str, rows: int, asked: str = "") -> None:
    """Have it recorded that this request gives so many rows of personal data to its program. If it cannot be recorded, the
    answer is not sent."""
    token, at = current_token(), now()
    day = civil_date(at, app_state().config.time_zone)
    publish_after_response(
        PersonalDataRead(token.id, token.name, token.owner_id, what, asked[:_ASKED_LENGTH], rows, day, at)
    )


def check_token(secret: str, scope: str) -> TokenRefusal | None:
    """Why a request with this token may not be served where that scope is needed; None if it may. Its token is then
    `current_token`."""
    today = civil_date(now(), app_state().config.time_zone)
    token = queries.token_by_secret(db(), secret, today) if secret else None
    if token is None or token.state(today) != "active":
        return _unauthorised(secret, token.state(today) if token else None)
    if not (_scim_throttle if scope == SCIM_SCOPE else _throttle).is_allowed(str(token.id)):
        return _too_many()
    if scope not in token.scopes:
        text = _("This token may not read this. It needs the scope %(scope)s.", scope=scope)
        return TokenRefusal(403, _("Not allowed with this token"), text, _challenge("insufficient_scope", scope))
    g.api_token = token
    if token.last_used_on != today:
        # The request itself only reads; a later request records the day if the database is busy.
        write_if_free(lambda unit: actions.record_use(unit, token.id, today))
    return None


def _unauthorised(secret: str, state: str | None) -> TokenRefusal:
    if not _refusal_throttle.is_allowed(network_prefix(request.remote_addr)):
        return _too_many()
    words = {
        "revoked": _("This token was revoked. Ask an administrator for another one."),
        "expired": _("The last day of this token has passed. Ask an administrator for another one."),
        "stopped": _("The person who made this token is not an administrator any more. Ask an administrator for another one."),
        "closed": _("The team of this token is closed. Ask an administrator for another one."),
    }  # fmt: skip
    if not secret:
        text = _("Send a token in the header Authorization: Bearer.")
        return TokenRefusal(401, _("A token is needed"), text, _challenge())
    text = words[state] if state else _("This token is not known here. Check that all of it was copied.")
    return TokenRefusal(401, _("The token does not work"), text, _challenge("invalid_token"))


def _challenge(error: str = "", scope: str = "") -> dict[str, str]:
    """The header that says what is missing (RFC 6750, 3)."""
    parts = {"realm": "course", "error": error, "scope": scope}
    said = ", ".join(f'{name}="{value}"' for name, value in parts.items() if value)
    return {"WWW-Authenticate": f"Bearer {said}"}  # not translated: a header for programs


def _too_many() -> TokenRefusal:
    text = _("Wait %(seconds)s seconds, then try again.", seconds=WINDOW_SECONDS)
    return TokenRefusal(429, _("Too many requests"), text, {"Retry-After": str(WINDOW_SECONDS)})
