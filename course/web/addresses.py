"""Addresses in templates: `url_for`, with the addresses cached that were built before.

Building one takes some ten microseconds, and a page has dozens. An address depends on nothing but its endpoint, its values
and the path below which the application is mounted, so a cached one is right in every process.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import Flask, has_request_context, request

CACHED_ADDRESSES = 4096  # entries


def init(app: Flask) -> None:
    """Give templates a `url_for` that builds each address once."""
    build = app.url_for

    @lru_cache(maxsize=CACHED_ADDRESSES, typed=True)
    def cached(_mounted_at: str, endpoint: str, **values: Any) -> str:
        return build(endpoint, **values)

    def address(endpoint: str, /, **values: Any) -> str:
        """The address of an endpoint, as Flask's `url_for` builds it."""
        # A relative endpoint depends on the page, and an address with a host depends on the request.
        if endpoint.startswith(".") or "_external" in values or not has_request_context():
            return build(endpoint, **values)
        return cached(request.script_root, endpoint, **values)

    app.jinja_env.globals["url_for"] = address
