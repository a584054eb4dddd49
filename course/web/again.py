"""A form that arrives after its session has ended: what was entered is kept on the page, to be sent again."""

from __future__ import annotations

from flask import Response, make_response, render_template, request
from flask_login import current_user

from course.web.arrival import is_ours

# What a form brings along by itself.
_OWN = frozenset({"csrf_token"})


def from_here() -> bool:
    """Whether the form came from a page of this course, as the browser itself says. Another site could
    otherwise have somebody send what it has written."""
    origin = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return is_ours(origin)


def once_more() -> Response | None:
    """The page that keeps what was entered; None if nothing was, or if it did not come from here.

    Passwords are not kept: they would stand in the page.
    """
    entered = [(name, value) for name, value in request.form.items(multi=True) if name not in _OWN]
    if not from_here() or not entered or any("password" in name for name, _ in entered):
        return None
    page = render_template(
        "errors/again.html", path=request.path, entered=entered, signed_in=current_user.is_authenticated
    )
    return make_response(page, 409)
