"""Redirects that views answer with."""

from __future__ import annotations

from flask import redirect
from werkzeug.wrappers import Response


def redirect_after_post(address: str) -> Response:
    """The answer to a POST: status 303, so that the browser fetches `address` and a reload sends nothing again."""
    return redirect(address, 303)
