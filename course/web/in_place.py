"""Answering a form with the page that follows, for the script that shows it in place (static/js/in-place.js).

A POST is answered with a redirect, and the browser fetches the page: two requests, and on a phone the second costs as long
again. The script asks for both at once. It is told the address of the page, so that a reload fetches that page.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Flask, current_app, g, has_request_context, request, session
from flask.ctx import RequestContext
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from course.web.access import PUBLIC, SIGNED_IN, access_rule_of
from course.web.current import this_g
from course.web.request_log import bind_request_id
from course.web.security_headers import ADDRESS_HEADER

_LOG = logging.getLogger("course")
IN_PLACE_HEADER = "X-In-Place"  # in the request: the page is to come instead of a redirect to it
MAX_REDIRECTS = 3
# What the request knows, which the page asks for too: it need not be read a second time.
_KNOWN = (
    "_login_user",
    "person_id",
    "organisation_mark",
    "organisation",
    "reader_organisation",
    "library",
    "request_id",
    "started",
    # What the POST has read since it wrote (see learning/views/known_attempt).
    "known_attempt",
    "known_progress",
)


def page_in_place(address: str) -> Response | None:
    """The page at an address of the course, as the answer to this POST; None if the browser has to fetch it itself: it has
    not asked for it in place, the page has another access rule than that of the reader, or is no plain page.

    Only for a POST that changes nothing about the reader as a person: the page is made for the reader as the POST found
    them."""
    if not has_request_context() or request.method != "POST" or not request.headers.get(IN_PLACE_HEADER):
        return None
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    cookie = session._get_current_object()  # type: ignore[attr-defined]
    known = this_g()
    reader = {name: known.get(name) for name in _KNOWN if name in known}
    environ = request.environ
    try:
        for _ in range(MAX_REDIRECTS):
            if urlsplit(address).netloc:
                return None  # of another site
            response = _page(app, _environ_of(address, environ), reader, cookie)
            if response is None or response.status_code == 200:
                break
            if response.status_code not in (302, 303):
                return None
            address = response.location or ""
    except Exception as error:
        # The browser fetches the page in a request of its own, and is told what is wrong there.
        if not isinstance(error, HTTPException):
            _LOG.warning("a page was not made in place: %s", type(error).__name__)
        return None
    finally:
        bind_request_id()
    if response is None or response.status_code != 200:
        return None
    response.headers[ADDRESS_HEADER] = address.partition("#")[0]
    return response


def _page(app: Flask, environ: dict[str, Any], reader: Mapping[str, Any], cookie: Any) -> Response | None:
    """What the view of this address returns, in a request of its own; None if its reader has to ask for it."""
    with app.app_context():
        kept = this_g()
        for name, value in reader.items():
            setattr(kept, name, value)
        with RequestContext(app, environ, session=cookie):
            endpoint = request.endpoint
            if endpoint is None or access_rule_of(app, endpoint) not in (PUBLIC, SIGNED_IN):
                return None
            response = app.make_response(app.dispatch_request())
            # What is to be recorded once a page is shown is the business of a request of its own.
            return None if response.is_streamed or "events" in g else response


def _environ_of(address: str, environ: Mapping[str, Any]) -> dict[str, Any]:
    """The WSGI environment of a GET for an address of the course, by the way that another request came."""
    parts = urlsplit(address)
    path = unquote(parts.path.removeprefix(str(environ.get("SCRIPT_NAME", ""))), "utf-8", "replace")
    kept = {name: value for name, value in environ.items() if name not in ("CONTENT_TYPE", "werkzeug.request")}
    # As WSGI has it (PEP 3333): the bytes of a path as if they were Latin-1.
    latin = path.encode().decode("latin-1")
    return kept | {
        "REQUEST_METHOD": "GET", "PATH_INFO": latin, "QUERY_STRING": parts.query, "CONTENT_LENGTH": "0",
        "wsgi.input": BytesIO(),
    }  # fmt: skip
