"""Redirects that views answer with, and the way back to a list."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from flask import redirect, request, url_for
from werkzeug.wrappers import Response


def redirect_after_post(address: str) -> Response:
    """The answer to a POST: status 303, so that the browser fetches `address` and a reload sends nothing again."""
    return redirect(address, 303)


def list_address(endpoint: str, anchor: str) -> str:
    """The address of the list from which this page was opened, at one of its rows: with the filters and the page that
    `back` in the query string says. Without it, the beginning of the list."""
    query = urlencode(parse_qsl(request.args.get("back", "")[:1000]))
    return f"{url_for(endpoint)}?{query}#{anchor}" if query else url_for(endpoint)
