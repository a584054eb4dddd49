"""Addresses of pages for somebody outside, from the names of endpoints: for mails, jobs and commands, without a request."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import Map


class PublicAddresses:
    """Builds absolute addresses, which begin with the setting PUBLIC_URL and never with a host that a request claims.

    `url_map` are the routes of the application; routes that are added later are known too.
    """

    def __init__(self, url_map: Map, public_url: str) -> None:
        self._routes, self._public_url = url_map.bind("localhost"), public_url

    def __call__(self, endpoint: str, /, **values: Any) -> str:
        """The address of an endpoint; values that are no part of its path become the query. Raises werkzeug's BuildError."""
        return self._public_url + self._routes.build(endpoint, values)
