"""Requests of programs: a bearer token instead of a session, no cookie, and errors that a program can read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Flask, Response, current_app, request

from course.web.current import this_app, this_request

# Addresses for programs begin like this. No cookie is read or set there, and errors are JSON.
API_PATH, SCIM_PATH = "/api/", "/scim/"
_CHECK_KEY = "course.bearer_check"
_SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"  # RFC 7644, 3.12


@dataclass(frozen=True)
class ScopeRule:
    """The access rule of an address for programs: the request carries a token with this scope."""

    scope: str


@dataclass(frozen=True)
class TokenRefusal:
    """Why a request for a program is refused: its status, a `title` and `detail` in words, and further headers."""

    status: int
    title: str
    detail: str
    headers: Mapping[str, str]


# Looks at the token of the Authorization header ("" without one) for a scope; None if the request may go on.
BearerCheck = Callable[[str, str], TokenRefusal | None]


def set_bearer_check(app: Flask, check: BearerCheck) -> None:
    """Have the tokens of this application checked by `check` (course/api_tokens, which stands above this package)."""
    app.extensions[_CHECK_KEY] = check


def is_program_request() -> bool:
    """Whether the address of this request is one for programs."""
    return request.path.startswith((API_PATH, SCIM_PATH))


def is_scope_endpoint() -> bool:
    """Whether the route of this request asks for a token. There is no form to be forged: a browser sends no token by
    itself."""
    view = this_app().view_functions.get(this_request().endpoint or "")
    return isinstance(getattr(view, "access_rule", None), ScopeRule)


def refuse_bearer(rule: ScopeRule) -> Response | None:
    """The answer to a request that may not be served; None if its token has the scope of the rule."""
    if request.method == "OPTIONS":
        return None  # it tells which methods there are, and nothing else
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    check: BearerCheck = current_app.extensions[_CHECK_KEY]
    refusal = check(token.strip() if kind.lower() == "bearer" else "", rule.scope)
    return None if refusal is None else refusal_response(refusal)


def refusal_response(refusal: TokenRefusal) -> Response:
    """A refusal as JSON, with its headers."""
    response = problem_response(refusal.status, refusal.title, refusal.detail)
    response.headers.update(refusal.headers)
    return response


def problem_response(status: int, title: str, detail: str, extra: Mapping[str, object] | None = None) -> Response:
    """An error as a program reads it: problem details (RFC 9457), or the error of SCIM (RFC 7644) under its addresses."""
    content: dict[str, object]
    if request.path.startswith(SCIM_PATH):
        media, content = (
            "application/scim+json",
            {"schemas": [_SCIM_ERROR], "status": str(status), "detail": str(detail)},
        )
    else:
        media = "application/problem+json"
        content = {"type": "about:blank", "title": str(title), "status": status, "detail": str(detail), **(extra or {})}
    response = Response(json.dumps(content), status, content_type=media)
    response.headers["Cache-Control"] = "no-store"
    return response
