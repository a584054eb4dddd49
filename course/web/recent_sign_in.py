"""Deeds for which a person proves again that it is them, unless they signed in or proved it within the last minutes.

A browser that somebody left open gives whoever finds it pages, but no roles, keys or exports. The moment of the last proof
stands in the signed cookie and not in the database, so that a copy of an older cookie does not profit from it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from flask import Response, current_app, session
from flask_login import current_user

from course.clock import now
from course.web.current import this_app, this_request
from course.web.session_cookie import CLOCK_DIFFERENCE_SECONDS

V = TypeVar("V", bound=Callable[..., Any])
RECENT = timedelta(minutes=15)
PROVED_KEY = "proved"  # in the cookie: when the person last proved who they are, in seconds since 1970
PROOF_PAGE = (
    "course.proof_page"  # where the feature auth puts the function that makes the page which asks for the proof
)


def needs_recent_sign_in(view: V) -> V:
    """Mark a view that asks again who the person is, if they signed in more than RECENT ago: when something is sent to it, or
    when it is opened if it only shows or downloads something. What was entered is kept and can be sent afterwards."""
    view.needs_recent_sign_in = True  # type: ignore[attr-defined]
    return view


def needs_recent_sign_in_if(condition: Callable[[], bool]) -> Callable[[V], V]:
    """Mark a view like `needs_recent_sign_in`, for the requests for which the condition holds."""

    def mark(view: V) -> V:
        view.needs_recent_sign_in = condition  # type: ignore[attr-defined]
        return view

    return mark


def sees_everyone() -> bool:
    """The condition for files: they hold data of all people, because the reader sees all."""
    return bool(current_user.person.sees_everyone)


def is_marked(endpoint: str) -> bool:
    """Whether the view of an endpoint is marked, for all requests or some."""
    return bool(getattr(this_app().view_functions[endpoint], "needs_recent_sign_in", False))


def note_proof(at: datetime) -> None:
    """The person of this browser has just proved who they are."""
    session[PROVED_KEY] = int(at.timestamp())


def is_proof_recent(at: datetime) -> bool:
    """Whether the person of this browser proved who they are within the time RECENT before `at`."""
    moment = session.get(PROVED_KEY)
    if not isinstance(moment, int):
        return False
    # Written down in whole seconds, by a host whose clock may be ahead of this one's.
    age = at - datetime.fromtimestamp(moment, UTC)
    return -timedelta(seconds=CLOCK_DIFFERENCE_SECONDS) <= age <= RECENT - timedelta(seconds=1)


def proof_response() -> Response | None:
    """The page that asks the signed-in person for a proof; None if this request needs none, or has a recent one."""
    request = this_request()
    endpoint, rule = request.endpoint, request.url_rule
    if endpoint is None or rule is None or not is_marked(endpoint):
        return None
    if request.method != "POST" and "POST" in (rule.methods or ()):
        return None
    if is_proof_recent(now()):
        return None
    condition = getattr(current_app.view_functions[endpoint], "needs_recent_sign_in", True)
    if callable(condition) and not condition():
        return None
    page: Callable[[], Response] = current_app.extensions[PROOF_PAGE]
    return page()
