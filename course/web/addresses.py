"""Addresses of pages: `url_for` for templates and views, with built addresses cached, and addresses for the world outside.

Building an address takes some ten microseconds, and a page has dozens. An address depends on nothing but its endpoint, its
values and the path below which the application is mounted, so a cached one is right in every process.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import Flask, has_request_context

from course.web.app_state import app_state
from course.web.current import this_app, this_request

CACHED_ADDRESSES = 4096  # entries
_EXTENSION = "course.addresses"


def init(app: Flask) -> None:
    """Give templates `url_for`, which builds each address once, and `public_url_for`."""
    build = app.url_for

    @lru_cache(maxsize=CACHED_ADDRESSES, typed=True)
    def cached(_mounted_at: str, endpoint: str, **values: Any) -> str:
        return build(endpoint, **values)

    def address(endpoint: str, /, **values: Any) -> str:
        """The address of an endpoint, as Flask's `url_for` builds it."""
        # A relative endpoint depends on the page, and an address with a host depends on the request.
        if endpoint.startswith(".") or "_external" in values or not has_request_context():
            return build(endpoint, **values)
        return cached(this_request().script_root, endpoint, **values)

    app.extensions[_EXTENSION] = address
    app.jinja_env.globals.update(url_for=address, public_url_for=public_url_for)


def mounted_at() -> str:
    """The path below which the application is mounted, on which all its addresses depend; empty outside a request."""
    return this_request().script_root if has_request_context() else ""


def url_for(endpoint: str, /, **values: Any) -> str:
    """The address of an endpoint, as templates build it: cached. For lists with an address in each row."""
    return str(this_app().extensions[_EXTENSION](endpoint, **values))


def public_url_for(endpoint: str, /, **values: Any) -> str:
    """The URL of a page for somebody outside: on a certificate, in a calendar, in an evidence pack.

    It begins with the setting PUBLIC_URL, never with the host that a request claims, and needs no request.
    """
    return str(app_state().public_address(endpoint, **values))
